import { TriplineError } from '#runtime'

/**
 * `poll-overdue`: a poll did not end by its deadline. `delete-failed`: handled messages could not be deleted and will come again.
 * `unreadable`: a file cannot be read. `gzip-bomb`: a file unpacks to more than it may. `not-taken`: a file's records were refused again and again.
 * `object-…`: an object of a bucket is not there, may not be read, is no whole gzip, holds too much, or could not be fetched this time.
 */
export type IngestCode =
  | 'poll-overdue'
  | 'delete-failed'
  | 'unreadable'
  | 'gzip-bomb'
  | 'not-taken'
  | 'object-missing'
  | 'object-denied'
  | 'object-unreadable'
  | 'object-too-large'
  | 'object-unfetched'

/** Bodies cannot be had, or cannot be acknowledged. */
export class IngestError extends TriplineError<IngestCode> {
  override readonly name = 'IngestError'
}

/** Names and codes only: foreign errors carry headers. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 300) : 'unknown'
}
