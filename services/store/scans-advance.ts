import { sql } from 'kysely'
import type { Database } from './database.ts'
import { createMarks } from './marks.ts'
import { scanColumns } from './scans-row.ts'
import type { Scan, Wish } from './store.ts'
import { now } from './values.ts'

/** Resources checked in one transaction, and transactions in one call: a judge that calls this has other work too. */
const [checkedAtOnce, checksInOneCall] = [2_000, 100]

/**
 * That nothing is left to look at for the scan `s`. A mark carries one scan: where another one of the account runs, its marks
 * in the parts of this one count too.
 */
const noLooksLeft = sql`(
  not exists (select from marks where scan_id = s.id) and not exists (select from marks where next_scan_id = s.id)
  and not exists (
    select from scans as other join scan_parts as p on p.scan_id = s.id join marks as m
      on m.account_id = p.account_id and m.region = p.region and m.type = p.type
    where other.account_id = s.account_id and other.id <> s.id and other.status <> 'done'
      and p.status <> 'unread' and other.id in (m.scan_id, m.next_scan_id)
  )
)`

/** Each step is a transaction of its own, with SKIP LOCKED: many processes may do this at once, and one may die in it. */
export async function advanceScans(database: Database): Promise<readonly Scan[]> {
  await database.rows(sql`
    with ready as (
      select id from scans as s
      where status = 'listing' and exists (select from scan_parts where scan_id = s.id)
        and not exists (select from scan_parts where scan_id = s.id and status = 'open')
      order by id for update skip locked
    )
    update scans as s set status = 'fetching' from ready where s.id = ready.id`)
  await database.rows(sql`
    with ready as (
      select id from scans as s where status = 'fetching' and ${noLooksLeft} order by id for update skip locked
    ), empty as (
      update scan_parts as p set status = 'checked'
      from ready
      where p.scan_id = ready.id and p.status = 'listed' and not exists (
        select from resources where account_id = p.account_id and region = p.region and type = p.type and not gone
      )
    )
    update scans as s set status = 'checking' from ready where s.id = ready.id`)
  for (let checks = 0; checks < checksInOneCall; checks += 1) if (!(await database.together(checkSome))) break
  return database.rows<Scan>(sql`
    with finished as (
      select id from scans as s
      where status = 'checking' and not exists (select from scan_parts where scan_id = s.id and status = 'listed') and ${noLooksLeft}
      order by id for update skip locked
    )
    update scans as s set status = 'done', finished_at = ${now} from finished where s.id = finished.id
    returning ${scanColumns}`)
}

interface Part {
  readonly id: string
  readonly scanId: string
  readonly accountId: string
  readonly region: string
  readonly type: string
  readonly startNumber: number
  readonly checkedTo: string
}

/**
 * Looks through the next resources of one listed part, and marks those not looked at since it began. A look that failed since is one:
 * what cannot be read is not taken for gone, and not asked for twice. False: no part is left.
 */
async function checkSome(database: Database): Promise<boolean> {
  const part = await database.first<Part>(sql`
    select p.id, p.scan_id as "scanId", p.account_id as "accountId", p.region, p.type, p.start_number as "startNumber",
      p.checked_to as "checkedTo"
    from scans as s join scan_parts as p on p.scan_id = s.id
    where s.status = 'checking' and p.status = 'listed'
    limit 1 for update of p skip locked`)
  if (part === null) return false
  const { accountId, region, type, scanId } = part
  const { ids, last, seen } = await database.one<{ ids: readonly string[]; last: string | null; seen: number }>(sql`
    select coalesce(jsonb_agg(id order by id) filter (where number < ${part.startNumber}
        and coalesce(unread_number, 0) < ${part.startNumber}), '[]') as ids, max(id) as last, count(*) as seen
    from (
      select id, number, unread_number from resources
      where account_id = ${accountId} and region = ${region} and type = ${type} and id > ${part.checkedTo} and not gone
      order by id limit ${checkedAtOnce}::integer
    ) as next`)
  const wishes = ids.map((id): Wish => ({
    ref: { accountId, region, type, id },
    class: 'scan',
    expectation: null,
    scanId,
    delayMs: 0,
  }))
  await createMarks(database).wish(wishes)
  const status = seen < checkedAtOnce ? 'checked' : 'listed'
  await database.rows(sql`update scan_parts set status = ${status}, checked_to = ${last ?? part.checkedTo} where id = ${part.id}`)
  return true
}
