import type { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { beginScan } from '#pipeline'
import { openStore, type ScanProgress } from '#store'
import { freshPGlite } from '../support/database.ts'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { accountId, arnOf, region, startGroups, type Groups } from '../support/groups-server.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { until } from '../support/until.ts'

// A scan of 240 security groups in pages of 20, on PGlite, over a wire that can fail.

const type = 'AWS.EC2.SecurityGroup'
const account = { id: accountId, regions: [region] }
const count = 240
const pageSize = 20
let aws: Groups
let proxy: FaultProxy
let pglite: PGlite
let line: InnerLine

beforeAll(async () => {
  aws = await startGroups(pageSize)
  aws.count = count
  for (const index of [3, 100, 200]) aws.open(index)
  proxy = await startFaultProxy(aws.endpoint)
  pglite = await freshPGlite()
  const store = await openStore({ pglite })
  line = await startInnerLine({
    endpoint: proxy.endpoint,
    accounts: [account],
    types: [type],
    folders: ['policies/aws/ec2'],
    workers: ['refresh', 'judge', 'scan'],
    store,
  })
  await until('the first scan', async () => (await line.store.scans.running()) === 0, 120_000)
}, 180_000)
afterAll(async () => {
  await line[Symbol.asyncDispose]()
  await proxy.stop()
  aws.stop()
})

async function scan(key: string): Promise<() => Promise<ScanProgress | null>> {
  const id = await beginScan(line.parts, account, { kind: 'request', key })
  if (id === null) throw new Error('no scan began')
  line.parts.bells.scan.ring()
  return async () => (await line.store.scans.progress([id]))[0] ?? null
}
const ended = async (progress: () => Promise<ScanProgress | null>): Promise<ScanProgress> =>
  until(
    'the end of the scan',
    async () => {
      const now = await progress()
      return now?.status === 'done' ? now : null
    },
    120_000,
  )
const listings = (): readonly string[] =>
  proxy.seen.filter(({ body }) => body.includes('DescribeSecurityGroups') && !body.includes('GroupId')).map(({ body }) => body)
const openFindings = async (index: number) =>
  (await line.findingsOf({ accountId, region, type, id: arnOf(index) })).filter(({ status }) => status === 'open')

test('a first scan knows every resource and opens what fails', async () => {
  expect(await line.store.states.find(arnOf(239), 1)).toHaveLength(1)
  for (const index of [3, 100, 200]) expect(await openFindings(index)).toHaveLength(1)
  expect(await openFindings(4)).toHaveLength(0)
})

test(
  'a scan that is killed at any page goes on there: at most one page is read again each time',
  { timeout: 120_000 },
  async () => {
    proxy.clear()
    proxy.inject({ operation: 'DescribeSecurityGroups' }, { kind: 'delay', ms: 5 })
    const progress = await scan('killed')
    let kills = 0
    for (const pages of [2, 5, 9]) {
      await until(`page ${pages}`, () => listings().length >= pages, 30_000)
      await line.restart()
      kills += 1
    }
    const { listed, unread } = await ended(progress)
    expect(unread).toEqual([])
    expect(listed).toBe(count)
    // 12 pages, and the one that was under way at each kill.
    expect(listings().length).toBeLessThanOrEqual(count / pageSize + kills)
  },
)

test('nothing of a listing that breaks off for good is resolved or taken for gone', { timeout: 120_000 }, async () => {
  proxy.clear()
  // Gone and repaired, and the scan is refused on its third page: it has seen 40 groups only.
  for (const index of [100, 150]) aws.remove(index)
  proxy.inject({ operation: 'DescribeSecurityGroups', page: 3 }, { kind: 'denied', by: 'scp' })
  const { unread, listed } = await ended(await scan('denied'))
  expect(unread).toMatchObject([{ region, type, cause: 'scp-denied' }])
  expect(listed).toBe(40)
  expect(await openFindings(100)).toHaveLength(1)
  expect(await line.store.states.get({ accountId, region, type, id: arnOf(150) })).toMatchObject({ gone: false })
})

test('what a whole listing does not name is looked at, and is gone when it is not found', { timeout: 60_000 }, async () => {
  proxy.clear()
  const progress = await scan('whole')
  // Gone is what three looks over a minute agree on: the database's clock takes a step before the second look and one before the third.
  const looked = async (times: number): Promise<boolean> =>
    (await pglite.query(`select from marks where id = '${arnOf(150)}' and looks = ${times} and token is null`)).rows.length > 0
  for (const [ahead, times] of [
    [16, 1],
    [62, 2],
  ] as const) {
    await until(`look ${times}`, () => looked(times))
    await pglite.exec(`create or replace function tripline_now() returns timestamptz language sql volatile
      as $$ select clock_timestamp() + interval '${ahead} seconds' $$`)
  }
  await ended(progress)
  expect(await line.store.states.get({ accountId, region, type, id: arnOf(150) })).toMatchObject({ gone: true })
  expect(await openFindings(100)).toHaveLength(0)
  expect(await openFindings(3)).toHaveLength(1)
})
