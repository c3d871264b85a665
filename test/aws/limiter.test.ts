import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createLimiter, type Limiter } from '../../services/aws/limiter.ts'

const go = new AbortController().signal

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** What became of a turn within some ms: 0 when it came, the ms to stay away, or null while it waits. */
async function within(ms: number, turn: Promise<number>): Promise<number | null> {
  let outcome: number | null = null
  void turn.then((wait) => (outcome = wait))
  await vi.advanceTimersByTimeAsync(ms)
  return outcome
}
async function drain(limiter: Limiter, times: number): Promise<void> {
  for (let taken = 0; taken < times; taken += 1) expect(await limiter.turn(0, go)).toBe(0)
}

describe('turns', () => {
  test('a burst goes at once, and what follows leaves at the rate, in order', async () => {
    const limiter = createLimiter({ perSecond: 10 })
    await drain(limiter, 10)
    const left: number[] = []
    for (const each of [1, 2, 3]) void limiter.turn(1_000, go).then(() => left.push(each))
    await vi.advanceTimersByTimeAsync(205)
    expect(left).toEqual([1, 2])
  })

  test('nobody waits longer than they are willing to, and is told when to come again', async () => {
    const limiter = createLimiter({ perSecond: 10 })
    await drain(limiter, 10)
    for (let waiting = 0; waiting < 10; waiting += 1) void limiter.turn(1_000, go)
    expect(await limiter.turn(1_000, go)).toBe(1_100)
  })

  test('one that is stopped leaves the queue to the others', async () => {
    const limiter = createLimiter({ perSecond: 10 })
    await drain(limiter, 10)
    const stopping = new AbortController()
    const stopped = limiter.turn(1_000, stopping.signal)
    const next = limiter.turn(1_000, go)
    stopping.abort()
    expect(await stopped).toBe(0)
    expect(await within(110, next)).toBe(0)
  })

  test('a part of the limit is a part of its burst and of its rate, from when it changes', async () => {
    let share = 0.5
    const limiter = createLimiter({ perSecond: 10, share: () => share })
    await drain(limiter, 5)
    expect(await within(190, limiter.turn(1_000, go))).toBeNull()
    share = 1
    await vi.advanceTimersByTimeAsync(1_000)
    await drain(limiter, 10)
  })
})

describe('throttling', () => {
  test('nobody leaves for as long as AWS says, and those who wait longer than they would are told at once', async () => {
    const limiter = createLimiter({ perSecond: 10 })
    await drain(limiter, 10)
    const waiting = limiter.turn(1_000, go)
    limiter.throttled(performance.now(), 30_000)
    expect(await waiting).toBe(30_000)
    expect(await limiter.turn(1_000, go)).toBe(30_000)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await limiter.turn(1_000, go)).toBe(0)
  })

  test('the calls of one burst cut the rate once', async () => {
    const limiter = createLimiter({ perSecond: 10 })
    const sentAt = performance.now()
    await vi.advanceTimersByTimeAsync(50)
    for (let times = 0; times < 5; times += 1) limiter.throttled(sentAt, null)
    const left: number[] = []
    const since = performance.now()
    for (const _ of [1, 2]) void limiter.turn(1_000, go).then(() => left.push(performance.now() - since))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(left).toEqual([200, 400])
  })

  test('the rate never falls to nothing', async () => {
    const limiter = createLimiter({ perSecond: 10 })
    for (let times = 0; times < 50; times += 1) {
      await vi.advanceTimersByTimeAsync(10)
      limiter.throttled(performance.now(), null)
    }
    expect(await within(2_001, limiter.turn(3_000, go))).toBe(0)
  })
})

describe('against a bucket of 100 that gets 20 a second', () => {
  /** An API with a token bucket and 50 ms of its own, and workers that never rest. */
  function aWorld(limiters: readonly Limiter[]) {
    const server = { burst: 100, perSecond: 20, tokens: 100, filledAt: performance.now() }
    const counts = { answered: 0, throttled: 0, longestMs: 0 }
    const call = async (limiter: Limiter): Promise<void> => {
      const askedAt = performance.now()
      const waitMs = await limiter.turn(1_000, go)
      counts.longestMs = Math.max(counts.longestMs, performance.now() - askedAt)
      if (waitMs > 0) return void (await new Promise((resolve) => setTimeout(resolve, waitMs)))
      const sentAt = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 50))
      const time = performance.now()
      server.tokens = Math.min(server.burst, server.tokens + ((time - server.filledAt) / 1_000) * server.perSecond)
      server.filledAt = time
      if (server.tokens < 1) {
        counts.throttled += 1
        limiter.throttled(sentAt, null)
        return
      }
      server.tokens -= 1
      counts.answered += 1
      limiter.answered()
    }
    const work = async (limiter: Limiter): Promise<never> => {
      for (;;) await call(limiter)
    }
    for (const limiter of limiters) for (let worker = 0; worker < 40; worker += 1) void work(limiter)
    return {
      server,
      counts,
      measure: async (seconds: number) => {
        Object.assign(counts, { answered: 0, throttled: 0 })
        await vi.advanceTimersByTimeAsync(seconds * 1_000)
        return { perSecond: counts.answered / seconds, part: counts.throttled / (counts.answered + counts.throttled) }
      },
    }
  }

  test('after ten seconds at most 2 % of the calls are throttled, and nearly all of the room is used', async () => {
    const { measure, counts } = aWorld([createLimiter({ perSecond: 100 })])
    await measure(10)
    const settled = await measure(120)
    expect(settled.part).toBeLessThanOrEqual(0.02)
    expect(settled.perSecond).toBeGreaterThan(18)
    expect(counts.longestMs).toBeLessThanOrEqual(1_100)
  })

  test('more room is found again within a minute', async () => {
    const { measure, server } = aWorld([createLimiter({ perSecond: 100 })])
    await measure(30)
    server.perSecond = 80
    await measure(60)
    expect((await measure(30)).perSecond).toBeGreaterThan(70)
  })

  test('four workers that know of each other share it', async () => {
    const { measure } = aWorld(Array.from({ length: 4 }, () => createLimiter({ perSecond: 100, share: () => 0.25 })))
    await measure(10)
    const settled = await measure(120)
    expect(settled.part).toBeLessThanOrEqual(0.02)
    expect(settled.perSecond).toBeGreaterThan(17)
  })
})
