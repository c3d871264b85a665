import { sql, type RawBuilder } from 'kysely'
import type { AlertContent, JsonObject, RoutedTo } from '#model'
import type { Database } from './database.ts'
import type { Deliveries, LeasedDelivery } from './store.ts'
import { json, now, storableText, wait } from './values.ts'

export function createDeliveries(database: Database): Deliveries {
  const wrote = async (query: RawBuilder<unknown>): Promise<boolean> => (await database.first(query)) !== null
  return {
    lease: (limit, leaseMs) => database.together((within) => lease(within, limit, leaseMs)),
    sending: (delivery) => wrote(sql`update deliveries as d set sending = true where ${isMine(delivery)} returning 1`),
    sent: (delivery, message) =>
      // The alert's row is held first, so that a revision is either seen here or finds this delivery sent.
      wrote(sql`
        with alert as (select id, revision from alerts where id = ${delivery.alertId} for share)
        update deliveries as d set message = ${json(message)}, first_sent_at = coalesce(d.first_sent_at, ${now}), shown_revision = ${delivery.revision},
          status = case when alert.revision > ${delivery.revision} then 'due' else 'sent' end, due_at = ${now}, settled_at = ${now},
          token = null, attempts = 0, sending = false, uncertain = false, reason = null
        from alert where alert.id = d.alert_id and ${isMine(delivery)} returning 1`),
    giveBack: (delivery, delayMs, reason, certain) =>
      wrote(sql`
        update deliveries as d set due_at = ${now} + ${wait(delayMs)}, attempts = d.attempts + 1, reason = ${storableText(reason)},
          token = null, sending = false, uncertain = d.uncertain or ${!certain}
        where ${isMine(delivery)} returning 1`),
    divert: (delivery, reason, instead) =>
      wrote(sql`
        with closed as (
          update deliveries as d set status = 'closed', reason = ${storableText(reason)}, settled_at = ${now}, token = null,
            sending = false
          where ${isMine(delivery)} returning d.alert_id, d.rank
        ), opened as (
          insert into deliveries (alert_id, destination, channel, team, because, rank, status, due_at, created_at)
          select closed.alert_id, destination, channel, team, because, closed.rank, 'due', ${now}, ${now}
          from closed, jsonb_to_recordset(${json(instead === null ? [] : [instead])})
            as given(destination text, channel text, team text, because text)
          on conflict do nothing
        )
        select 1 from closed`),
    async release(deliveries) {
      if (deliveries.length === 0) return
      const given = deliveries.map(({ id, token }) => ({ id, token }))
      await database.rows(sql`
        with mine as (
          select d.id from deliveries as d join jsonb_to_recordset(${json(given)}) as given(id text, token text) using (id, token)
          order by d.id for update of d
        )
        update deliveries as d set due_at = ${now}, token = null, uncertain = d.uncertain or d.sending, sending = false
        from mine where d.id = mine.id`)
    },
    waiting: () =>
      database.one<{ count: number; oldestMs: number }>(sql`
        select count(*) as count, coalesce(greatest(extract(epoch from ${now} - min(due_at)) * 1000, 0), 0)::float8 as "oldestMs"
        from deliveries where status = 'due' and (token is null or due_at <= ${now})`),
  }
}

function isMine(delivery: LeasedDelivery): RawBuilder<boolean> {
  return sql<boolean>`d.id = ${delivery.id} and d.token = ${delivery.token}`
}

interface Row extends Omit<LeasedDelivery, 'to'>, RoutedTo {
  readonly content: AlertContent
  readonly message: JsonObject | null
}

/**
 * One worker leases at a time (the lock ends with the transaction): only so can a statement see every channel that is busy.
 * A lease that ran out while a post was being sent leaves that post uncertain.
 */
async function lease(database: Database, limit: number, leaseMs: number): Promise<readonly LeasedDelivery[]> {
  await database.rows(sql`select pg_advisory_xact_lock(hashtext('tripline delivery lease'))`)
  const rows = await database.rows<Row>(sql`
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
    ), candidates as (
      select first.*
      from channels, lateral (
        select id, rank, due_at from deliveries
        where status = 'due' and destination = channels.destination and channel = channels.channel and due_at <= (select now from moment)
        order by rank desc, due_at limit 1
      ) as first
      where not exists (
        select from deliveries as busy
        where busy.token is not null and busy.destination = channels.destination and busy.channel = channels.channel
          and busy.due_at > (select now from moment)
      )
    ), chosen as (
      select d.id, c.rank, c.due_at as waited
      from candidates as c join deliveries as d on d.id = c.id
      where d.status = 'due' and d.due_at <= (select now from moment)
      order by c.rank desc, c.due_at limit ${limit}::integer
      for update of d skip locked
    ), lent as (
      update deliveries as d set token = gen_random_uuid()::text, due_at = (select now from moment) + ${wait(leaseMs)},
        uncertain = d.uncertain or d.sending, sending = false
      from chosen where d.id = chosen.id
      returning d.*, chosen.waited
    )
    select lent.id, token, alert_id as "alertId", finding_id as "findingId", destination, channel, team, because, content, revision, message, attempts, uncertain,
      first_sent_at as "sentAt"
    from lent join alerts on alerts.id = lent.alert_id
    order by rank desc, waited`)
  return rows.map(leasedOf)
}

function leasedOf({ destination, channel, team, because, ...row }: Row): LeasedDelivery {
  return { ...row, to: { destination, channel, team, because } }
}
