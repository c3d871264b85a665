import { TriplineError } from '#runtime'

/**
 * Why a destination did not take an alert. `channel-gone`, `denied`: never there, tell the fallback. `message-gone`: the message to edit
 * or to answer was deleted. `token-refused`: nowhere until somebody acts. `rate-limited`: not before `retryAfterMs`. `unavailable`: surely
 * not taken. `uncertain`: may have been taken, the answer is lost. `refused`: the message itself is wrong.
 */
export type AlertingErrorCode =
  | 'channel-gone'
  | 'denied'
  | 'message-gone'
  | 'token-refused'
  | 'rate-limited'
  | 'unavailable'
  | 'uncertain'
  | 'refused'

const retryable: ReadonlySet<AlertingErrorCode> = new Set(['token-refused', 'rate-limited', 'unavailable', 'uncertain'])

/** An alert was not told. Carries no foreign error: those hold headers and tokens. */
export class AlertingError extends TriplineError<AlertingErrorCode> {
  override readonly name = 'AlertingError'
  /** For `rate-limited`: the wait that the destination asks for. */
  readonly retryAfterMs: number | null
  /** For `rate-limited`: what must wait; null when it is this call alone. */
  readonly closes: 'posts' | 'edits' | null
  constructor(
    code: AlertingErrorCode,
    message: string,
    retryAfterMs: number | null = null,
    closes: 'posts' | 'edits' | null = null,
  ) {
    super(code, message, { retryable: retryable.has(code) })
    this.retryAfterMs = retryAfterMs
    this.closes = closes
  }
}
