import type { Cause } from './audit-event.ts'
import type { Witness } from './witness.ts'

/** What an event lets expect of the next look at a resource that it touched. Kept with the refresh mark until it has been seen. */
export interface Expectation {
  readonly cause: Cause
  readonly kind: 'create' | 'update' | 'delete'
  readonly witnesses: readonly Witness[]
}
