import { TriplineError } from '#runtime'

/**
 * Why a destination did not take an alert. `channel-gone`, `denied`: never there, tell the fallback. `message-gone`: the message to edit
 * or to answer was deleted. `edit-refused`: it stands, and may not be changed. `token-refused`: nowhere until somebody acts. `rate-limited`: not before `retryAfterMs`. `unavailable`: surely
 * not taken. `uncertain`: may have been taken, the answer is lost. `refused`: the message itself is wrong.
 * `unexplained`: surely not taken, in a word that we do not know.
 */
export type AlertingErrorCode =
  | 'channel-gone'
  | 'denied'
  | 'message-gone'
  | 'edit-refused'
  | 'token-refused'
  | 'rate-limited'
  | 'unavailable'
  | 'uncertain'
  | 'refused'
  | 'unexplained'

const retryable: ReadonlySet<AlertingErrorCode> = new Set([
  'token-refused',
  'rate-limited',
  'unavailable',
  'uncertain',
  'unexplained',
])

/** No wait that is asked for is longer: one odd header must not silence a channel for a day. */
export const mostWaitMs = 5 * 60_000

/** An alert was not told. Carries no foreign error: those hold headers and tokens. */
export class AlertingError extends TriplineError<AlertingErrorCode> {
  override readonly name = 'AlertingError'
  /** For `rate-limited`: the wait, at most `mostWaitMs`. */
  readonly retryAfterMs: number | null
  /** It asked for a longer wait than it gets. */
  readonly asksTooLong: boolean
  /** For `rate-limited`: what must wait; null when it is this call alone. */
  readonly closes: 'posts' | 'edits' | null
  constructor(
    code: AlertingErrorCode,
    message: string,
    retryAfterMs: number | null = null,
    closes: 'posts' | 'edits' | null = null,
  ) {
    super(code, message, { retryable: retryable.has(code) })
    this.retryAfterMs = retryAfterMs === null ? null : Math.min(mostWaitMs, retryAfterMs)
    this.asksTooLong = retryAfterMs !== null && retryAfterMs > mostWaitMs
    this.closes = closes
  }
}
