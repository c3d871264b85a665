import { sql } from 'kysely'
import type { Finding } from '#model'

export interface FindingRow extends Omit<Finding, 'resource'> {
  readonly resourceType: string | null
  readonly resourceId: string | null
}

/** A finding's columns, under its own names; the table is called `f`. */
export const findingColumns = sql`
  f.id, f.detection_id as "detectionId", f.kind, f.account_id as "accountId", f.region, f.resource_type as "resourceType",
  f.resource_id as "resourceId", f.key, f.epoch, f.origin, f.status, f.severity, f.title, f.context, f.causes, f.differences,
  f.count, coalesce(f.summary, '[]') as summary, f.staged, f.opened_at as "openedAt", f.ended_at as "endedAt"`

export function findingOf({ resourceType, resourceId, ...row }: FindingRow): Finding {
  const { accountId, region } = row
  const resource = resourceType === null || resourceId === null ? null : { accountId, region, type: resourceType, id: resourceId }
  return { ...row, resource }
}
