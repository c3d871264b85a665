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
 *
 * Here and below, "the least one from here on" is asked for instead of "is there one": that is one step on an index, whatever the
 * statistics say of a table that grows and shrinks by a million rows a day.
 */
const noLooksLeft = sql`(
  (select min(scan_id) from marks where scan_id >= s.id) is distinct from s.id
  and (select min(next_scan_id) from marks where next_scan_id >= s.id) is distinct from s.id
  and not exists (
    select from scans as other, lateral (
      select * from scan_parts where scan_id = s.id and account_id = other.account_id and status <> 'unread' offset 0
    ) as p, lateral (
      select from marks as m
      where m.account_id = p.account_id and m.region = p.region and m.type = p.type and other.id in (m.scan_id, m.next_scan_id)
      offset 0
    ) as theirs
    where other.account_id = s.account_id and other.id <> s.id and other.status <> 'done' offset 0
  )
)`

/** Each step is a transaction of its own, with SKIP LOCKED: many processes may do this at once, and one may die in it. */
export async function advanceScans(database: Database): Promise<readonly Scan[]> {
  await fetchListed(database)
  await checkFetched(database)
  for (let checks = 0; checks < checksInOneCall; checks += 1) if (!(await database.together(checkSome))) break
  return finishChecked(database)
}

/** A scan without any part is one that the version before lists in its own way. */
async function fetchListed(database: Database): Promise<void> {
  await database.rows(sql`
    with ready as (
      select id from scans as s
      where status = 'listing' and (select min(scan_id) from scan_parts where scan_id >= s.id) = s.id and (
        select scan_id from scan_parts
        where status = 'open' and (account_id, began_at, scan_id) >= (s.account_id, s.started_at, s.id)
        order by account_id, began_at, scan_id limit 1
      ) is distinct from s.id
      order by id for update skip locked
    )
    update scans as s set status = 'fetching' from ready where s.id = ready.id`)
}

/** Most parts are of types that are not used in a region: no check for these. */
async function checkFetched(database: Database): Promise<void> {
  await database.rows(sql`
    with ready as (
      select id from scans as s where status = 'fetching' and ${noLooksLeft} order by id for update skip locked
    ), empty as (
      update scan_parts as p set status = 'checked'
      from ready
      where p.scan_id = ready.id and p.status = 'listed' and not coalesce((
        select (r.account_id, r.region, r.type) = (p.account_id, p.region, p.type) from resources as r
        where (r.account_id, r.region, r.type) >= (p.account_id, p.region, p.type)
        order by r.account_id, r.region, r.type limit 1
      ), false)
    )
    update scans as s set status = 'checking' from ready where s.id = ready.id`)
}

async function finishChecked(database: Database): Promise<readonly Scan[]> {
  return database.rows<Scan>(sql`
    with finished as (
      select id from scans as s
      where status = 'checking' and ${noLooksLeft}
        and (select min(scan_id) from scan_parts where status = 'listed' and scan_id >= s.id) is distinct from s.id
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
    from scans as s, lateral (
      select * from scan_parts
      where status = 'listed' and scan_id >= s.id and scan_id <= s.id order by scan_id limit 1 for update skip locked
    ) as p
    where s.status = 'checking' limit 1`)
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
