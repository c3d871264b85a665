import { setTimeout as wait } from 'node:timers/promises'
import type { PGlite } from '@electric-sql/pglite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SummaryAlert } from '#model'
import { openStore, type Store } from '#store'
import { aFolder, aPolicy } from '../detection/world.ts'
import { freshPGlite } from '../support/database.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { accountId, region, startGroups, type Groups } from '../support/groups-server.ts'
import { startInnerLine, type InnerLine, type InnerLineOptions } from '../support/inner-line.ts'
import { until } from '../support/until.ts'

// Who is told of what no change caused, and what stays untold until it can be told.

const type = 'AWS.EC2.SecurityGroup'
const policy = (id: string, code = 'return false', slots = ''): string =>
  aPolicy(id, code, { slots: `graceSeconds: 0, ${slots}` }).replace('AWS.S3.Bucket', type)

let aws: Groups
let pglite: PGlite
let store: Store
beforeEach(async () => {
  aws = await startGroups()
  aws.count = 2
  pglite = await freshPGlite()
  store = await openStore({ pglite })
})
afterEach(async () => {
  aws.stop()
  await store[Symbol.asyncDispose]()
})

type Workers = NonNullable<InnerLineOptions['workers']>
const all: Workers = ['refresh', 'judge', 'scan']
function start(folder: string, workers: Workers = all): Promise<InnerLine> {
  const accounts = [{ id: accountId, regions: [region] }]
  return startInnerLine({ endpoint: aws.endpoint, accounts, types: [type], folders: [folder], workers, store })
}
const found = (count: number) => async () =>
  (await store.findings.list({}, 10)).length === count && (await store.scans.running()) === 0
const summariesOf = async (line: InnerLine): Promise<readonly SummaryAlert[]> =>
  (await line.told()).flatMap((content) => (content.kind === 'summary' ? [content] : []))

test('what a newer version has found is left to it by an older one beside it', async () => {
  await using older = await aFolder({ 'a.ts': policy('Old', 'return true') })
  await using newer = await aFolder({ 'a.ts': policy('Old', 'return true'), 'b.ts': policy('New') })
  {
    await using _judge = await start(older.path, ['judge'])
    await using line = await start(newer.path, ['refresh', 'scan'])
    await until('the findings', found(2))
    await wait(1_500)
    expect(await line.told()).toEqual([])
  }
  await using line = await start(newer.path)
  const told = await until('the summary', async () => {
    const summaries = await summariesOf(line)
    return summaries.length > 0 ? summaries : null
  })
  expect(told).toMatchObject([{ total: 2 }])
}, 60_000)

test('nobody is told of a policy that makes no alerts', async () => {
  await using folder = await aFolder({ 'a.ts': policy('Quiet', undefined, 'createAlert: false,'), 'b.ts': policy('Loud') })
  await using line = await start(folder.path)
  await until('the findings', found(4))
  const told = await until('the summary', async () => {
    const summaries = await summariesOf(line)
    return summaries.length > 0 ? summaries : null
  })
  expect(told).toMatchObject([{ total: 2, byDetection: [{ displayName: 'Loud', count: 2 }] }])
  await wait(1_200)
  expect(await line.told()).toEqual([])
}, 60_000)

test('a start without any policy retires nothing, and the operators are told', async () => {
  await using folder = await aFolder({ 'a.ts': policy('Bad') })
  await using empty = await aFolder({ 'x.txt': 'nothing' })
  {
    await using line = await start(folder.path)
    await until('the findings', found(2))
    await until('the summary', async () => (await line.told()).length > 0)
  }
  {
    await using line = await start(empty.path, ['judge'])
    const told = await until('the note', async () => {
      const contents = await line.told()
      return contents.length > 0 ? contents : null
    })
    expect(told).toMatchObject([{ kind: 'note', title: 'No policy is loaded, and 2 findings of policies are open' }])
  }
  await using other = await aFolder({ 'b.ts': policy('Other', 'return true') })
  expect(await store.findings.count({ statuses: ['open'] })).toBe(2)
  await using _line = await start(other.path, ['judge'])
  await until('the end', async () => (await store.findings.count({ statuses: ['retired'] })) === 2)
}, 60_000)

test('a listing that AWS throttles keeps no other account from its summary, is told of, and ends as unread', async () => {
  await using folder = await aFolder({ 'a.ts': policy('Bad') })
  const proxy = await startFaultProxy(aws.endpoint)
  const [slow, slowRegion] = ['222222222222', 'eu-west-1']
  proxy.inject({ operation: 'AssumeRole', accountId: slow }, { kind: 'throttled' })
  const accounts = [
    { id: accountId, regions: [region] },
    { id: slow, regions: [slowRegion] },
  ]
  const line = await startInnerLine({
    endpoint: proxy.endpoint,
    accounts,
    types: [type],
    folders: [folder.path],
    workers: all,
    store,
  })
  const told = await until('the summary', async () => {
    const contents = await line.told()
    return contents.length > 0 ? contents : null
  })
  expect(told).toMatchObject([{ kind: 'summary', total: 2 }])
  expect(await store.scans.busyAccounts()).toEqual([slow])
  const tried = (attempts: number) =>
    pglite.exec(`update scan_parts set attempts = ${attempts}, due_at = tripline_now() where status = 'open'`)
  await tried(12)
  const note = () => until('the note', async () => (await line.told())[0] ?? null, 30_000)
  expect(await note()).toMatchObject({
    kind: 'note',
    title: `Account ${slow} ${slowRegion}: listing ${type} is throttled for minutes`,
  })
  await tried(160)
  expect(await note()).toMatchObject({ kind: 'note', title: `Account ${slow} ${slowRegion}: ${type} cannot be listed (throttled)` })
  await until('the end of the scan', async () => (await store.scans.busyAccounts()).length === 0)
  await line[Symbol.asyncDispose]()
  await proxy.stop()
}, 90_000)
