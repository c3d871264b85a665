import { diff } from './diff.ts'
import { at, isObject, type Json, type JsonObject } from './json.ts'

/**
 * What a fetched state shows when it is at least as new as an event. AWS answers with older states for a while: a state that
 * does not show what the event did is no evidence yet.
 */
export type Witness =
  /** The resource is there. */
  | { readonly kind: 'present' }
  /** The resource is gone. */
  | { readonly kind: 'gone' }
  /** The state differs from the one that was known before the event. For changes that cannot be told from the event alone. */
  | { readonly kind: 'change' }
  /** Nothing: the event changes none of the attributes that are kept. Any state will do. */
  | { readonly kind: 'nothing' }
  /** The attribute at the path is this value; null for unset. JSON kept as text is compared as JSON, the order of lists does not count. */
  | { readonly kind: 'is'; readonly path: readonly string[]; readonly value: Json }
  /** The list at the path has, or lacks, a member that agrees with this value in every field that the value has. */
  | { readonly kind: 'has' | 'lacks'; readonly path: readonly string[]; readonly value: Json }

/** Whether a state shows what the witness says. `attributes` null: the resource is gone. `changed`: it differs from what was known. */
export function isSeen(witness: Witness, attributes: JsonObject | null, changed: boolean): boolean {
  if (witness.kind === 'gone') return attributes === null
  if (attributes === null) return false
  if (witness.kind === 'present' || witness.kind === 'nothing') return true
  if (witness.kind === 'change') return changed
  const value = at(attributes, ...witness.path) ?? null
  if (witness.kind === 'is') return diff({ value }, { value: witness.value }).length === 0
  const has = Array.isArray(value) && (value as readonly Json[]).some((member) => agrees(member, witness.value))
  return has === (witness.kind === 'has')
}

/** What two witnesses of one resource speak of: of those with one subject, the later event's counts. */
export function subjectOf(witness: Witness): string {
  if (witness.kind === 'present' || witness.kind === 'gone') return 'existence'
  if (witness.kind === 'is') return JSON.stringify(witness.path)
  if (witness.kind === 'has' || witness.kind === 'lacks') return JSON.stringify([witness.path, witness.value])
  return witness.kind
}

function agrees(given: Json, wanted: Json): boolean {
  if (isObject(wanted)) {
    if (!isObject(given)) return false
    return Object.entries(wanted).every(([key, value]) => agrees(Object.hasOwn(given, key) ? (given[key] ?? null) : null, value))
  }
  if (Array.isArray(wanted)) {
    return (wanted as readonly Json[]).every(
      (each) => Array.isArray(given) && (given as readonly Json[]).some((member) => agrees(member, each)),
    )
  }
  return given === wanted
}
