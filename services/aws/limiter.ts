/**
 * Paces the calls to one API of one account and region. Calls leave in order, at a rate that starts as high as it may ever be,
 * falls when AWS throttles, and comes back in proportion to the calls that were answered since: slower the nearer it is to where it
 * was throttled, faster again beyond (CUBIC, counted in calls instead of seconds).
 */
export interface Limiter {
  /**
   * Waits for a turn: 0 when it has come. Otherwise the ms after which to come again, said as soon as it is certain that the turn
   * does not come within `maxWaitMs`. Also 0 when stopped: the caller looks at its signal.
   */
  turn(maxWaitMs: number, signal: AbortSignal): Promise<number>
  answered(): void
  /** AWS said "slow down" to a call made at `sentAt`; `retryAfterMs` when it said for how long. */
  throttled(sentAt: number, retryAfterMs: number | null): void
}

interface Limits {
  /** The most calls a second, which is also the most at once. */
  readonly perSecond: number
  /** This process's part of it, above 0 and up to 1. */
  readonly share?: () => number
  readonly now?: () => number
}

/** What throttling taught, in calls a second of the whole account, so that it stays true when the share changes. */
interface Learned {
  /** The rate that was too high. */
  readonly most: number
  /** What was left of it. */
  readonly kept: number
  /** The answers after which the rate is there again: those of about ten seconds. */
  readonly regain: number
  readonly since: number
  answers: number
}

interface Waiter {
  readonly until: number
  readonly leave: (waitMs: number) => void
}

/** The slowest rate, however often AWS throttles: others in the account may be the reason. */
const slowestOf = (perSecond: number): number => Math.max(0.5, perSecond / 50)
/** A throttle so soon after the last one says that the rate is far too high, not a little. */
const soonMs = 1_000

export function createLimiter({ perSecond, share = () => 1, now = () => performance.now() }: Limits): Limiter {
  const queue: Waiter[] = []
  let learned: Learned | null = null
  let tokens = perSecond * share()
  let filledAt = now()
  let heldUntil = 0
  let timer: NodeJS.Timeout | null = null

  const wholeRate = (): number =>
    learned === null ? perSecond : Math.min(perSecond, Math.max(slowestOf(perSecond), grown(learned)))
  const rate = (): number => wholeRate() * share()
  const refill = (): void => {
    const time = now()
    tokens = Math.min(Math.max(1, rate()), tokens + ((time - filledAt) / 1_000) * rate())
    filledAt = time
  }
  /** When the turn of the one with so many before it comes, if nothing changes. */
  const waitMs = (before: number): number => {
    const owed = before + 1 - tokens
    return Math.max(owed <= 0 ? 0 : (owed / rate()) * 1_000, heldUntil - filledAt, 0)
  }
  const serve = (): void => {
    refill()
    while (queue.length > 0 && waitMs(0) === 0) {
      tokens -= 1
      queue.shift()?.leave(0)
    }
    // Those who would wait too long are told at once, the last come first.
    for (let last = queue.at(-1); last !== undefined; last = queue.at(-1)) {
      const wait = waitMs(queue.length - 1)
      if (filledAt + wait <= last.until + 50) break
      queue.pop()?.leave(Math.ceil(wait))
    }
    if (timer !== null) clearTimeout(timer)
    timer = queue.length === 0 ? null : setTimeout(serve, Math.max(1, Math.ceil(waitMs(0))))
  }

  return {
    turn(maxWaitMs, signal) {
      refill()
      const wait = waitMs(queue.length)
      if (wait > maxWaitMs) return Promise.resolve(Math.ceil(wait))
      if (wait === 0) {
        tokens -= 1
        return Promise.resolve(0)
      }
      return new Promise((resolve) => {
        const onAbort = (): void => {
          queue.splice(queue.indexOf(waiter), 1)
          resolve(0)
        }
        const leave = (ms: number): void => {
          signal.removeEventListener('abort', onAbort)
          resolve(ms)
        }
        const waiter: Waiter = { until: filledAt + maxWaitMs, leave }
        signal.addEventListener('abort', onAbort, { once: true })
        queue.push(waiter)
        if (timer === null) serve()
      })
    },
    answered() {
      if (learned === null) return
      learned.answers += 1
      if (grown(learned) >= perSecond) learned = null
    },
    throttled(sentAt, retryAfterMs) {
      refill()
      heldUntil = Math.max(heldUntil, filledAt + (retryAfterMs ?? 0))
      tokens = Math.min(tokens, 0)
      // Calls that were under way when the rate was cut say nothing about the new one.
      if (learned === null || sentAt >= learned.since) {
        const most = wholeRate()
        const far = learned === null || filledAt - learned.since < soonMs
        learned = { most, kept: far ? 0.5 : 0.8, regain: Math.max(10, most * 10), since: filledAt, answers: 0 }
      }
      serve()
    },
  }
}

function grown({ most, kept, regain, answers }: Learned): number {
  return most * (1 + (1 - kept) * (answers / regain - 1) ** 3)
}
