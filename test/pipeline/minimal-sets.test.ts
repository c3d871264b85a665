import { expect, test } from 'vitest'
import { minimalSets } from '../../services/pipeline/minimal-sets.ts'

type Passes = (back: ReadonlySet<number>) => boolean

/** Searches, counting how many sets were tried and in how many batches. */
async function search(count: number, targets: readonly Passes[], budget = 300) {
  let [sets, batches] = [0, 0]
  const found = await minimalSets(
    count,
    targets.length,
    async (tried) => {
      batches += 1
      sets += tried.length
      return await Promise.resolve(tried.map((places) => (target: number) => targets[target]?.(new Set(places)) ?? false))
    },
    budget,
  )
  return { found, sets, batches }
}
const all =
  (...places: readonly number[]): Passes =>
  (back) =>
    places.every((place) => back.has(place))

test('one of many is found in one batch', async () => {
  expect(await search(30, [all(17)])).toEqual({ found: [[17]], sets: 31, batches: 1 })
})

test('each without which it would pass is shown, where one is enough', async () => {
  expect((await search(6, [(back) => back.has(1) || back.has(4)])).found).toEqual([[1, 4]])
})

test('two that are needed together are found among many', async () => {
  expect((await search(10, [all(2, 7)])).found).toEqual([[2, 7]])
  expect((await search(60, [all(2, 57)])).found).toEqual([[2, 57]])
})

test('four that are needed together are found, and nothing can be left out', async () => {
  for (const count of [4, 12, 40, 100]) {
    const wanted = [0, 1, count - 2, count - 1]
    expect((await search(count, [all(...wanted)])).found).toEqual([wanted])
  }
})

test('what fails either way has none, after one batch', async () => {
  expect(await search(20, [() => false])).toEqual({ found: [null], sets: 21, batches: 1 })
})

test('several violations share their trials', async () => {
  expect(await search(9, [all(1), all(5), () => false])).toEqual({ found: [[1], [5], null], sets: 10, batches: 1 })
})

test('nothing that changed has no set, and one that changed needs one trial', async () => {
  expect(await search(0, [all()])).toEqual({ found: [null], sets: 0, batches: 0 })
  expect(await search(1, [all(0)])).toEqual({ found: [[0]], sets: 1, batches: 1 })
})

test('a policy that is not monotone has a set from which nothing can be left out, in chunks', async () => {
  // Passes with an even number of the first four, at least two.
  const odd: Passes = (back) => {
    const count = [0, 1, 2, 3].filter((place) => back.has(place)).length
    return count >= 2 && count % 2 === 0
  }
  const { found } = await search(20, [odd])
  expect(odd(new Set(found[0]))).toBe(true)
  expect(found[0]?.length).toBeLessThanOrEqual(4)
})

test('the budget is never passed', async () => {
  for (const budget of [1, 5, 20, 50]) {
    const { sets } = await search(200, [all(3, 90, 150, 199)], budget)
    expect(sets).toBeLessThanOrEqual(budget)
  }
  expect((await search(200, [all(3, 90, 150, 199)], 20)).found).toEqual([null])
})
