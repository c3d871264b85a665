import type { JsonObject } from './json.ts'

/** Names one resource. `id` is Panther's ResourceId: mostly the ARN. `region` is `global` for account-wide services. */
export interface ResourceRef {
  readonly accountId: string
  readonly region: string
  readonly type: string
  readonly id: string
}

/** One fetched state of a resource. */
export interface Resource extends ResourceRef {
  /** From our own sequence, drawn before the fetch: a higher number is a newer look. */
  readonly number: number
  /** Version of the fetcher's shape. Two states are comparable only when it is equal. */
  readonly shape: number
  /** Panther's attributes: PascalCase, null for unset, tags as a map, policy documents as JSON text. */
  readonly attributes: JsonObject
  readonly fetchedAt: Date
}

/** One text for a reference, for maps and for sorting. */
export function resourceKey(ref: ResourceRef): string {
  return `${ref.accountId}|${ref.region}|${ref.type}|${ref.id}`
}

/** The tags of a resource, empty when it has none. */
export function tagsOf(attributes: JsonObject): ReadonlyMap<string, string> {
  const tags = attributes['Tags']
  const found = new Map<string, string>()
  if (typeof tags !== 'object' || tags === null || Array.isArray(tags)) return found
  for (const [key, value] of Object.entries(tags)) if (typeof value === 'string') found.set(key, value)
  return found
}
