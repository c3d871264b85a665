/** The base of every room's one error class. Callers decide on `retryable` alone: try again, or park with the reason. */
export abstract class TriplineError<Code extends string> extends Error {
  readonly code: Code
  readonly retryable: boolean
  constructor(code: Code, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
  }
}

/** True when an error of ours says that trying again may help. */
export function isRetryable(error: unknown): boolean {
  return error instanceof TriplineError && error.retryable
}

/** An error in a line for the log: its name and message, cut at 500 characters. */
export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : 'unknown'
}
