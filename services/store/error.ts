import { TriplineError } from '#runtime'
import { isOutdated } from './prepared.ts'

export type StoreErrorCode =
  /** The data folder belongs to another process. */
  | 'folder-in-use'
  /** The database lacks migrations. */
  | 'not-migrated'
  | 'migration-failed'
  /** The database cannot be reached, or is too busy. */
  | 'unavailable'
  /** Two transactions stood in each other's way, more often than we retry. */
  | 'conflict'
  /** The inbox lacked a day; the transaction opens it and tries again. */
  | 'day-missing'
  /** The outer store was used inside a transaction. */
  | 'nested'
  | 'closed'
  | 'invalid-input'
  | 'query-failed'

/** What the store says when it cannot. */
export class StoreError extends TriplineError<StoreErrorCode> {
  override readonly name = 'StoreError'
}

/** A failed query in our words. Only the database's message is taken over: its detail may hold rows. */
export function storeErrorOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const message = error instanceof Error && error.message !== '' ? error.message : 'no answer'
  if (/already been destroyed|is closed|already closed|after calling end/.test(message)) {
    return new StoreError('closed', 'Store used after it was closed', { cause: error })
  }
  const state = sqlState(error)
  if (state === null) {
    return new StoreError('unavailable', `Database did not answer: ${message}`, { retryable: true, cause: error })
  }
  const text = `Database refused a statement: ${message} (SQLSTATE ${state})`
  if (state === '40001' || state === '40P01' || isOutdated(state, message))
    return new StoreError('conflict', text, { retryable: true, cause: error })
  if (/^(08|53|57)|^55P03$/.test(state)) return new StoreError('unavailable', text, { retryable: true, cause: error })
  if (state === '23514' && message.includes('no partition of relation "inbox"')) {
    return new StoreError('day-missing', text, { retryable: true, cause: error })
  }
  return new StoreError('query-failed', text, { cause: error })
}

/** PostgreSQL's five characters, where an error is the database's. */
export function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('severity' in error)) return null
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null
}
