/** Slack's rate rule for one thing: so many a second, a short burst on top; who sends inside the wait is noted. */
export interface Limit {
  /** Null: let through. Else the whole seconds to wait. */
  take(now: number): number | null
  /** Tries that came inside an announced wait. */
  readonly impatient: number
}

/** A token bucket that holds `burst` and refills `perSecond`. */
export function createLimit(perSecond: number, burst: number): Limit {
  let level = burst
  let at = 0
  let closedUntil = 0
  let impatient = 0
  return {
    get impatient() {
      return impatient
    },
    take(now) {
      if (now < closedUntil) {
        impatient += 1
        return Math.ceil((closedUntil - now) / 1_000)
      }
      level = Math.min(burst, level + ((now - at) / 1_000) * perSecond)
      at = now
      if (level >= 1) {
        level -= 1
        return null
      }
      const seconds = Math.max(1, Math.ceil((1 - level) / perSecond))
      closedUntil = now + seconds * 1_000
      return seconds
    },
  }
}
