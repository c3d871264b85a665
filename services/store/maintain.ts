import { sql } from 'kysely'
import { roomLogger } from '#runtime'
import type { Database } from './database.ts'
import { StoreError } from './error.ts'
import { now } from './values.ts'

const inboxDays = 15
const quarantineDays = 30

/** Opens the inbox's coming days and drops what is past its time. */
export async function maintain(database: Database): Promise<void> {
  await openComingDays(database)
  for (const partition of await expiredPartitions(database)) await dropPartition(database, partition)
  await database.rows(sql`
    delete from inbox where day = date '1970-01-01' and claimed_at < ${now} - ${inboxDays}::integer * interval '1 day'`)
  await database.rows(sql`delete from quarantine where received_at < ${now} - ${quarantineDays}::integer * interval '1 day'`)
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
