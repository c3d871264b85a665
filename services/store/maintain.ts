import { sql } from 'kysely'
import { roomLogger } from '#runtime'
import type { Database } from './database.ts'
import { StoreError } from './error.ts'
import { forgetStories } from './forget.ts'
import { now } from './values.ts'

const inboxDays = 15
const quarantineDays = 30
const scanDays = 30
const historyDays = 400
const workerDays = 1
const sessionDays = 2
const investigationDays = 30
/** After their period: nobody was told of what stayed below its threshold. */
const countingDays = 30
/** What has ended or was removed stays so long, so that all processes hear of it. */
const cacheDays = 1
/** Signs that nobody looked at: there is no watch, or it has nothing to read. */
const heardDays = 15
/** Old rows are deleted some at a time: no statement takes long. */
const rowsAtOnce = 5_000

/** Opens the inbox's coming days and drops what is past its time. A baseline stays for ever, without its parts. */
export async function maintain(database: Database): Promise<void> {
  await openComingDays(database)
  for (const partition of await expiredPartitions(database)) await dropPartition(database, partition)
  await database.rows(sql`
    delete from inbox where day = date '1970-01-01' and claimed_at < ${now} - ${inboxDays}::integer * interval '1 day'`)
  await dropOld(database, 'quarantine', 'received_at', quarantineDays)
  await dropOld(database, 'versions', 'replaced_at', historyDays)
  await dropOld(database, 'resources', 'gone_at', historyDays)
  await dropOld(database, 'workers', 'alive_until', workerDays)
  await dropOld(database, 'sessions', 'seen_at', sessionDays)
  await dropOld(database, 'rule_cache', 'until', cacheDays)
  await dropOld(database, 'rule_cache', 'changed_at', cacheDays, sql`kind is null`)
  await dropOld(database, 'investigations', 'settled_at', investigationDays)
  await dropOld(database, 'findings', 'period_ends_at', countingDays, sql`status = 'counting'`)
  await forgetStories(database, historyDays)
  await dropOld(database, 'gaps', 'closed_at', historyDays)
  await dropOld(database, 'heard', 'minute', heardDays)
  await dropOld(database, 'scans', 'finished_at', scanDays, sql`kind <> 'baseline'`)
  for (const table of ['scan_parts', 'scan_unread'])
    await database.rows(sql`
      delete from ${sql.table(table)} as each using scans as s
      where s.id = each.scan_id and s.finished_at < ${now} - ${scanDays}::integer * interval '1 day'`)
}

async function dropOld(database: Database, table: string, column: string, days: number, only = sql`true`): Promise<void> {
  const old = sql`${sql.ref(column)} < ${now} - ${days}::integer * interval '1 day' and ${only}`
  for (;;) {
    const dropped = await database.rows(sql`
      delete from ${sql.table(table)} where ctid = any (array(
        select ctid from ${sql.table(table)} where ${old} limit ${rowsAtOnce}::integer for update skip locked
      )) returning 1`)
    if (dropped.length < rowsAtOnce) return
  }
}

/** Yesterday to the day after tomorrow: nearly every event finds its day open. */
export async function openComingDays(database: Database): Promise<void> {
  await database.together((within) =>
    within.rows(sql`
      select tripline_open_inbox_day((${now} at time zone 'UTC')::date + ahead)
      from generate_series(-1, 2) as ahead order by ahead`),
  )
}

async function expiredPartitions(database: Database): Promise<readonly string[]> {
  const rows = await database.rows<{ name: string }>(sql`
    select child.relname as name
    from pg_inherits join pg_class as child on child.oid = inhrelid
    where inhparent = 'inbox'::regclass and child.relname ~ '^inbox_[0-9]{8}$'
      and to_date(right(child.relname, 8), 'YYYYMMDD') < (${now} at time zone 'UTC')::date - ${inboxDays}::integer
    order by name`)
  return rows.map((row) => row.name)
}

/** Dropping locks the whole inbox for a moment. It waits for that briefly only, since writers queue behind it. */
async function dropPartition(database: Database, partition: string): Promise<void> {
  try {
    await database.together(async (within) => {
      await within.rows(sql`set local lock_timeout = '200ms'`)
      await within.rows(sql`drop table if exists ${sql.table(partition)}`)
    })
  } catch (error) {
    if (!(error instanceof StoreError) || !error.retryable) throw error
    roomLogger('store').info({ partition, code: error.code }, 'inbox day kept until the next maintenance')
  }
}
