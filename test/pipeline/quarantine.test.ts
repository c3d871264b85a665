import { afterAll, expect, test } from 'vitest'
import { createIntake, retryQuarantined, type Retried } from '#pipeline'
import type { Store } from '#store'
import { aBody, aFolder, aRule, account } from '../detection/world.ts'
import { freshStore } from '../support/database.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'

const stores: Store[] = []
afterAll(async () => {
  for (const store of stores) await store[Symbol.asyncDispose]()
})

async function aStore(): Promise<Store> {
  const store = await freshStore()
  stores.push(store)
  return store
}

/** Intake with these rules, over a store that outlives it: a process, and the one after a change of the rules or the accounts. */
async function withRules(
  store: Store,
  rules: Readonly<Record<string, string>>,
  work: (line: InnerLine) => Promise<void>,
  accounts: readonly string[] = [account],
): Promise<void> {
  await using folder = await aFolder(rules)
  await using line = await startInnerLine({
    endpoint: 'http://127.0.0.1:9',
    accounts: accounts.map((id) => ({ id, regions: ['us-east-1'] })),
    types: ['AWS.S3.Bucket'],
    folders: [folder.path],
    workers: [],
    store,
  })
  await work(line)
}

/** Hands bodies over as a queue would. */
async function take({ parts }: InnerLine, ...bodies: readonly string[]): Promise<void> {
  await createIntake({ ...parts, source: 'queue' })(
    bodies.map((body, index) => ({ id: String(index), body, receivedAt: new Date() })),
  )
}

async function retryAll({ parts, store }: InnerLine): Promise<readonly Retried[]> {
  const retried = []
  for (const row of await store.quarantine.list(100)) retried.push(await retryQuarantined(parts, row))
  return retried
}

const counts = async (store: Store): Promise<Readonly<Record<string, number>>> =>
  Object.fromEntries((await store.findings.list({}, 100)).map(({ detectionId, count }) => [detectionId, count]))

const other = aRule('Other', 'return true')

test('an event that a rule could not judge is made up for once the rule is mended, and nothing else of it is told twice', async () => {
  const store = await aStore()
  await withRules(store, { 'a.ts': aRule('Broken', 'throw new Error("x")'), 'b.ts': other }, async (line) => {
    await take(line, aBody())
    // A copy owes nothing more.
    await take(line, aBody())
    expect(await store.quarantine.list(10)).toMatchObject([
      { reason: 'detection-failed', count: 1, owed: { detectionId: 'Broken', record: 0 } },
    ])
    expect(await retryAll(line)).toMatchObject([
      { outcome: 'kept', why: expect.stringContaining('Broken could not judge') as string },
    ])
    expect(await store.quarantine.count({})).toBe(1)
  })
  await withRules(store, { 'b.ts': other }, async (line) => {
    expect(await retryAll(line)).toEqual([{ outcome: 'kept', why: 'detection Broken is not loaded' }])
  })
  await withRules(store, { 'a.ts': aRule('Broken', 'return true'), 'b.ts': other }, async (line) => {
    const [row] = await store.quarantine.list(10)
    if (row === undefined) throw new Error('nothing to retry')
    const both = await Promise.all([retryQuarantined(line.parts, row), retryQuarantined(line.parts, row)])
    expect(both.map(({ outcome }) => outcome).toSorted()).toEqual(['gone', 'taken'])
    await take(line, aBody())
  })
  expect(await counts(store)).toEqual({ Broken: 1, Other: 1 })
  expect(await store.quarantine.count({})).toBe(0)
})

test('records of an account that is registered now are taken, the others of the body not again, and what is still refused stays', async () => {
  const store = await aStore()
  const stranger = { recipientAccountId: '999999999999', eventID: 'stranger' }
  const body = JSON.stringify({ Records: [JSON.parse(aBody()), JSON.parse(aBody(stranger))] })
  const rules = { 'b.ts': other }
  await withRules(store, rules, async (line) => take(line, body, 'no json'))
  expect(await store.quarantine.tally()).toEqual([
    { reason: 'not-json', count: 1 },
    { reason: 'unknown-account', count: 1 },
  ])
  const all = [account, '999999999999']
  await withRules(
    store,
    rules,
    async (line) => {
      const outcomes = (await retryAll(line)).map(({ outcome }) => outcome)
      expect(outcomes.toSorted()).toEqual(['kept', 'taken'])
    },
    all,
  )
  expect(await store.quarantine.list(10)).toMatchObject([{ reason: 'not-json', count: 1 }])
  const findings = await store.findings.list({}, 10)
  expect(findings.map(({ accountId, count }) => ({ accountId, count }))).toEqual(
    expect.arrayContaining(all.map((accountId) => ({ accountId, count: 1 }))),
  )
})

test('a body of which only the beginning was kept is not tried again', async () => {
  const store = await aStore()
  await withRules(store, { 'b.ts': other }, async (line) => {
    await take(line, `{"a":"${'x'.repeat(400_000)}"}`)
    expect(await retryAll(line)).toEqual([{ outcome: 'kept', why: expect.stringContaining('256 KiB') as string }])
    expect(await store.quarantine.count({})).toBe(1)
  })
})

test('the operators hear once an hour of each source and reason', async () => {
  const store = await aStore()
  await withRules(store, {}, async (line) => {
    for (const source of ['queue', 'queue', 'other'])
      await createIntake({ ...line.parts, source })([
        { id: '1', body: 'no json', receivedAt: new Date() },
        { id: '2', body: '{"a":1}', receivedAt: new Date() },
      ])
    const titles = (await line.told()).map((content) => (content.kind === 'note' ? content.title : content.kind))
    expect(titles.toSorted()).toEqual([
      'A message from other is in quarantine (not-an-event)',
      'A message from other is in quarantine (not-json)',
      'A message from queue is in quarantine (not-an-event)',
      'A message from queue is in quarantine (not-json)',
    ])
    expect(line.facts.get('quarantined not-json')).toBe(3)
  })
})
