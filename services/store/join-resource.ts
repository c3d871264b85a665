import { sql } from 'kysely'
import { groupKeyOf, wholeActor, type AlertContent, type FindingAlert } from '#model'
import type { Database } from './database.ts'
import type { Fresh } from './gather-thread.ts'
import { digest, now, texts, wait } from './values.ts'

// A thread is one doing. What is only reported (AWS says that it saw something) is nobody's doing: it belongs to what is told of the same resource.

/** A thread takes in what comes within ten minutes of what came last, four hours long at most. */
const windowMs = 10 * 60_000
const longestMs = 4 * 3_600_000

/** True while a thread takes in more. */
export const takesIn = sql<boolean>`(closed_at is null and joined_at > ${now} - ${wait(windowMs)} and started_at > ${now} - ${wait(longestMs)})`

/** The thread's key of each new finding: its doing's, or that of the thread that tells of its resource, when one of both is a report. */
export async function threadKeysOf(database: Database, fresh: readonly Fresh[]): Promise<ReadonlyMap<string, string>> {
  const about = [...new Set(fresh.flatMap((each) => resourceDigestOf(each) ?? []))]
  const open = await openAbout(database, about)
  const keys = new Map<string, string>()
  const reports: (readonly [Fresh, string])[] = []
  for (const each of fresh) {
    const { id, destination, channel, content } = each
    const resource = resourceDigestOf(each)
    if (resource !== null && content.kind === 'finding' && isReport(content)) reports.push([each, resource])
    // A thread that a report began has its resource for a key.
    else
      keys.set(
        id,
        resource !== null && open.get(resource)?.begun === true ? resource : digest(destination, channel, keyOf(content)),
      )
  }
  const together = new Map(fresh.flatMap((each) => (keys.has(each.id) ? [[resourceDigestOf(each), keys.get(each.id)]] : [])))
  for (const [{ id }, resource] of reports) keys.set(id, open.get(resource)?.key ?? together.get(resource) ?? resource)
  return keys
}

/** By resource, the key of the thread that told of it last, and whether a thread has it for a key. */
async function openAbout(
  database: Database,
  about: readonly string[],
): Promise<ReadonlyMap<string, { readonly key: string; readonly begun: boolean }>> {
  if (about.length === 0) return new Map()
  const found = await database.rows<{ resource: string; key: string }>(sql`
    select d.resource_digest as resource, t.group_digest as key
    from deliveries as d join threads as t on t.id = d.thread_id
    where d.resource_digest = any (${texts(about)}) and d.thread_id is not null and ${takesIn}
    group by d.resource_digest, t.id order by t.joined_at`)
  const begun = new Set(found.flatMap(({ resource, key }) => (resource === key ? [key] : [])))
  return new Map(found.map(({ resource, key }) => [resource, { key, begun: begun.has(resource) }]))
}

/** The resource of a finding, in its channel; null for findings without one. */
export function resourceDigestOf({
  destination,
  channel,
  content,
}: Pick<Fresh, 'destination' | 'channel' | 'content'>): string | null {
  if (content.kind !== 'finding' || content.place.resourceId === null) return null
  const { accountId, region, resourceType, resourceId } = content.place
  return digest(destination, channel, 'resource', accountId, region, resourceType, resourceId)
}

/** What a service or a log says that it saw, nobody's own doing. */
export function isReport({ cause }: Pick<FindingAlert, 'cause'>): boolean {
  return cause !== null && wholeActor(cause.actor).identity === 'report'
}

function keyOf(content: AlertContent): string {
  return content.kind === 'finding' && content.cause !== null ? groupKeyOf(content.cause) : ''
}
