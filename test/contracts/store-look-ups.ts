import { expect, it } from 'vitest'
import type { Store } from '#store'
import { aBucket, aJudgement, aLook, aState } from './store-builders.ts'
import { stopClock, type Subject } from './store.ts'

const key = { ...aBucket, accountId: '444455556666', type: 'AWS.KMS.Key', id: 'arn:aws:kms:::key/1' }
const current = { fingerprints: new Map<string, string>(), otherwise: 'now' }

const judged = (lookedUp: readonly string[]) => aJudgement(1, { lookedUp, evaluateAt: new Date('2099-01-01') })
const put = (store: Store, number: number, id: string, lookedUp: readonly string[] = []): Promise<boolean> =>
  store.states.put(aState(number, { id }), judged(lookedUp), aLook({ changed: true }))
const due = async (store: Store): Promise<readonly string[]> =>
  (await store.states.due(100, 1_000, current)).map(({ id }) => id).toSorted()

export function lookUpsContract(open: () => Promise<Subject>): void {
  it('judges again those that looked up what has changed, appeared or gone, and only those', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    await put(store, 1, 'other', ['nobody'])
    await put(store, 2, 'gone', [key.id])
    await store.states.gone({ ...aBucket, id: 'gone' }, 3)
    await put(store, 4, 'bucket', ['x', key.id, key.id])
    const look = (number: number, changed: boolean) => store.states.put(aState(number, key), judged([]), aLook({ changed }))
    const steps: readonly [string, () => Promise<boolean>, readonly string[]][] = [
      ['appears', () => look(10, true), ['bucket']],
      ['changes in shape only', () => look(11, false), []],
      ['is seen unchanged', () => store.states.seen(key, 12, true), []],
      ['is looked at, but later than a newer look', () => look(1, true).then((done) => !done), []],
      ['changes', () => look(13, true), ['bucket']],
      ['goes', () => store.states.gone(key, 14), ['bucket']],
      ['is still gone', () => store.states.gone(key, 15), []],
      ['comes back', () => look(16, true), ['bucket']],
    ]
    const heard: [string, readonly string[]][] = []
    for (const [index, [what, step]] of steps.entries()) {
      // Past the second echo of the step before.
      await clock((index + 1) * 100_000)
      await due(store)
      await store.states.judged({ ...aBucket, id: 'bucket' }, 4, judged([key.id]))
      expect(await due(store)).toEqual([])
      expect(await step()).toBe(true)
      heard.push([what, await due(store)])
    }
    expect(heard).toEqual(steps.map(([what, , expected]) => [what, expected]))
    await store.states.judged({ ...aBucket, id: 'bucket' }, 4, judged([]))
    await clock(1_000_000)
    await due(store)
    await store.states.judged({ ...aBucket, id: 'bucket' }, 4, judged([]))
    await look(17, true)
    expect(await due(store)).toEqual([])
  })

  it('judges again a verdict that was under way when the change came, since it may have read what was before', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    await store.states.put(aState(1, key), judged([]), aLook())
    expect(await due(store)).toEqual([])
    await clock(5_000)
    await put(store, 2, 'bucket', [key.id])
    expect(await due(store)).toEqual([])
    await clock(31_000)
    expect(await due(store)).toEqual(['bucket'])
    await store.states.judged({ ...aBucket, id: 'bucket' }, 2, judged([key.id]))
    await clock(3_600_000)
    expect(await due(store)).toEqual([])
  })

  it('lets resources that look each other up change at the same time', async () => {
    const { store } = await open()
    const names = ['a', 'b', 'c', 'd']
    for (const [number, name] of names.entries()) await put(store, number, name, names)
    const change = (name: string, round: number): Promise<void> =>
      store.transaction(async (records) => {
        await records.states.lock({ ...aBucket, id: name })
        await records.states.put(aState(100 + round, { id: name }), judged(names), aLook())
        await records.states.due(10, 1, current)
      })
    for (let round = 0; round < 5; round += 1) await Promise.all(names.map((name) => change(name, round)))
    expect((await store.states.get({ ...aBucket, id: 'a' }))?.number).toBe(104)
  })

  it('takes any text for a looked-up id, also one that no resource can have', async () => {
    const { store } = await open()
    expect(await put(store, 1, 'bucket', ['x'.repeat(10_000), 'a\0b', '', '{"'])).toBe(true)
    await store.states.put(aState(2, { id: '{"' }), judged([]), aLook())
    expect(await due(store)).toContain('bucket')
  })
}
