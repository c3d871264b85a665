import { expect, it } from 'vitest'
import type { CacheEntry, CacheWrite } from '#model'
import type { Subject } from './store.ts'

const soon = Math.floor(Date.now() / 1_000) + 3_600

export function ruleCacheContract(open: () => Promise<Subject>): void {
  it('does what rules did to keys in their order, and tells what changed since a look', async () => {
    const { ruleCache } = (await open()).store
    const first = await ruleCache.since(null)
    expect(first.entries).toEqual([])
    const writes: readonly CacheWrite[] = [
      ['hits', ['add', 2, soon]],
      ['users', ['join', ['bob', 'ann'], null]],
      ['hits', ['add', 3, null]],
      ['last', ['put', '{"a":1}', soon]],
      ['gone', ['add', 1, null]],
      ['gone', ['drop']],
      ['past', ['add', 9, 1_000_000_000]],
      ['past', ['add', 1, null]],
      ['users', ['leave', ['bob'], null]],
      ['nothing', ['until', soon]],
    ]
    await ruleCache.apply(writes)
    await ruleCache.apply([])
    const kept: readonly (readonly [string, CacheEntry | null])[] = [
      ['gone', null],
      ['hits', ['n', 5, soon]],
      ['last', ['d', '{"a":1}', soon]],
      ['nothing', null],
      ['past', ['n', 1, null]],
      ['users', ['s', ['ann'], null]],
    ]
    const second = await ruleCache.since(first.look)
    expect(second.entries).toEqual(kept)
    expect((await ruleCache.since(null)).entries).toEqual(kept.filter(([, entry]) => entry !== null))
    await ruleCache.apply([['hits', ['add', 1, null]]])
    expect((await ruleCache.since(second.look)).entries).toContainEqual(['hits', ['n', 6, soon]])
  })

  it('adds up what several transactions do to a key at once, and forgets what was rolled back', async () => {
    const { store } = await open()
    const { look } = await store.ruleCache.since(null)
    const hit = (key: string): Promise<void> => store.transaction((records) => records.ruleCache.apply([[key, ['add', 1, null]]]))
    await Promise.all(Array.from({ length: 8 }, () => hit('storm')))
    const failing = store.transaction(async (records) => {
      await records.ruleCache.apply([['storm', ['add', 100, null]]])
      throw new TypeError('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect((await store.ruleCache.since(look)).entries).toEqual([['storm', ['n', 8, null]]])
  })

  it('keeps a key that no index can hold', async () => {
    const { ruleCache } = (await open()).store
    await ruleCache.apply([['k'.repeat(9_000), ['add', 1, null]]])
    expect((await ruleCache.since(null)).entries).toHaveLength(1)
  })
}
