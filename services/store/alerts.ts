import { sql } from 'kysely'
import { severities, type AlertContent } from '#model'
import type { Database } from './database.ts'
import type { Alerts } from './store.ts'
import { digest, json, now, wait } from './values.ts'

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
          insert into deliveries (alert_id, destination, channel, team, because, rank, status, due_at, created_at)
          select alert.id, destination, channel, team, because, ${rankOf(content)}, 'due', ${now}, ${now}
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

/** Holds the alert's row to the end: a delivery settled meanwhile waits for it, and so sees the new revision. */
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
    with revised as (
      update alerts set content = ${json(content)}, revision = revision + 1, revised_at = ${now} where id = ${alert.id}
    )
    update deliveries set status = 'due', due_at = ${now} + ${wait(delayMs)}, rank = ${rankOf(content)}
    where alert_id = ${alert.id} and status = 'sent'`)
  return alert.id
}

/** What goes out first. A summary can wait; a word to the operators is worth a HIGH finding. */
function rankOf(content: AlertContent): number {
  if (content.kind === 'finding') return severities.indexOf(content.severity)
  return severities.indexOf(content.kind === 'note' ? 'HIGH' : 'INFO')
}
