import type { JsonObject, ResourceRef } from '#model'
import type { Session } from '#aws'

/** Reads one resource type. One file a type, all alike. */
export interface Fetcher {
  /** `AWS.S3.Bucket` */
  readonly type: string
  /** Raised whenever the attributes' shape changes, so that a new shape is never taken for a change. */
  readonly shape: number
  readonly scope: 'regional' | 'global'
  /**
   * Attributes that change with nobody changing the resource (when it was last used, counters of its own doing): they are kept
   * up to date, but are no change. Dotted paths; `[]` goes into each member of a list.
   */
  readonly volatile?: readonly string[]
  /** The id that events know it by, where that is not its own: IAM's without their path, say. */
  readonly eventId?: (id: string) => string
  /**
   * The ids of all resources of the type in the session's account and region, page by page, after the page whose `next` is given.
   * Throws InventoryError.
   */
  list(session: Session, after: string | null): AsyncIterable<Page>
  /** The truth about one resource, or `gone`. Throws InventoryError with a cause for everything else: unknown is never gone. */
  fetch(session: Session, ref: ResourceRef): Promise<Fetched>
}
/** Some ids of a listing. */
export interface Page {
  readonly ids: readonly string[]
  /** Where the listing goes on; null after the last page. */
  readonly next: string | null
}
export type Fetched = { readonly status: 'present'; readonly attributes: JsonObject } | { readonly status: 'gone' }
/** Why a resource could not be read. */
export type UnknownCause =
  | 'access-denied'
  | 'scp-denied'
  | 'region-off'
  | 'role-missing'
  | 'throttled'
  | 'unavailable'
  | 'bad-answer'
/** All fetchers behind one door. */
export interface Inventory {
  readonly types: readonly string[]
  shape(type: string): number
  scope(type: string): 'regional' | 'global'
  /** Attributes of the type that change by themselves; see Fetcher. */
  volatile(type: string): readonly string[]
  /** The id that events know the resource by: mostly its own. */
  eventId(ref: ResourceRef): string
  /** The ids in a scope, page by page, from the beginning or after the page whose `next` is given. Throws InventoryError. */
  list(scope: { accountId: string; region: string; type: string }, after: string | null, signal: AbortSignal): AsyncIterable<Page>
  /** Deadline 8 s. Throws InventoryError. */
  fetch(ref: ResourceRef, signal: AbortSignal): Promise<Fetched>
}
