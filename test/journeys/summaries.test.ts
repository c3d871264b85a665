import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SummaryAlert } from '#model'
import type { Store } from '#store'
import { aFolder, aPolicy } from '../detection/world.ts'
import { freshStore } from '../support/database.ts'
import { accountId, region, startGroups, type Groups } from '../support/groups-server.ts'
import { startInnerLine, type InnerLine, type InnerLineOptions } from '../support/inner-line.ts'
import { until } from '../support/until.ts'

// Who is told of what no change caused, and what stays untold until it can be told.

const type = 'AWS.EC2.SecurityGroup'
const policy = (id: string, code = 'return false', slots = ''): string =>
  aPolicy(id, code, { slots: `graceSeconds: 0, ${slots}` }).replace('AWS.S3.Bucket', type)

let aws: Groups
let store: Store
beforeEach(async () => {
  aws = await startGroups()
  aws.count = 2
  store = await freshStore()
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
