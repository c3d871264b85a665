import { sql, type RawBuilder } from 'kysely'
import type { Database } from './database.ts'
import type { ScanPart } from './store.ts'
import { now, storableText, wait } from './values.ts'

export const detailLength = 1_000

/**
 * Hops over the index from scan to scan of each account: accounts in turn, an account's oldest scan first, a scan's parts in no
 * order, so that workers spread over the services. The number that tells later looks from earlier ones is drawn with the first lease.
 */
export async function leaseParts(database: Database, limit: number, leaseMs: number): Promise<readonly ScanPart[]> {
  return database.rows<ScanPart>(sql`
    with recursive moment as materialized (select tripline_now() as now),
    lines as (
      (select account_id, began_at, scan_id from scan_parts where status = 'open' order by account_id, began_at, scan_id limit 1)
      union all
      select next.account_id, next.began_at, next.scan_id
      from lines, lateral (
        select account_id, began_at, scan_id from scan_parts
        where status = 'open' and (account_id, began_at, scan_id) > (lines.account_id, lines.began_at, lines.scan_id)
        order by account_id, began_at, scan_id limit 1
      ) as next
    ), candidates as (
      select first.*, row_number() over (partition by lines.account_id order by lines.began_at, lines.scan_id, first.due_at, first.id)
        as turn
      from lines, lateral (
        select id, began_at, due_at from scan_parts
        where status = 'open' and (account_id, began_at, scan_id) >= (lines.account_id, lines.began_at, lines.scan_id)
          and (account_id, began_at, scan_id, due_at) <= (lines.account_id, lines.began_at, lines.scan_id, (select now from moment))
        order by account_id, began_at, scan_id, due_at limit ${limit * 2}::integer
      ) as first
      order by turn, first.began_at limit ${limit * 4}::integer
    ), chosen as (
      select p.id, c.turn, c.began_at
      from candidates as c join scan_parts as p on p.id = c.id
      where p.status = 'open' and p.due_at <= (select now from moment)
      order by c.turn, c.began_at limit ${limit}::integer
      for update of p skip locked
    ), lent as (
      update scan_parts as p set token = gen_random_uuid()::text, due_at = (select now from moment) + ${wait(leaseMs)},
        start_number = coalesce(p.start_number, nextval('resource_number'))
      from chosen where p.id = chosen.id
      returning p.id, p.token, p.scan_id as "scanId", p.account_id as "accountId", p.region, p.type, p.after, p.attempts,
        chosen.turn, chosen.began_at
    )
    select id, token, "scanId", "accountId", region, type, after, attempts from lent order by turn, began_at`)
}

export async function renewPart(database: Database, part: ScanPart, leaseMs: number): Promise<boolean> {
  return change(database, part, sql`due_at = ${now} + ${wait(leaseMs)}`)
}

/** The lease goes on after a page that is not the last. */
export async function listedPart(database: Database, part: ScanPart, count: number, next: string | null): Promise<boolean> {
  const place = next === null ? sql`status = 'listed', token = null, after = null` : sql`after = ${storableText(next)}`
  return change(database, part, sql`listed = listed + ${count}, attempts = 0, ${place}`)
}

export async function giveBackPart(database: Database, part: ScanPart, delayMs: number, restart: boolean): Promise<boolean> {
  const place = restart ? sql`, after = null, start_number = null, listed = 0` : sql``
  return change(database, part, sql`token = null, due_at = ${now} + ${wait(delayMs)}, attempts = attempts + 1${place}`)
}

export async function unreadPart(database: Database, part: ScanPart, cause: string, detail: string): Promise<boolean> {
  const words = storableText(detail).slice(0, detailLength)
  return change(database, part, sql`status = 'unread', token = null, cause = ${storableText(cause)}, detail = ${words}`)
}

async function change(database: Database, part: ScanPart, columns: RawBuilder<unknown>): Promise<boolean> {
  const query = sql`update scan_parts set ${columns} where id = ${part.id} and token = ${part.token} returning 1`
  return (await database.first(query)) !== null
}
