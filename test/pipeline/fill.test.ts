import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSessions } from '#aws'
import { createEventPages, type EventPages } from '#enrichment'
import type { Gap } from '#store'
import { fillGaps } from '../../services/pipeline/fill.ts'
import { emptyAccount, type Account } from '../../services/processes/demo/account.ts'
import { startAwsServer, type AwsServer } from '../../services/processes/demo/aws-server.ts'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

const region = 'eu-west-1'
const count = 170
const ago = (minutes: number): Date => new Date(Math.floor(Date.now() / 1_000) * 1_000 - minutes * 60_000)
let account: Account
let aws: AwsServer
let proxy: FaultProxy
let line: InnerLine
let pages: EventPages

beforeAll(async () => {
  const history = Array.from({ length: count }, (_, index) => {
    const time = ago(100 - index / 2)
    const call = {
      account: '111111111111',
      region,
      source: 's3.amazonaws.com',
      name: 'DeleteBucket',
      time,
      request: { bucketName: `b${index}` },
    }
    return { region, time, record: JSON.stringify(aRecord(call)) }
  })
  account = { ...emptyAccount('111111111111', 'shop'), auditRole: { name: 'audit', externalId: 'x-1' }, history }
  aws = await startAwsServer({ accounts: [account] })
  proxy = await startFaultProxy(aws.endpoint)
  // AWS is asked for its event history alone: what is noted waits to be fetched.
  const accounts = [{ id: account.id, regions: [region] }]
  line = await startInnerLine({
    endpoint: 'http://127.0.0.1:9',
    accounts,
    types: ['AWS.S3.Bucket'],
    folders: ['rules'],
    workers: [],
  })
  const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing', sessionToken: 'testing' }
  pages = createEventPages({
    sessions: createSessions({ roleName: 'audit', externalId: 'x-1', endpoint: proxy.endpoint, credentials }),
  })
})
afterAll(async () => {
  await line[Symbol.asyncDispose]()
  await proxy.stop()
  await aws.stop()
})

async function aGap(from: Date, over: Date | null): Promise<Gap> {
  const gap = await line.store.gaps.open({ accountId: account.id, region, cause: 'silent', detail: '', from, until: over })
  if (gap === null) throw new Error('no gap')
  return gap
}
async function now({ id }: Gap): Promise<Gap> {
  const found = (await line.store.gaps.list(20)).find((gap) => gap.id === id)
  if (found === undefined) throw new Error('no such gap')
  return found
}
/** Runs as many processes until the check holds. */
async function filling(processes: number, check: () => Promise<boolean> | boolean): Promise<void> {
  const stop = new AbortController()
  const running = Array.from({ length: processes }, () => fillGaps({ ...line.parts, pages }, { settleMs: 0 }, stop.signal))
  await until('the history to be read', check).finally(() => stop.abort())
  await Promise.all(running)
}
const asked = (): number => proxy.seen.filter(({ operation }) => operation === 'LookupEvents').length

test(
  'a killed reader is followed by one that goes on at its page, and what came before is known',
  { timeout: 60_000 },
  async () => {
    const gap = await aGap(ago(101), ago(10))
    await filling(1, () => asked() >= 2)
    const { read, fill } = await now(gap)
    expect(fill).toBe('filling')
    expect(read).toBeGreaterThan(0)
    expect(read).toBeLessThan(count)
    await filling(2, async () => (await now(gap)).fill === 'done')
    expect(await now(gap)).toMatchObject({ read: count, touched: count, known: 0, problem: null })
    // Slices of an hour: 120 events are three pages, 50 are one. One more where the reader was stopped.
    expect(asked()).toBeLessThanOrEqual(5)

    const again = await line.store.gaps.open({ ...gap, cause: 'forwarding-stopped', from: ago(101), until: ago(60) })
    if (again === null) throw new Error('no gap')
    await filling(1, async () => (await now(again)).fill === 'done')
    const { read: known } = await now(again)
    expect(await now(again)).toMatchObject({ read: known, known, touched: 0 })
  },
)

test('a place that has grown too old is begun anew, and throttling is waited for', { timeout: 60_000 }, async () => {
  proxy.clear()
  proxy.inject({ operation: 'LookupEvents' }, { kind: 'error', code: 'InvalidNextTokenException', status: 400 }, 1)
  proxy.inject({ operation: 'LookupEvents' }, { kind: 'throttled' }, 1)
  const gap = await line.store.gaps.open({
    accountId: account.id,
    region,
    cause: 'logging-stopped',
    detail: '',
    from: ago(101),
    until: ago(70),
  })
  if (gap === null) throw new Error('no gap')
  const [lent] = await line.store.gaps.lease(1, 0)
  if (lent === undefined) throw new Error('none lent')
  const place = { filledUntil: gap.from, sliceUntil: ago(70), nextToken: 'old', read: 0, known: 0, touched: 0, matched: 0 }
  expect(await line.store.gaps.filled(lent, place, 0)).not.toBeNull()
  await filling(1, async () => (await now(gap)).fill !== 'filling')
  expect(await now(gap)).toMatchObject({ fill: 'done', problem: null })
  expect((await now(gap)).read).toBeGreaterThan(50)
})

test('what may not be read is given up with its reason', { timeout: 60_000 }, async () => {
  proxy.clear()
  proxy.inject({ operation: 'LookupEvents' }, { kind: 'denied' })
  const gap = await aGap(ago(300), ago(250))
  await filling(1, async () => (await now(gap)).fill !== 'filling')
  expect(await now(gap)).toMatchObject({ fill: 'failed', read: 0 })
  expect((await now(gap)).problem).toContain('access-denied')
})
