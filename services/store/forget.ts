import { sql, type RawBuilder } from 'kysely'
import type { Database } from './database.ts'
import { now } from './values.ts'

/** Messages are forgotten so many at a time: no statement takes long. */
const unitsAtOnce = 500
const rowsAtOnce = 5_000

/**
 * Forgets findings that ended `days` ago, and what told them. A thread, and a message that tells several findings, is forgotten as a
 * whole, when the last of its findings is: what is left of it would count wrongly.
 */
export async function forgetStories(database: Database, days: number): Promise<void> {
  const cutoff = sql`${now} - ${days}::integer * interval '1 day'`
  const over = sql`coalesce(f.ended_at, f.period_ends_at) < ${cutoff}`
  for (const table of ['summarised', 'investigations'])
    await inSteps(database, rowsAtOnce, (limit) => {
      const each = sql.table(table)
      return sql`delete from ${each} where ctid = any (array(
        select each.ctid from findings as f join ${each} as each on each.finding_id = f.id where ${over} limit ${limit} for update of each skip locked))`
    })

  // A note or a summary is over when nothing it told is there any more.
  const overAlerts = sql`(
    select a.id from findings as f join alerts as a on a.finding_id = f.id where ${over}
    union all
    select a.id from alerts as a where a.finding_id is null and a.revised_at < ${cutoff}
      and not exists (select from summarised as s where s.alert_id = a.id))`
  const columns = sql`d.id, d.alert_id, d.thread_id, d.status, d.token, d.shows`
  await inSteps(database, unitsAtOnce, (limit) => {
    return sql`
      with over_alerts as materialized ${overAlerts},
      units as (
        select distinct coalesce(d.thread_id, teller.thread_id, d.told_by, d.id) as unit
        from over_alerts as o join deliveries as d on d.alert_id = o.id left join deliveries as teller on teller.id = d.told_by
      ), members as (
        select u.unit, ${columns} from units as u join deliveries as d on d.thread_id = u.unit
        union select u.unit, ${columns} from units as u join deliveries as d on d.id = u.unit
        union select u.unit, ${columns} from units as u join deliveries as d on d.told_by = u.unit
        union select u.unit, ${columns} from units as u join deliveries as t on t.thread_id = u.unit join deliveries as d on d.told_by = t.id
      ), old as (
        select unit from members as m group by unit
        having bool_and(m.status in ('sent', 'joined', 'closed') and m.token is null
          and coalesce(m.thread_id, m.unit) = m.unit
          and m.alert_id in (select id from over_alerts)
          and (m.shows is null or m.shows in (select id from over_alerts)))
        limit ${limit}
      ), ended as (
        delete from threads where id in (select unit from old) returning 1
      )
      delete from deliveries where id in (select m.id from members as m join old on old.unit = m.unit)`
  })
  await inSteps(database, rowsAtOnce, (limit) => {
    return sql`delete from alerts where id = any (array(
      select o.id from ${overAlerts} as o
      where not exists (select from deliveries as d where d.alert_id = o.id or d.shows = o.id)
        and not exists (select from summarised as s where s.alert_id = o.id) limit ${limit}))`
  })
  await inSteps(database, rowsAtOnce, (limit) => {
    return sql`delete from findings where id = any (array(
      select f.id from findings as f where ${over}
        and not exists (select from alerts as a where a.finding_id = f.id)
        and not exists (select from summarised as s where s.finding_id = f.id)
        and not exists (select from investigations as i where i.finding_id = f.id) limit ${limit}))`
  })
}

async function inSteps(database: Database, most: number, step: (limit: RawBuilder<unknown>) => RawBuilder<unknown>): Promise<void> {
  for (;;) {
    const gone = await database.rows(sql`${step(sql`${most}::integer`)} returning 1`)
    if (gone.length === 0) return
  }
}
