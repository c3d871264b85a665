import type { AuditEvent } from '#model'

/** What one body holds: the records that may be used and those that may not, each with its index among the body's records. */
export interface Decoded {
  readonly events: readonly { readonly record: number; readonly event: AuditEvent }[]
  readonly rejected: readonly Rejected[]
}
export interface Rejected {
  /** Index among the body's records; 0 when the body as a whole is refused. */
  readonly record: number
  readonly reason: RejectReason
  /** What was wrong: what, where, given, allowed. */
  readonly detail: string
}
export type RejectReason =
  | 'not-json'
  | 'too-large'
  | 'too-deep'
  | 'too-many-nodes'
  | 'forbidden-key'
  | 'not-an-event'
  | 'unknown-account'
  | 'account-mismatch'
  | 'unknown-source'
  | 'unknown-detail-type'
  | 'region-not-allowed'
  | 'time-out-of-range'
  | 'detection-failed'
/** Which events may be believed. Plain JSON, so that it can be handed to another process. */
export interface Trust {
  readonly accounts: readonly string[]
  /** Null: any region. */
  readonly regions: readonly string[] | null
}
