import { compareStates } from './comparison.ts'
import type { Cause } from './audit-event.ts'
import type { Json, JsonObject } from './json.ts'

/** One effective difference. `undefined` never occurs: an absent side is null. */
export interface Difference {
  /**
   * Dotted path; `[]` goes into a member of a list, which `inside` names. What came into a list or went from it has the list's own
   * path, and null on its other side.
   */
  readonly path: string
  readonly before: Json
  readonly after: Json
  /** Of the members of lists that it is inside of: the short fields that are the same on both sides. Left out outside of lists. */
  readonly inside?: JsonObject
}

/** The effective difference between two states of one shape, with the events that caused it. */
export interface Change {
  readonly differences: readonly Difference[]
  readonly causes: readonly Cause[]
}

/**
 * The effective differences between two attribute sets: order in lists, and null against empty, do not count.
 * JSON kept as text (policy documents) is compared as JSON. `ignoring`: attributes that do not count, as dotted paths; `[]` goes
 * into each member of a list.
 */
export function diff(before: JsonObject, after: JsonObject, ignoring: readonly string[] = []): readonly Difference[] {
  return compareStates(before, after, ignoring).differences
}
