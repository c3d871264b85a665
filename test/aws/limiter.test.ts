import { expect, test } from 'vitest'
import { createLimiter } from '../../services/aws/limiter.ts'

function aLimiter(perSecond: number) {
  let time = 0
  const limiter = createLimiter(perSecond, () => time)
  return { ...limiter, pass: (ms: number) => (time += ms) }
}

test('a burst goes at once, and what follows leaves at the rate, in order', () => {
  const limiter = aLimiter(10)
  expect(Array.from({ length: 10 }, () => limiter.take(1_000))).toEqual(Array(10).fill(0))
  expect([limiter.take(1_000), limiter.take(1_000), limiter.take(1_000)]).toEqual([100, 200, 300])
})

test('nobody waits longer than they are willing to, and then nothing is taken', () => {
  const limiter = aLimiter(10)
  for (let taken = 0; taken < 15; taken += 1) limiter.take(1_000)
  expect(limiter.take(500)).toBeNull()
  expect(limiter.take(1_000)).toBe(600)
})

test('throttling stops everyone for as long as AWS says', () => {
  const limiter = aLimiter(10)
  limiter.throttled(30_000)
  expect(limiter.take(2_000)).toBeNull()
  limiter.pass(30_000)
  expect(limiter.take(2_000)).toBe(0)
})

test('throttling halves the rate once a burst, down to one call in two seconds', () => {
  const limiter = aLimiter(8)
  limiter.throttled(null)
  limiter.throttled(null)
  limiter.pass(250)
  // 4 a second by now, not 2: one token has come in these 250 ms.
  expect([limiter.take(9_000), limiter.take(9_000)]).toEqual([0, 250])
  for (let times = 0; times < 10; times += 1) {
    limiter.pass(60_000)
    limiter.throttled(null)
  }
  expect([limiter.take(9_000), limiter.take(9_000)]).toEqual([2_000, 4_000])
})

test('answers let the rate grow back to where it began, and no further', () => {
  const limiter = aLimiter(10)
  limiter.throttled(null)
  for (let times = 0; times < 1_000; times += 1) limiter.succeeded()
  limiter.pass(10_000)
  expect(Array.from({ length: 11 }, () => limiter.take(1_000)).at(-1)).toBe(100)
})
