import { sql, type RawBuilder } from 'kysely'
import type { Expectation } from '#model'
import type { Database } from './database.ts'
import { markClasses, withNext } from './marks-row.ts'
import type { LeasedMark } from './store.ts'
import { texts, wait } from './values.ts'

interface Row {
  readonly accountId: string
  readonly region: string
  readonly type: string
  readonly id: string
  readonly class: number
  readonly token: string
  readonly expectations: readonly Expectation[]
  readonly scanId: string | null
  readonly attempts: number
  readonly looks: number
  readonly firstWishedAt: Date
}

/**
 * Hops over the index from account to account and takes each one's oldest few: the cost follows `limit`, not the number of waiting
 * marks or accounts. A lower class is looked into only when the higher ones do not fill the lease. More than asked for are
 * looked at, since other workers may hold the first ones locked.
 */
export async function leaseMarks(
  database: Database,
  limit: number,
  leaseMs: number,
  without: readonly string[],
): Promise<readonly LeasedMark[]> {
  const rows = await database.rows<Row>(sql`
    with recursive moment as materialized (
      select tripline_now() as now, ${texts(without)} as without
    ),
    ${candidates('event', limit, [])},
    ${candidates('recheck', limit, ['event'])},
    ${candidates('scan', limit, ['event', 'recheck'])},
    candidates as (
      select * from event_marks union all select * from recheck_marks union all select * from scan_marks
      order by line, turn, due_at limit ${limit * 4}::integer
    ), chosen as (
      select m.account_id, m.region, m.type, m.id, c.line, c.turn, c.due_at as waited
      from candidates as c join marks as m
        on m.account_id = c.account_id and m.region = c.region and m.type = c.type and m.id = c.id
      where m.due_at <= (select now from moment)
      order by c.line, c.turn, c.due_at limit ${limit}::integer
      for update of m skip locked
    ), lent as (
      update marks as m set ${withNext({
        token: sql`gen_random_uuid()::text`,
        due_at: sql`(select now from moment) + ${wait(leaseMs)}`,
        looked_at: sql`(select now from moment)`,
      })}
      from chosen
      where m.account_id = chosen.account_id and m.region = chosen.region and m.type = chosen.type and m.id = chosen.id
      returning m.account_id as "accountId", m.region, m.type, m.id, m.class, m.token, m.expectations, m.scan_id as "scanId",
        m.attempts, m.looks, m.first_wished_at as "firstWishedAt", chosen.line, chosen.turn, chosen.waited
    )
    select * from lent order by line, turn, waited`)
  return rows.map(({ accountId, region, type, id, ...row }) => ({
    ref: { accountId, region, type, id },
    class: markClasses[row.class] ?? 'scan',
    token: row.token,
    expectations: row.expectations,
    scanId: row.scanId,
    attempts: row.attempts,
    looks: row.looks,
    firstWishedAt: row.firstWishedAt,
  }))
}

/**
 * One class's marks to choose from. `lines` goes round the accounts from a place by chance, so that all have their turn when
 * there are more than one lease looks at; `found` counts those that have something due.
 */
function candidates(name: 'event' | 'recheck' | 'scan', limit: number, higher: readonly string[]): RawBuilder<unknown> {
  const place = sql.lit(markClasses.indexOf(name))
  const [lines, marks] = [sql.table(`${name}_lines`), sql.table(`${name}_marks`)]
  const start = String(Math.floor(Math.random() * 1e12)).padStart(12, '0')
  const found = higher.map((each) => sql`(select count(*) from ${sql.table(`${each}_marks`)})`)
  const unfilled = found.length === 0 ? sql`true` : sql`${sql.join(found, sql` + `)} < ${limit * 2}::integer`
  return sql`
    ${lines} (account_id, round, open, found) as (
      select ${start}::text, 1, false, 0 where ${unfilled}
      union all
      select next.account_id, next.round, next.open, lines.found + next.open::integer
      from ${lines} as lines, lateral (
        select hop.*, hop.account_id <> all ((select without from moment)::text[]) and exists (
          select from marks where class = ${place} and account_id = hop.account_id and due_at <= (select now from moment)
        ) as open
        from (
          (
            select account_id, lines.round from marks
            where class = ${place} and account_id > lines.account_id and (lines.round = 1 or account_id <= ${start})
            order by account_id limit 1
          )
          union all
          (
            select account_id, 2 from marks
            where class = ${place} and lines.round = 1 and account_id <= ${start} order by account_id limit 1
          )
          order by round limit 1
        ) as hop
      ) as next
      where lines.found < ${limit * 4}::integer
    ), ${marks} as (
      select ${place} as line, first.*, row_number() over (partition by first.account_id order by first.due_at) as turn
      from ${lines} as lines, lateral (
        select account_id, region, type, id, due_at from marks
        where class = ${place} and account_id = lines.account_id and due_at <= (select now from moment)
        order by due_at limit (select ${limit * 4}::integer / greatest(max(found), 1) + 1 from ${lines})
      ) as first
      where lines.open
    )`
}
