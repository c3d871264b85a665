import type { AwsError, AwsErrorCode } from '#aws'
import { TriplineError } from '#runtime'
import type { UnknownCause } from './fetcher.ts'

/** A resource, or a list of them, could not be read: its state is unknown, which is neither pass nor gone. */
export class InventoryError extends TriplineError<UnknownCause> {
  override readonly name = 'InventoryError'
  /** After how long it makes sense to come again; null when nobody said. */
  readonly retryAfterMs: number | null
  /** The message without what was attempted, for those who have said that already. */
  readonly reason: string
  constructor(
    code: UnknownCause,
    message: string,
    options: { retryable?: boolean; cause?: unknown; retryAfterMs?: number | null; reason?: string } = {},
  ) {
    super(code, message, options)
    this.retryAfterMs = options.retryAfterMs ?? null
    this.reason = options.reason ?? message
  }
}

const causes: Readonly<Record<AwsErrorCode, { readonly cause: UnknownCause; readonly retryable: boolean }>> = {
  'access-denied': { cause: 'access-denied', retryable: false },
  'scp-denied': { cause: 'scp-denied', retryable: false },
  'region-off': { cause: 'region-off', retryable: false },
  'role-missing': { cause: 'role-missing', retryable: false },
  'wrong-account': { cause: 'role-missing', retryable: false },
  throttled: { cause: 'throttled', retryable: true },
  expired: { cause: 'unavailable', retryable: true },
  unavailable: { cause: 'unavailable', retryable: true },
  // The resource itself is there: a part of it changed while it was read.
  'not-found': { cause: 'unavailable', retryable: true },
  'wrong-region': { cause: 'bad-answer', retryable: false },
  'bad-answer': { cause: 'bad-answer', retryable: false },
}

const outOfTime = 'ran out of time or was stopped'

/** Says what was attempted and why it failed. Of errors that are not ours only the name is kept. */
export function toInventoryError(error: unknown, attempt: string): InventoryError {
  if (error instanceof InventoryError) return error
  if (isAwsError(error)) {
    const { cause, retryable } = causes[error.code]
    const { message, call, retryAfterMs } = error
    const reason = message.replace(` in account ${call.accountId} ${call.region}`, '')
    return new InventoryError(cause, `${attempt}: ${message}`, { retryable, cause: error, retryAfterMs, reason })
  }
  const name = error instanceof Error ? error.name : 'unknown'
  if (name === 'AbortError')
    return new InventoryError('unavailable', `${attempt}: ${outOfTime}`, { retryable: true, reason: outOfTime })
  const reason = `expected an answer of the known shape, got ${name}`
  return new InventoryError('bad-answer', `${attempt}: ${reason}`, { reason })
}

/** AWS's own word for what went wrong, null when it was not AWS. */
export function awsCodeOf(error: unknown): string | null {
  return isAwsError(error) ? error.awsCode : null
}

/** True when an AWS call failed in this way. */
export function failedAs(error: unknown, code: AwsErrorCode): boolean {
  return isAwsError(error) && error.code === code
}

/** The answer, or null when AWS says one of these words: a thing that was never set up, or is not there. Every other error stays one. */
export async function unless<Answer>(answer: Promise<Answer>, ...words: readonly string[]): Promise<Answer | null> {
  try {
    return await answer
  } catch (error) {
    if (words.includes(awsCodeOf(error) ?? '')) return null
    throw error
  }
}

// Values come from `#model` and `#runtime` alone, so the class is known by its name.
function isAwsError(error: unknown): error is AwsError {
  return error instanceof TriplineError && error.name === 'AwsError'
}
