import { sql } from 'kysely'
import type { AlertContent, JsonObject, RoutedTo } from '#model'
import type { Database } from './database.ts'
import { leaveThread } from './deliveries-moved.ts'
import { gather } from './gather.ts'
import type { LeasedDelivery } from './store.ts'
import { tellTogether } from './together.ts'
import { now, texts, wait } from './values.ts'

/** A leased row, before it is known what else it tells. */
export interface LeasedRow extends Omit<LeasedDelivery, 'to' | 'together' | 'flapping' | 'in'>, RoutedTo {
  readonly content: AlertContent
  readonly part: 'whole' | 'head' | 'reply' | 'rest' | 'reminder'
  readonly extra: boolean
  readonly threadId: string | null
  readonly toldBy: string | null
  readonly flaps: number | null
  readonly flapsWithinMs: number | null
  readonly openForMs: number | null
  /** The message to answer. */
  readonly headMessage: JsonObject | null
  /** How many changes its thread tells of; null without a thread. */
  readonly changes: number | null
  /** The thread's first message was posted as that one change's. */
  readonly toldAlone: boolean | null
}

/**
 * One worker leases at a time (the lock ends with the transaction): only so can a statement see every channel that is busy, and only so
 * is one thread begun for what belongs together. Edits of a destination share one limit, so one is lent at a time: none is on its way
 * when another hears that they must wait. A lease that ran out while a post was being sent leaves that post uncertain.
 */
export async function lease(
  database: Database,
  limit: number,
  leaseMs: number,
  threaded: readonly string[],
): Promise<readonly LeasedDelivery[]> {
  await database.rows(sql`select pg_advisory_xact_lock(hashtext('tripline delivery lease'))`)
  if (threaded.length > 0) await gather(database, threaded)
  for (;;) {
    const lent = await lend(database, limit, leaseMs, threaded)
    const told = await read(database, lent)
    // What had nothing to say any more was closed: others may have its place.
    if (told.length > 0 || (lent.length === 0 && !(await openHeld(database)))) return told
  }
}

async function lend(database: Database, limit: number, leaseMs: number, threaded: readonly string[]): Promise<readonly string[]> {
  const lent = await database.rows<{ id: string }>(sql`
    with recursive moment as materialized (select tripline_now() as now),
    channels as (
      (select destination, channel from deliveries where status = 'due' order by destination, channel limit 1)
      union all
      select next.destination, next.channel
      from channels, lateral (
        select destination, channel from deliveries
        where status = 'due' and (destination, channel) > (channels.destination, channels.channel)
        order by destination, channel limit 1
      ) as next
    ), open_channels as (
      select destination, channel,
        not exists (select from gates as g where g.destination = channels.destination and g.channel = channels.channel
          and g.open_at > (select now from moment)) as posts,
        not exists (select from gates as g where g.destination = channels.destination and g.channel = ''
          and g.open_at > (select now from moment))
        and not exists (select from deliveries as busy where busy.token is not null and busy.destination = channels.destination
          and busy.message is not null and busy.due_at > (select now from moment)) as edits
      from channels
    ), candidates as (
      select first.*
      from open_channels as c, lateral (
        select id, destination, rank, number, due_at, message is not null as edit from deliveries
        where status = 'due' and destination = c.destination and channel = c.channel and due_at <= (select now from moment)
          and case when message is null then c.posts else c.edits end
          and (gathered or destination <> all (${texts(threaded)}))
        order by rank desc, number limit 1
      ) as first
      where (c.posts or c.edits) and not exists (
        select from deliveries as busy
        where busy.token is not null and busy.destination = c.destination and busy.channel = c.channel
          and busy.due_at > (select now from moment)
      )
    ), ranked as (
      select c.*, row_number() over (partition by destination, edit order by rank desc, number) as place from candidates as c
    ), chosen as (
      select d.id, c.rank, c.due_at as waited
      from ranked as c join deliveries as d on d.id = c.id
      where d.status = 'due' and d.due_at <= (select now from moment) and (not c.edit or c.place = 1)
      order by c.rank desc, c.due_at limit ${limit}::integer
      for update of d skip locked
    )
    update deliveries as d set token = gen_random_uuid()::text, due_at = (select now from moment) + ${wait(leaseMs)},
      uncertain = d.uncertain or d.sending, sending = false
    from chosen where d.id = chosen.id
    returning d.id`)
  return lent.map(({ id }) => id)
}

/** What is said is read after the rows were taken: whatever changes from now on, changes a wish or a revision too. */
async function read(database: Database, ids: readonly string[]): Promise<readonly LeasedDelivery[]> {
  if (ids.length === 0) return []
  const rows = await database.rows<LeasedRow>(sql`
    select d.id, d.token, d.alert_id as "alertId", shown.finding_id as "findingId", d.destination, d.channel, d.team, d.because, shown.content, own.revision, d.message,
      d.attempts, d.uncertain, d.wish, d.part, d.extra, d.thread_id as "threadId", d.told_by as "toldBy", d.flaps,
      d.flaps_within_ms as "flapsWithinMs", d.open_for_ms as "openForMs", d.created_at as "createdAt", threads.changes, threads.told_alone as "toldAlone",
      case when d.shows is null then d.first_sent_at else shown.created_at end as "sentAt",
      case when d.part in ('reply', 'rest') then head.message when d.part = 'reminder' then coalesce(above.message, reminded.message) end as "headMessage"
    from deliveries as d
    join alerts as own on own.id = d.alert_id
    join alerts as shown on shown.id = coalesce(d.shows, d.alert_id)
    left join threads on threads.id = d.thread_id
    left join deliveries as head on head.id = threads.head_id
    left join deliveries as reminded on reminded.id = d.told_by
    left join threads as around on around.id = reminded.thread_id
    left join deliveries as above on above.id = around.head_id
    where d.id = any (${texts(ids)})
    order by d.rank desc, d.number`)
  return tellTogether(database, rows)
}

/** A head that a version without threads settled opened nothing. True when something was opened. */
async function openHeld(database: Database): Promise<boolean> {
  const opened = await database.rows(sql`
    update deliveries as d set status = 'due', due_at = ${now} from threads as t join deliveries as head on head.id = t.head_id
    where d.status = 'held' and t.id = d.thread_id and head.message is not null and head.status <> 'closed' returning 1`)
  const left = await database.rows<{ id: string }>(sql`
    select distinct t.id from deliveries as d join threads as t on t.id = d.thread_id join deliveries as head on head.id = t.head_id
    where d.status = 'held' and head.status = 'closed'`)
  for (const { id } of left) await leaveThread(database, id, 'the head of its thread was closed')
  return opened.length > 0
}

/** Ends leases of what has nothing to say any more. */
export async function closeAll(database: Database, ids: readonly string[], reason: string): Promise<void> {
  if (ids.length === 0) return
  await database.rows(sql`
    update deliveries set status = 'closed', reason = ${reason}, settled_at = ${now}, token = null where id = any (${texts(ids)})`)
}
