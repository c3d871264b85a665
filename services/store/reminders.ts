import { sql } from 'kysely'
import type { Severity } from '#model'
import type { Database } from './database.ts'
import { json, now, texts } from './values.ts'

/**
 * A message is due for a reminder when the oldest open finding of a severity in it has begun another period since the last one. Half a
 * period of tolerance, so that a thread whose findings opened one after another is reminded of once. Where the first message of a thread was
 * deleted, each message below it is reminded of by itself.
 */
export async function remind(
  database: Database,
  periods: Readonly<Partial<Record<Severity, number>>>,
  threaded: readonly string[],
): Promise<number> {
  const given = Object.entries(periods).map(([severity, ms]) => ({ severity, ms }))
  if (given.length === 0 || threaded.length === 0) return 0
  const made = await database.rows(sql`
    with periods as materialized (select * from jsonb_to_recordset(${json(given)}) as p(severity text, ms float8)),
    long_open as (
      select coalesce(head.id, teller.id, own.id, d.id) as root, p.ms, min(f.opened_at) as since
      from findings as f join periods as p on p.severity = f.severity
      join alerts as a on a.finding_id = f.id
      join deliveries as d on d.alert_id = a.id and not d.extra and d.destination = any (${texts(threaded)})
      left join deliveries as teller on teller.id = d.told_by
      left join threads as t on t.id = coalesce(d.thread_id, teller.thread_id)
      left join deliveries as head on head.id = t.head_id and head.status <> 'closed'
      left join deliveries as own on head.id is null and own.thread_id = t.id and own.alert_id = d.alert_id and own.extra
        and own.part = 'reply' and own.status <> 'closed'
      where f.kind = 'policy' and f.status = 'open' and f.opened_at <= ${now} - (select min(ms) from periods) * interval '1 millisecond'
        and f.opened_at <= ${now} - p.ms * interval '1 millisecond'
      group by 1, 2
    ), wanted as (
      select d.id, max(l.ms * floor(extract(epoch from ${now} - l.since) * 1000 / l.ms))::float8 as open_for_ms
      from long_open as l join deliveries as d on d.id = l.root
      where d.status in ('sent', 'due') and d.message is not null and (d.reminded_at is null or
        floor(extract(epoch from ${now} - l.since) * 1000 / l.ms) > floor(extract(epoch from d.reminded_at - l.since) * 1000 / l.ms + 0.5))
      group by d.id
    ), due as (
      select d.id, w.open_for_ms from deliveries as d join wanted as w on w.id = d.id order by d.id for update of d
    ), counted as (
      update deliveries as d set reminded_at = ${now}, open_for_ms = due.open_for_ms, wish = d.wish + 1,
        status = case when d.status = 'sent' then 'due' else d.status end, due_at = case when d.status = 'sent' then ${now} else d.due_at end
      from due where d.id = due.id and (d.reminded_at is null or d.reminded_at < ${now} - interval '1 minute')
      returning d.id, d.alert_id, d.destination, d.channel, d.team, d.because, d.rank, case when d.part = 'head' then d.thread_id end as thread_id,
        d.open_for_ms
    )
    insert into deliveries (alert_id, destination, channel, team, because, rank, status, due_at, created_at, part, extra, gathered,
      thread_id, told_by, open_for_ms)
    select alert_id, destination, channel, team, because, rank, 'due', ${now}, ${now}, 'reminder', true, true, thread_id, id, open_for_ms
    from counted order by id returning 1`)
  return made.length
}
