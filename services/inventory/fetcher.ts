import type { JsonObject, ResourceRef } from '#model'
import type { Session } from '#aws'

/** Reads one resource type. One file a type, all alike. */
export interface Fetcher {
  /** `AWS.S3.Bucket` */
  readonly type: string
  /** Raised whenever the attributes' shape changes, so that a new shape is never taken for a change. */
  readonly shape: number
  readonly scope: 'regional' | 'global'
  /** The ids of all resources of the type in the session's account and region. Throws InventoryError. */
  list(session: Session): AsyncIterable<string>
  /** The truth about one resource, or `gone`. Throws InventoryError with a cause for everything else: unknown is never gone. */
  fetch(session: Session, ref: ResourceRef): Promise<Fetched>
}
export type Fetched = { readonly status: 'present'; readonly attributes: JsonObject } | { readonly status: 'gone' }
/** Why a resource could not be read. */
export type UnknownCause = 'access-denied' | 'region-off' | 'role-missing' | 'throttled' | 'unavailable' | 'bad-answer'
/** All fetchers behind one door. */
export interface Inventory {
  readonly types: readonly string[]
  shape(type: string): number
  scope(type: string): 'regional' | 'global'
  list(scope: { accountId: string; region: string; type: string }, signal: AbortSignal): AsyncIterable<string>
  /** Deadline 8 s. Throws InventoryError. */
  fetch(ref: ResourceRef, signal: AbortSignal): Promise<Fetched>
}
