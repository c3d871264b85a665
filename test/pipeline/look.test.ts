import { expect, test } from 'vitest'
import type { Expectation } from '#model'
import { settleGone, settlePresent } from '../../services/pipeline/look.ts'
import { aBucket, aJudgement, aLook, aState } from '../contracts/store-builders.ts'
import { aCause } from '../support/alerts.ts'
import { freshStore } from '../support/database.ts'
import { until } from '../support/until.ts'

const expectation: Expectation = { cause: aCause(), kind: 'update', witnesses: [{ kind: 'change' }] }

/** A look that was slow: while it was under way a newer one wrote the state, under another mark. */
test.each(['present', 'gone'] as const)(
  'a %s look that a newer one overtook is made again while its events wait for it',
  async (found) => {
    await using store = await freshStore()
    await store.marks.wish([{ ref: aBucket, class: 'event', expectation, scanId: null, delayMs: 0 }])
    const [mark] = await store.marks.lease(1, 10_000)
    if (mark === undefined) throw new Error('no mark')
    await store.states.put(aState(10), aJudgement(10), aLook())
    const inventory = { shape: () => 1, volatile: () => [], eventId: () => aBucket.id }
    const parts = { store, inventory, observe: { fetched: () => undefined } } as unknown as Parameters<typeof settlePresent>[0]
    const gone = { ...mark, expectations: [{ ...expectation, witnesses: [{ kind: 'gone' as const }] }] }
    expect(await (found === 'gone' ? settleGone(parts, gone, 5) : settlePresent(parts, mark, 5, { ResourceId: aBucket.id }))).toBe(
      false,
    )
    expect(await store.states.get(aBucket)).toMatchObject({ number: 10, gone: false })
    const waiting = await store.marks.waiting()
    expect(waiting.find((each) => each.class === 'event')?.count).toBe(1)
  },
)

/** For some seconds after an upload processes of both bundles run side by side. */
test('a look leaves what newer detections judged to those that know them, unless this process cannot load them', async () => {
  await using store = await freshStore()
  await store.marks.wish([{ ref: aBucket, class: 'event', expectation, scanId: null, delayMs: 0 }])
  const [mark] = await store.marks.lease(1, 10_000)
  if (mark === undefined) throw new Error('no mark')
  await store.states.put(aState(1), aJudgement(1, { judgedBy: 7 }), aLook())
  const inventory = { shape: () => 1, volatile: () => [], eventId: () => aBucket.id }
  const evaluator = (overdue: boolean) => ({
    bundle: { number: 1, activation: 6, overdue },
    detections: [],
    fingerprint: () => 'older',
    judgeResources: async () => [{ ref: aBucket, outcomes: [] }],
  })
  const parts = (overdue: boolean) =>
    ({ store, inventory, evaluator: evaluator(overdue), observe: { fetched: () => undefined } }) as unknown as Parameters<
      typeof settlePresent
    >[0]
  const number = await store.states.nextNumber()
  expect(await settlePresent(parts(false), mark, number + 100, { ResourceId: aBucket.id, Changed: true })).toBe(false)
  expect(await store.states.get(aBucket)).toMatchObject({ number: 1, judgedBy: 7, evaluatedWith: 'now' })
  const again = await until('the mark', async () => (await store.marks.lease(1, 10_000))[0] ?? null)
  await settlePresent(parts(true), again, number + 101, { ResourceId: aBucket.id, Changed: true })
  expect(await store.states.get(aBucket)).toMatchObject({ number: number + 101, judgedBy: 6, evaluatedWith: 'older' })
})
