import { expect, it } from 'vitest'
import type { Version } from '#store'
import { aCause } from '../support/alerts.ts'
import { aBucket, aJudgement, aLook, aState } from './store-builders.ts'
import { setClock, type Subject } from './store.ts'

const dayMs = 86_400_000
const start = new Date('2026-11-01T00:00:00Z').getTime()

function aVersion(number: number, day: number, given: Partial<Version> = {}): Version {
  return {
    ref: aBucket,
    number,
    at: new Date(start + day * dayMs),
    kind: 'changed',
    attributes: { Size: number },
    differences: [{ path: 'Size', before: number - 1, after: number }],
    causes: [aCause({ eventId: `e-${number}` })],
    ...given,
  }
}

export function versionsContract(open: () => Promise<Subject>): void {
  it('keeps every version with what made it, newest first, so many at most', async () => {
    const { store } = await open()
    const versions = [
      aVersion(1, 0, { kind: 'created' }),
      aVersion(5, 1),
      aVersion(9, 2, { kind: 'gone', attributes: null, differences: [] }),
      aVersion(10, 3, { kind: 'first', differences: [], causes: [] }),
    ]
    for (const version of versions) await store.versions.add(version)
    await store.versions.add(aVersion(3, 1, { ref: { ...aBucket, id: 'other' } }))
    expect(await store.versions.list(aBucket, 10)).toEqual(versions.toReversed())
    expect(await store.versions.list(aBucket, 2)).toEqual([versions[3], versions[2]])
    expect(await store.versions.list({ ...aBucket, region: 'us-east-1' }, 10)).toEqual([])
  })

  it('knows the version that was current at a time', async () => {
    const { store } = await open()
    await store.versions.add(aVersion(1, 10))
    await store.versions.add(aVersion(2, 20, { kind: 'gone', attributes: null }))
    await store.versions.add(aVersion(3, 30))
    const at = async (day: number) => (await store.versions.at(aBucket, new Date(start + day * dayMs)))?.number ?? null
    expect(await Promise.all([9, 10, 19, 20, 29, 30, 300].map((day) => at(day)))).toEqual([null, 1, 1, 2, 2, 3, 3])
    expect(await store.versions.at({ ...aBucket, id: 'other' }, new Date(start + 30 * dayMs))).toBeNull()
  })

  it('knows which of some resources changed since a time', async () => {
    const { store } = await open()
    for (const [number, id] of ['a', 'b', 'c'].entries())
      await store.states.put(aState(number + 1, { id }), aJudgement(number + 1), aLook())
    const add = (number: number, day: number, id: string) => store.versions.add(aVersion(number, day, { ref: { ...aBucket, id } }))
    await add(1, 10, 'a')
    await add(2, 20, 'b')
    await add(3, 30, 'a')
    await add(4, 40, 'c')
    const since = async (ids: readonly string[], day: number) =>
      (await store.versions.since(ids, new Date(start + day * dayMs))).map(({ number }) => number)
    expect(await since(['a', 'b', 'none', 'a\0'], 0)).toEqual([2, 3])
    expect(await since(['a', 'b', 'c'], 30)).toEqual([3, 4])
    expect(await since(['b'], 21)).toEqual([])
    expect(await since([], 0)).toEqual([])
  })

  it('drops a version 400 days after the next one came, so that every time of these days can be answered', async () => {
    const subject = await open()
    const { store } = subject
    const today = Math.floor((Date.now() - start) / dayMs)
    const add = async (id: string, number: number, daysAgo: number, given: Partial<Version> = {}): Promise<void> =>
      store.versions.add(aVersion(number, today - daysAgo, { ref: { ...aBucket, id }, ...given }))
    await add('changes', 1, 700)
    await add('changes', 2, 500)
    await add('changes', 3, 300)
    await add('stays', 4, 900)
    await add('gone', 5, 500)
    await add('gone', 6, 450, { kind: 'gone', attributes: null })
    await add('gone lately', 7, 500)
    await add('gone lately', 8, 10, { kind: 'gone', attributes: null })
    await store.maintain()
    const kept = async (id: string) => (await store.versions.list({ ...aBucket, id }, 10)).map(({ number }) => number)
    expect(await kept('changes')).toEqual([3, 2])
    expect(await kept('stays')).toEqual([4])
    expect(await kept('gone')).toEqual([])
    expect(await kept('gone lately')).toEqual([8, 7])
    const then = new Date(start + (today - 399) * dayMs)
    expect((await store.versions.at({ ...aBucket, id: 'changes' }, then))?.number).toBe(2)
  })

  it('forgets a resource 400 days after it went, and none that is there', async () => {
    const subject = await open()
    const { store } = subject
    for (const [index, id] of ['there', 'gone', 'back'].entries()) {
      await store.states.put(aState(index, { id }), aJudgement(index), aLook())
      if (id !== 'there') await store.states.gone({ ...aBucket, id }, 10)
    }
    await store.states.put(aState(11, { id: 'back' }), aJudgement(11), aLook())
    await setClock(subject, '399 days')
    await store.states.gone({ ...aBucket, id: 'gone' }, 20)
    await store.maintain()
    expect(await store.states.get({ ...aBucket, id: 'gone' })).not.toBeNull()
    await setClock(subject, '401 days')
    await store.maintain()
    expect(await store.states.get({ ...aBucket, id: 'gone' })).toBeNull()
    expect(await store.states.get({ ...aBucket, id: 'there' })).toMatchObject({ gone: false })
    expect(await store.states.get({ ...aBucket, id: 'back' })).toMatchObject({ gone: false })
  })
}
