import { sql } from 'kysely'
import type { Cause } from '#model'
import type { Database } from './database.ts'
import { markClasses, withoutNext } from './marks-row.ts'
import type { LeasedMark } from './store.ts'
import { wait } from './values.ts'

interface Row {
  readonly accountId: string
  readonly region: string
  readonly type: string
  readonly id: string
  readonly class: number
  readonly token: string
  readonly causes: readonly Cause[]
  readonly scanId: string | null
  readonly attempts: number
  readonly firstWishedAt: Date
}

/**
 * Hops over the index from account to account and takes each one's oldest few, so that the cost follows the number of accounts
 * and not of waiting marks. More than asked for are looked at, since other workers may hold the first ones locked.
 */
export async function leaseMarks(database: Database, limit: number, leaseMs: number): Promise<readonly LeasedMark[]> {
  const rows = await database.rows<Row>(sql`
    with recursive moment as materialized (select tripline_now() as now),
    lines as (
      (select class, account_id from marks order by class, account_id limit 1)
      union all
      select next.class, next.account_id
      from lines, lateral (
        select class, account_id from marks where (class, account_id) > (lines.class, lines.account_id)
        order by class, account_id limit 1
      ) as next
    ), candidates as (
      select first.*, row_number() over (partition by first.class, first.account_id order by first.due_at) as turn
      from lines, lateral (
        select account_id, region, type, id, class, due_at from marks
        where class = lines.class and account_id = lines.account_id and due_at <= (select now from moment)
        order by due_at limit ${limit * 2}::integer
      ) as first
      order by first.class, turn, first.due_at limit ${limit * 4}::integer
    ), chosen as (
      select m.account_id, m.region, m.type, m.id, c.class as line, c.turn, c.due_at as waited
      from candidates as c join marks as m
        on m.account_id = c.account_id and m.region = c.region and m.type = c.type and m.id = c.id
      where m.due_at <= (select now from moment)
      order by c.class, c.turn, c.due_at limit ${limit}::integer
      for update of m skip locked
    ), lent as (
      update marks as m set token = gen_random_uuid()::text, due_at = (select now from moment) + ${wait(leaseMs)},
        class = least(m.class, m.next_class), wishes = m.wishes + m.next_wishes,
        causes = tripline_join_causes(m.causes, m.next_causes), scan_id = coalesce(m.scan_id, m.next_scan_id), ${withoutNext}
      from chosen
      where m.account_id = chosen.account_id and m.region = chosen.region and m.type = chosen.type and m.id = chosen.id
      returning m.account_id as "accountId", m.region, m.type, m.id, m.class, m.token, m.causes, m.scan_id as "scanId",
        m.attempts, m.first_wished_at as "firstWishedAt", chosen.line, chosen.turn, chosen.waited
    )
    select * from lent order by line, turn, waited`)
  return rows.map(({ accountId, region, type, id, ...row }) => ({
    ref: { accountId, region, type, id },
    class: markClasses[row.class] ?? 'scan',
    token: row.token,
    causes: row.causes,
    scanId: row.scanId,
    attempts: row.attempts,
    firstWishedAt: row.firstWishedAt,
  }))
}
