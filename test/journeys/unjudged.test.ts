import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore, type Store } from '#store'
import { aFolder, aPolicy } from '../detection/world.ts'
import { freshPGlite } from '../support/database.ts'
import { accountId, arnOf, idOf, region, startGroups, type Groups } from '../support/groups-server.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

// A policy that cannot judge for a while, and one whose answer gets worse: what a change did meanwhile is told as that change.

const type = 'AWS.EC2.SecurityGroup'
const ref = { accountId, region, type, id: arnOf(0) }
const isOpen = `JSON.stringify(resource.IpPermissions).includes('0.0.0.0/0')`

let aws: Groups
let store: Store
let hasten: () => Promise<unknown>
beforeEach(async () => {
  aws = await startGroups()
  aws.count = 1
  const pglite = await freshPGlite()
  store = await openStore({ pglite })
  hasten = () => pglite.exec('update resources set evaluate_at = tripline_now()')
})
afterEach(async () => {
  aws.stop()
  await store[Symbol.asyncDispose]()
})

async function start(folder: string): Promise<InnerLine> {
  const accounts = [{ id: accountId, regions: [region] }]
  const workers = ['refresh', 'judge', 'scan'] as const
  const line = await startInnerLine({ endpoint: aws.endpoint, accounts, types: [type], folders: [folder], workers, store })
  await until('the first scan', async () => (await store.scans.running()) === 0 && (await store.states.get(ref)) !== null)
  return line
}
const policy = (code: string, slots = ''): string =>
  aPolicy('World', code, { slots: `graceSeconds: 0, ${slots}` }).replace('AWS.S3.Bucket', type)
const call = (line: InnerLine, name: string): Promise<void> =>
  line.send(aRecord({ account: accountId, source: 'ec2.amazonaws.com', name, request: { groupId: idOf(0) } }))
const opened = () => until('the finding', async () => (await store.findings.openOf(ref))[0] ?? null)
const outcome = async () => (await store.states.get(ref))?.verdict?.outcomes[0]?.outcome

test('what a change did while its policy could not judge is told at once when it can, with who did it', async () => {
  const end = Date.now() + 9_000
  await using folder = await aFolder({
    'a.ts': policy(`if (Date.now() < ${end} && ${isOpen}) throw new Error('not now'); return !${isOpen}`),
  })
  await using line = await start(folder.path)
  aws.open(0)
  await call(line, 'AuthorizeSecurityGroupIngress')
  await until('the unknown', async () => (await outcome()) === 'unknown')
  await line.told()
  // Asked again in vain, it still knows from where on nothing was judged.
  const { judgedAt } = (await store.states.get(ref)) ?? {}
  await hasten()
  await until('the second unknown', async () => (await store.states.get(ref))?.judgedAt?.getTime() !== judgedAt?.getTime())
  expect(await outcome()).toBe('unknown')
  await until('the end of the trouble', () => Date.now() > end, 20_000)
  await hasten()
  expect(await opened()).toMatchObject({
    origin: 'change',
    causes: [{ name: 'AuthorizeSecurityGroupIngress', actor: { name: 'mallory' } }],
  })
  const told = await until('the alert', async () => (await line.told()).find(({ kind }) => kind === 'finding') ?? null)
  expect(told).toMatchObject({ origin: 'change', cause: { actor: { name: 'mallory' } } })
}, 60_000)

test('what failed by itself while its policy could not judge is told as time, and no change before is blamed', async () => {
  const [from, end] = [Date.now() + 5_000, Date.now() + 8_000]
  await using folder = await aFolder({
    'a.ts': policy(`if (Date.now() > ${from} && Date.now() < ${end}) throw new Error('not now'); return Date.now() < ${end}`),
  })
  await using line = await start(folder.path)
  aws.open(0)
  await call(line, 'AuthorizeSecurityGroupIngress')
  await until('the change', async () => (await store.versions.list(ref, 9)).length === 2)
  await until('the trouble', () => Date.now() > from)
  await hasten()
  await until('the unknown', async () => (await outcome()) === 'unknown')
  await until('the end of the trouble', () => Date.now() > end)
  await hasten()
  expect(await opened()).toMatchObject({ origin: 'time', causes: [] })
}, 60_000)

test('what gets worse under one key is told anew, and what gets better is reworded where it was told', async () => {
  const slots = `title: (resource) => ${isOpen} ? 'open to the world' : 'open a little', severityOf: (resource) => ${isOpen} ? 'CRITICAL' : 'LOW',`
  await using folder = await aFolder({ 'a.ts': policy('return false', slots) })
  await using line = await start(folder.path)
  const first = await opened()
  expect(first).toMatchObject({ severity: 'LOW', title: 'open a little', origin: 'baseline' })
  await until('the summary', async () => (await line.told()).length > 0)
  aws.open(0)
  await call(line, 'AuthorizeSecurityGroupIngress')
  const told = await until('the alert', async () => (await line.told()).find(({ kind }) => kind === 'finding') ?? null)
  expect(told).toMatchObject({
    severity: 'CRITICAL',
    title: 'open to the world',
    cause: { actor: { name: 'mallory' } },
    ended: null,
  })
  const [worse, before] = await line.findingsOf(ref)
  expect(worse).toMatchObject({ status: 'open', severity: 'CRITICAL', epoch: 2, origin: 'change' })
  expect(before).toMatchObject({ id: first.id, status: 'resolved', severity: 'LOW' })
  aws.close()
  await call(line, 'RevokeSecurityGroupIngress')
  const again = await until('the words', async () => (await line.told()).find(({ kind }) => kind === 'finding') ?? null)
  expect(again).toMatchObject({ severity: 'LOW', title: 'open a little', ended: null })
  expect(await line.findingsOf(ref)).toMatchObject([{ id: worse?.id, status: 'open', severity: 'LOW' }, { id: first.id }])
}, 60_000)
