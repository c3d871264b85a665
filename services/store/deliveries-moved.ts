import { sql, type RawBuilder } from 'kysely'
import { severities, type RoutedTo } from '#model'
import type { Database } from './database.ts'
import { isMine } from './deliveries.ts'
import type { LeasedDelivery } from './store.ts'
import { json, now, storableText, texts } from './values.ts'

interface Moved {
  readonly id: string
  readonly alertId: string
  readonly extra: boolean
  readonly part: string
  readonly threadId: string | null
}

/** Holds a leased row; null when the lease was lost. */
function hold(database: Database, delivery: LeasedDelivery): Promise<Moved | null> {
  return database.first<Moved>(sql`
    select d.id, d.alert_id as "alertId", d.extra, d.part, d.thread_id as "threadId" from deliveries as d
    where ${isMine(delivery)} for update`)
}

export async function divert(
  database: Database,
  delivery: LeasedDelivery,
  reason: string,
  instead: RoutedTo | null,
): Promise<boolean> {
  const mine = await hold(database, delivery)
  if (mine === null) return false
  const along = mine.part === 'head' ? sql`thread_id = ${mine.threadId} or told_by = ${mine.id}` : sql`told_by = ${mine.id}`
  const flapping = sql`part = 'again' and told_by in (select id from deliveries where ${along})`
  if (mine.part === 'head') await database.rows(sql`update threads set closed_at = ${now} where id = ${mine.threadId}`)
  const closed = await database.rows<{ alertId: string; rank: number; told: boolean }>(sql`
    with moved as (
      select id from deliveries where (id = ${mine.id} or ${along} or ${flapping}) and status <> 'closed' order by id for update
    )
    update deliveries as d set status = 'closed', reason = ${storableText(reason)}, settled_at = ${now}, token = null, sending = false
    from moved where d.id = moved.id
    returning d.alert_id as "alertId", d.rank, d.part in ('rest', 'reminder') as told`)
  const alerts = [...new Set(closed.filter(({ told }) => !told).map(({ alertId }) => alertId))]
  if (instead === null || alerts.length === 0) return true
  await database.rows(sql`
    insert into deliveries (alert_id, destination, channel, team, because, rank, status, due_at, created_at)
    select alert_id, destination, channel, team, because, rank, 'due', ${now}, ${now}
    from (
      select distinct on (alert_id) alert_id, case when rank < 0 then rank + ${severities.length}::integer else rank end as rank, number from deliveries
      where alert_id = any (${texts(alerts)}) and destination = ${delivery.to.destination} and channel = ${delivery.to.channel}
        and status = 'closed'
      order by alert_id, extra
    ) as moved, jsonb_to_recordset(${json([instead])}) as given(destination text, channel text, team text, because text)
    order by number on conflict do nothing`)
  return true
}

export async function lost(database: Database, delivery: LeasedDelivery, reason: string): Promise<boolean> {
  const mine = await hold(database, delivery)
  if (mine === null) return false
  if (delivery.message !== null) {
    if (mine.part !== 'head') await close(database, mine.id, reason)
    await beginAnew(database, sql`d.told_by = ${mine.id} or d.part = 'again' and teller.told_by = ${mine.id}`)
  }
  if (mine.threadId !== null && (mine.part === 'head' || delivery.message === null))
    await leaveThread(database, mine.threadId, reason)
  return true
}

/** A thread whose head was deleted takes nothing in any more: what nobody has been told of it yet begins anew. */
export async function leaveThread(database: Database, threadId: string, reason: string): Promise<void> {
  const thread = await database.first<{ headId: string; toldAlone: boolean }>(sql`
    update threads set closed_at = coalesce(closed_at, ${now}) where id = ${threadId} returning head_id as "headId", told_alone as "toldAlone"`)
  const unsaid = await database.rows<{ part: string }>(sql`
    update deliveries set status = 'closed', reason = ${storableText(reason)}, settled_at = ${now}, token = null, sending = false
    where thread_id = ${threadId} and extra and first_sent_at is null and status <> 'closed' returning part`)
  if (thread === null) return
  const stood = await close(database, thread.headId, reason)
  await beginAnew(database, sql`d.thread_id = ${threadId} and d.id <> ${thread.headId}`)
  // Its head counted the first finding and its reply was to tell it.
  if (stood && !thread.toldAlone && unsaid.some(({ part }) => part === 'reply')) await again(database, [thread.headId])
}

/** False: it was closed before. */
async function close(database: Database, id: string, reason: string): Promise<boolean> {
  const closed = await database.first(sql`
    update deliveries set status = 'closed', reason = ${storableText(reason)}, settled_at = ${now}, token = null
    where id = ${id} and status <> 'closed' returning 1`)
  return closed !== null
}

/** What of these rows is in no message that anybody saw. */
async function beginAnew(database: Database, which: RawBuilder<boolean>): Promise<void> {
  const untold = await database.rows<{ id: string }>(sql`
    select d.id from deliveries as d left join deliveries as teller on teller.id = d.told_by
    left join deliveries as own on own.id = teller.told_by
    where (${which}) and not d.extra and case
      when d.status = 'joined' then d.joined_wish > coalesce(own.shown_wish, teller.shown_wish)
      else d.status in ('due', 'held') and d.first_sent_at is null end
    order by d.id for update of d`)
  await again(
    database,
    untold.map(({ id }) => id),
  )
}

/** Makes rows as new. */
async function again(database: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await database.rows(sql`
    update deliveries set status = 'due', due_at = ${now}, part = 'whole', gathered = false, thread_id = null, change_digest = null,
      told_by = null, joined_wish = null, message = null, first_sent_at = null, token = null, sending = false,
      rank = case when rank < 0 then rank + ${severities.length}::integer else rank end
    where id = any (${texts(ids)})`)
}
