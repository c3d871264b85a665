import { sql, type RawBuilder } from 'kysely'
import type { Database } from './database.ts'
import { lease } from './deliveries-lease.ts'
import { divert, leaveThread, lost } from './deliveries-moved.ts'
import { remind } from './reminders.ts'
import type { Deliveries, LeasedDelivery } from './store.ts'
import { json, now, storableText, wait } from './values.ts'

export function createDeliveries(database: Database): Deliveries {
  const wrote = async (query: RawBuilder<unknown>): Promise<boolean> => (await database.first(query)) !== null
  return {
    lease: (limit, leaseMs, threaded = []) => database.together((within) => lease(within, limit, leaseMs, threaded)),
    renew: (delivery, leaseMs) =>
      wrote(sql`update deliveries as d set due_at = ${now} + ${wait(leaseMs)} where ${isMine(delivery)} returning 1`),
    sending: (delivery, gapMs = 0) =>
      wrote(sql`
        with mine as (
          update deliveries as d set sending = true where ${isMine(delivery)} returning d.destination, d.channel
        ), gate as (
          ${closeGate(sql`select destination, channel from mine where ${gapMs > 0}`, gapMs)}
        )
        select 1 from mine`),
    sent: (delivery, message, astray = false) =>
      database.together(async (within) => {
        // The alert's row is held first, so that a revision is either seen here or finds this delivery sent.
        const settled = await within.first<{ threadId: string | null; first: boolean }>(sql`
          with alert as (select id, revision from alerts where id = ${delivery.alertId} for share),
          mine as (select d.id, d.message is null as first from deliveries as d where ${isMine(delivery)} for update)
          update deliveries as d set message = ${json(message)}, first_sent_at = coalesce(d.first_sent_at, ${now}),
            shown_revision = ${delivery.revision}, shown_wish = ${delivery.wish},
            status = case when alert.revision > ${delivery.revision} or d.wish > ${delivery.wish} then 'due' else 'sent' end,
            due_at = ${now}, settled_at = ${now}, token = null, attempts = 0, sending = false, uncertain = false, reason = null
          from alert, mine where alert.id = d.alert_id and d.id = mine.id
          returning d.thread_id as "threadId", mine.first and d.part = 'head' as first`)
        if (settled?.first === true) await openThread(within, settled.threadId, delivery)
        if (astray && settled?.threadId) await leaveThread(within, settled.threadId, 'the head of its thread was deleted')
        return settled !== null
      }),
    giveBack: (delivery, delayMs, reason, certain) =>
      wrote(sql`
        update deliveries as d set due_at = ${now} + ${wait(delayMs)}, attempts = d.attempts + 1, reason = ${storableText(reason)},
          token = null, sending = false, uncertain = d.uncertain or ${!certain}
        where ${isMine(delivery)} returning 1`),
    holdUp: (delivery, what, ms) =>
      wrote(sql`
        with mine as (
          update deliveries as d set due_at = ${now}, token = null, sending = false where ${isMine(delivery)}
          returning d.destination, case when ${what} = 'edits' then '' else d.channel end as channel
        ), gate as (
          ${closeGate(sql`select destination, channel from mine`, ms)}
        )
        select 1 from mine`),
    lost: (delivery, reason) => database.together((within) => lost(within, delivery, reason)),
    divert: (delivery, reason, instead) => database.together((within) => divert(within, delivery, reason, instead)),
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
    remind: (periods, threaded) => database.together((within) => remind(within, periods, threaded)),
    waiting: () =>
      database.one<{ count: number; oldestMs: number }>(sql`
        select count(*) as count, coalesce(greatest(extract(epoch from ${now} - min(due_at)) * 1000, 0), 0)::float8 as "oldestMs"
        from deliveries where status = 'held' or status = 'due' and (token is null or due_at <= ${now})`),
  }
}

export function isMine(delivery: LeasedDelivery): RawBuilder<boolean> {
  return sql<boolean>`d.id = ${delivery.id} and d.token = ${delivery.token}`
}

/** A gate never opens earlier than it was said before. */
function closeGate(which: RawBuilder<unknown>, ms: number): RawBuilder<unknown> {
  return sql`
    insert into gates as g (destination, channel, open_at)
    select destination, channel, ${now} + ${wait(ms)} from (${which}) as which
    on conflict (destination, channel) do update set open_at = greatest(g.open_at, excluded.open_at)`
}

/** The head stands: its replies may follow. A statement of its own, which sees what a lease gathered while the head's row was waited for. */
async function openThread(database: Database, threadId: string | null, { together }: LeasedDelivery): Promise<void> {
  await database.rows(sql`update threads set told_alone = ${together?.kind !== 'storm'} where id = ${threadId}`)
  await database.rows(sql`update deliveries set status = 'due', due_at = ${now} where thread_id = ${threadId} and status = 'held'`)
}
