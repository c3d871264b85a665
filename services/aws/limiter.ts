/**
 * Paces the calls to one service of one account and region: a token bucket whose rate is halved by each throttling
 * and grows back a little with each answer.
 */
export interface Limiter {
  /** Takes a token; the ms to wait before the call, or null when that would be longer than `maxWaitMs` (nothing is taken then). */
  take(maxWaitMs: number): number | null
  succeeded(): void
  /** AWS said "slow down"; `retryAfterMs` when it said for how long. */
  throttled(retryAfterMs: number | null): void
}

const slowest = 0.5

/** A limiter that starts at `perSecond`, which is also the most it ever allows, as rate and as burst. */
export function createLimiter(perSecond: number, now: () => number = () => performance.now()): Limiter {
  let rate = perSecond
  let tokens = perSecond
  let filledAt = now()
  let heldUntil = 0
  const refill = (): void => {
    const time = now()
    tokens = Math.min(Math.max(1, rate), tokens + ((time - filledAt) / 1_000) * rate)
    filledAt = time
  }
  return {
    take(maxWaitMs) {
      refill()
      // Tokens may be owed: each waiter has taken its own, so they leave one by one and in order.
      const owedMs = tokens >= 1 ? 0 : ((1 - tokens) / rate) * 1_000
      const waitMs = Math.max(owedMs, heldUntil - filledAt)
      if (waitMs > maxWaitMs) return null
      tokens -= 1
      return Math.ceil(waitMs)
    },
    succeeded() {
      rate = Math.min(perSecond, rate + Math.max(0.05, rate * 0.01))
    },
    throttled(retryAfterMs) {
      refill()
      const halvedLately = filledAt < heldUntil
      // A burst that was under way is throttled as one: it halves the rate once, not once a call.
      if (!halvedLately) rate = Math.max(slowest, rate / 2)
      tokens = Math.min(tokens, 0)
      heldUntil = Math.max(heldUntil, filledAt + (retryAfterMs ?? 250))
    },
  }
}
