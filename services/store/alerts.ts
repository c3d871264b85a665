import { sql } from 'kysely'
import { severities, type AlertContent } from '#model'
import type { Database } from './database.ts'
import type { Alerts } from './store.ts'
import { digest, json, now, wait } from './values.ts'

/** Edits of a thread's head wait so long after the one before: a storm is few edits. */
export const headEditMs = 2_000

export function createAlerts(database: Database): Alerts {
  return {
    async create({ findingId, key, content, to }) {
      const row = await database.first<{ id: string }>(sql`
        with alert as (
          insert into alerts (finding_id, key_digest, content, created_at, revised_at)
          values (${findingId}, ${digest(key)}, ${json(content)}, ${now}, ${now})
          on conflict do nothing
          returning id
        ), outbox as (
          insert into deliveries (alert_id, destination, channel, team, because, rank, status, due_at, created_at, gathered)
          select alert.id, destination, channel, team, because, ${rankOf(content)}, 'due', ${now}, ${now}, ${content.kind !== 'finding'}
          from alert, jsonb_to_recordset(${json(to)}) as given(destination text, channel text, team text, because text)
          order by destination, channel
          on conflict do nothing
        )
        select id from alert`)
      return row?.id ?? null
    },
    revise: (findingId, change, delayMs) => database.together((within) => revise(within, findingId, change, delayMs)),
    byFinding: (findingId) =>
      database.first<{ id: string; content: AlertContent; revision: number }>(
        sql`select id, content, revision from alerts where finding_id = ${findingId}`,
      ),
  }
}

/**
 * Holds the alert's row to the end: a delivery settled meanwhile waits for it, and so sees the new revision. Then its deliveries' rows, so
 * that it sees where a lease that was under way has gathered them; only then every message that tells of it is known.
 */
async function revise(
  database: Database,
  findingId: string,
  change: (content: AlertContent) => AlertContent,
  delayMs: number,
): Promise<string | null> {
  const alert = await database.first<{ id: string; content: AlertContent }>(
    sql`select id, content from alerts where finding_id = ${findingId} for update`,
  )
  if (alert === null) return null
  const content = change(alert.content)
  await database.rows(sql`
    update alerts set content = ${json(content)}, revision = revision + 1, revised_at = ${now} where id = ${alert.id}`)
  await database.rows(sql`select from deliveries where alert_id = ${alert.id} order by id for update`)
  await database.rows(sql`
    with recursive tellers as (
      select id, told_by, thread_id from deliveries where alert_id = ${alert.id} or shows = ${alert.id}
      union
      select d.id, d.told_by, d.thread_id from deliveries as d join tellers on d.id = tellers.told_by
    ), concerned as (
      select id, false as head from tellers
      union all
      select head_id, true from threads where id in (select thread_id from tellers) and changes > 1
    ), held as (
      select id, (select bool_or(head) from concerned where concerned.id = d.id) as head from deliveries as d
      where id in (select id from concerned) and status <> 'closed' order by id for update
    )
    update deliveries as d set wish = d.wish + 1, status = case when d.status = 'sent' then 'due' else d.status end,
      due_at = case when d.status <> 'sent' then d.due_at
        when held.head then greatest(${now}, d.settled_at + ${wait(headEditMs)}) else ${now} + ${wait(delayMs)} end
    from held where d.id = held.id`)
  return alert.id
}

/** What goes out first. A summary can wait; a word to the operators is worth a HIGH finding. */
function rankOf(content: AlertContent): number {
  if (content.kind === 'finding') return severities.indexOf(content.severity)
  return severities.indexOf(content.kind === 'note' ? (content.severity ?? 'HIGH') : 'INFO')
}
