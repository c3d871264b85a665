import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createEvaluator, createLiveEvaluator, type Evaluator } from '#detection'
import type { Expectation, JsonObject } from '#model'
import { runJudge } from '#pipeline'
import { settlePresent } from '../../services/pipeline/look.ts'
import { aBucket, account, aFolder, aPolicy, trust, type Folder } from '../detection/world.ts'
import { aCause } from '../support/alerts.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { until } from '../support/until.ts'

// For some seconds after an upload or a rollback processes run different bundles side by side. Each process here is an evaluator with
// what it knows of the activation, and steps are taken one by one, so that nothing depends on who is faster.

const { number: _, fetchedAt: __, ...bucket } = aBucket()
const act = { by: 'ada', origin: null, message: null, forced: false }
const open: JsonObject = { ResourceId: bucket.id, Public: true }
let [line, folders]: [InnerLine, Folder[]] = [null!, []]
let [older, newer]: [Evaluator, Evaluator] = [null!, null!]

beforeAll(async () => {
  const isPublic = 'return resource.Public !== true'
  const quiet = { slots: 'createAlert: false,' }
  folders = [
    await aFolder({
      'gone.ts': aPolicy('Gone', isPublic),
      'both.ts': aPolicy('Both', isPublic, quiet),
      'staged.ts': aPolicy('Staged', isPublic, { slots: "status: 'staged'," }),
    }),
    await aFolder({ 'both.ts': aPolicy('Both', isPublic), 'new.ts': aPolicy('New', "return resource.Tag !== 'x'") }),
  ]
  line = await startInnerLine({
    endpoint: 'http://127.0.0.1:9',
    accounts: [{ id: account, regions: [bucket.region] }],
    types: [bucket.type],
    folders: [folders[0]?.path ?? ''],
    workers: [],
  })
  older = line.parts.evaluator
  newer = await createEvaluator({ folders: [folders[1]?.path ?? ''], trust })
  for (const text of ['one', 'two']) {
    const digest = createHash('sha256').update(text).digest('hex')
    const added = await line.store.bundles.add({ digest, files: [{ path: 'a.ts', text, digest }], detections: [] }, act)
    await line.store.bundles.goBack(0, act)
    expect(added.activated).toBe(true)
  }
})
afterAll(async () => {
  await newer[Symbol.asyncDispose]()
  await line[Symbol.asyncDispose]()
  for (const each of folders) await each[Symbol.asyncDispose]()
})
/** A resource of its own for each test. */
let [count, id] = [0, '']
const ref = () => ({ accountId: account, region: bucket.region, type: bucket.type, id })
afterEach(async () => {
  const { store } = line
  await store.states.gone(ref(), await store.states.nextNumber())
  await until('no mark', async () => {
    for (const mark of await store.marks.lease(9, 10_000)) await store.marks.settle(mark)
    return (await waiting()) === 0
  })
  await store.findings.retire([], 100)
  await line.told()
})

async function activate(bundle: 1 | 2): Promise<number> {
  id = `arn:aws:s3:::exports-${(count += 1)}`
  return again(bundle)
}
async function again(bundle: 1 | 2): Promise<number> {
  return (await line.store.bundles.goBack(bundle, act))?.activation ?? 0
}
/** A process that runs these detections since an activation. */
function running(evaluator: Evaluator, activation: number, overdue = false): Evaluator {
  return { ...evaluator, bundle: { number: 1, activation, overdue } }
}
/** What an event's look does, once it has fetched. */
async function look(evaluator: Evaluator, attributes: JsonObject): Promise<void> {
  const expectation: Expectation = { cause: aCause(), kind: 'update', witnesses: [{ kind: 'nothing' }] }
  await line.store.marks.wish([{ ref: ref(), class: 'event', expectation, scanId: null, delayMs: 0 }])
  const mark = await until('the mark', async () => (await line.store.marks.lease(1, 10_000))[0] ?? null)
  await settlePresent({ ...line.parts, evaluator }, mark, await line.store.states.nextNumber(), { ...attributes, ResourceId: id })
}
const waiting = async (): Promise<number> => (await line.store.marks.waiting()).reduce((sum, each) => sum + each.count, 0)
async function judging(evaluator: Evaluator, isDone: () => Promise<unknown>): Promise<void> {
  const stop = new AbortController()
  const running_ = runJudge({ ...line.parts, evaluators: createLiveEvaluator(evaluator) }, { pollMs: 20 }, stop.signal)
  await until('the judge', isDone)
  stop.abort()
  await running_
}
const state = () => line.store.states.get(ref())
async function findings(): Promise<readonly string[]> {
  const all = await line.findingsOf(ref())
  return all.map(({ detectionId, status, origin }) => `${detectionId} ${status} ${origin}`).toSorted()
}
async function told(): Promise<readonly string[]> {
  return (await line.told()).map((content) => {
    if (content.kind === 'finding') return `${content.detection.id}${content.ended === null ? '' : ` ${content.ended.how}`}`
    return content.kind
  })
}
/** Retires as the judge of a process with the newer detections does, and judges nothing yet. */
const retire = () => line.store.findings.retire(['Both', 'New'], 100)

test('what a newer bundle retired is not found again by a process that still runs the older one: its look is left to others', async () => {
  const first = await activate(1)
  await look(running(older, first), open)
  expect(await findings()).toEqual(['Both open change', 'Gone open change', 'Staged open change'])
  expect(await told()).toEqual(['Gone'])
  await again(2)
  await retire()
  await look(running(older, first), open)
  expect(await findings()).toEqual(['Both open change', 'Gone retired change', 'Staged retired change'])
  expect(await told()).toEqual([])
  expect(await waiting()).toBe(1)
})

test('what was retired is found again after a rollback, however quick, and told as what a new detection finds', async () => {
  const first = await activate(1)
  await look(running(older, first), open)
  await told()
  await again(2)
  await retire()
  const third = await again(1)
  await judging(running(older, third), async () => (await findings()).includes('Gone open detection'))
  expect(await findings()).toEqual([
    'Both open change',
    'Gone open detection',
    'Gone retired change',
    'Staged open detection',
    'Staged retired change',
  ])
  await judging(running(older, third), async () => (await line.store.findings.untold(among, null, 10)).length === 0)
  expect(await told()).toEqual(['summary'])
  expect((await state())?.judgedBy).toBe(third)
})
const among = { detectionIds: ['Gone', 'Both', 'New'], busyAccounts: [] }

test('a bundle that comes to count between the judging and the writing has the last word, in looks and in the judge', async () => {
  const first = await activate(1)
  await look(running(older, first), { Public: false })
  const overtaken: Evaluator = {
    ...running(older, first),
    async judgeResources(...given) {
      const judged = await older.judgeResources(...given)
      await again(2)
      return judged
    },
  }
  await look(overtaken, open)
  expect([await findings(), await waiting()]).toEqual([[], 1])
  expect((await state())?.attributes['Public']).toBe(false)

  const third = await again(1)
  const [shape, number] = [line.parts.inventory.shape(bucket.type), (await state())?.number ?? 0]
  await line.store.states.put(
    { ...bucket, id, shape, number, attributes: { ...open, ResourceId: id }, fetchedAt: new Date() },
    { verdict: { number: 1, outcomes: [] }, evaluatedWith: 'others', evaluateAt: new Date(), lookedUp: [], judgedBy: first },
    { confirmed: true, bornAt: null, eventId: id, changed: false },
  )
  let asked = 0
  const late: Evaluator = {
    ...overtaken,
    bundle: { number: 1, activation: third, overdue: false },
    judgeResources: (...given) => ((asked += 1), overtaken.judgeResources(...given)),
  }
  await judging(late, async () => asked > 0)
  expect([asked, await findings(), (await state())?.evaluatedWith]).toEqual([1, [], 'others'])
  // Given back: those who know the bundle need not wait for a lease to run out.
  const fourth = (await line.store.bundles.active()).activation
  const due = { fingerprints: new Map<string, string>(), otherwise: 'any', judgedBy: fourth }
  expect(await line.store.states.due(10, 0, due)).toMatchObject([{ id }])
})

test('a process that runs an older bundle tells nothing in its summaries of what a newer one found', async () => {
  const first = await activate(1)
  await look(running(older, first), { Public: false })
  const second = await again(2)
  await judging(running(newer, second), async () => (await state())?.judgedBy === second)
  await line.store.findings.open({
    detectionId: 'Both',
    resource: { ...bucket, id },
    key: 'by the newer',
    origin: 'detection',
    severity: 'LOW',
    title: 'Public',
    context: {},
    causes: [],
    differences: [],
    judgedBy: second,
  })
  const untold = async () => (await line.store.findings.untold(among, null, 10)).length
  // It would take it for told, since there it makes no alerts: neither where it follows, nor where it cannot load the newer one.
  let rounds = 0
  const counted = (evaluator: Evaluator): Evaluator => ({
    ...evaluator,
    fingerprint: (type) => ((rounds += 1), evaluator.fingerprint(type)),
  })
  await judging(counted(running(older, first, true)), async () => rounds > 3)
  const stop = new AbortController()
  const lagging = runJudge({ ...line.parts, evaluators: createLiveEvaluator(running(older, first)) }, { pollMs: 5 }, stop.signal)
  setTimeout(() => stop.abort(), 40)
  await lagging
  expect([await untold(), await told()]).toEqual([1, []])
  await judging(running(newer, second), async () => (await untold()) === 0)
  expect(await told()).toEqual(['summary'])
})

test('a process that cannot load the newer bundle judges all the same', async () => {
  const first = await activate(1)
  await look(running(older, first), { Public: false })
  await again(2)
  await look(running(older, first, true), open)
  expect(await findings()).toEqual(['Both open change', 'Gone open change', 'Staged open change'])
  expect(await told()).toEqual(['Gone'])
})

test('what a staged detection found while it was live for a moment is told when it is live again, and not before', async () => {
  const first = await activate(1)
  await look(running(older, first), { Public: false })
  const resource = { ...bucket, id }
  const [severity, title, context, causes, differences] = ['LOW', 'Public', {}, [], []] as const
  const of = { resource, key: '', severity, title, context, causes, differences, judgedBy: first }
  await line.store.findings.open({ ...of, detectionId: 'Staged', origin: 'detection' })
  let rounds = 0
  const counted = { ...running(older, first), fingerprint: (type: string) => ((rounds += 1), older.fingerprint(type)) }
  await judging(counted, async () => rounds > 3)
  expect(await line.store.findings.untold({ detectionIds: ['Staged'], busyAccounts: [] }, null, 10)).toHaveLength(1)
  expect(await told()).toEqual([])
})

test('what a new detection finds on a resource that changes before it was judged is told at once only where the change made it so', async () => {
  const first = await activate(1)
  await look(running(older, first), { Public: false, Tag: 'x' })
  const second = await again(2)
  // `New` objected to it before the change as well; `Both` does since.
  await look(running(newer, second), { Public: true, Tag: 'x' })
  expect(await findings()).toEqual(['Both open change', 'New open detection'])
  expect(await told()).toEqual(['Both'])
})
