import { sql } from 'kysely'
import type { Database } from './database.ts'
import { StoreError } from './error.ts'
import type { Inbox, InboxKey } from './store.ts'
import { digest, json, milliseconds, now } from './values.ts'

/** Longer event ids are kept as a digest: CloudTrail's have 36 characters, a hostile one must still fit the key. */
const idLength = 128

export function createInbox(database: Database): Inbox {
  return {
    async claim(keys) {
      if (keys.length === 0) return new Set()
      const given = keys.map((key, index) => ({
        index,
        account_id: key.accountId,
        region: key.region,
        event_id: key.eventId.length > idLength ? digest(key.eventId) : key.eventId,
        time_ms: milliseconds(key.time),
      }))
      const rows = await database.together((within) => claimRows(within, given))
      return new Set(rows.map((row) => row.index))
    },
  }
}

type Given = Omit<InboxKey, 'accountId' | 'eventId' | 'time'> & {
  readonly index: number
  readonly account_id: string
  readonly event_id: string
  readonly time_ms: number
}

async function claimRows(database: Database, given: readonly Given[]): Promise<readonly { readonly index: number }[]> {
  try {
    return await database.rows<{ index: number }>(sql`
      with given as (
        select distinct on (day, account_id, region, event_id) *
        from (
          select *, tripline_inbox_day(to_timestamp(time_ms / 1000)) as day
          from jsonb_to_recordset(${json(given)})
            as given(index integer, account_id text, region text, event_id text, time_ms float8)
        ) as each
        order by day, account_id, region, event_id, index
      ), written as (
        insert into inbox (day, account_id, region, event_id, claimed_at)
        select day, account_id, region, event_id, ${now} from given order by day, account_id, region, event_id
        on conflict do nothing
        returning day, account_id, region, event_id
      )
      select given.index from given join written using (day, account_id, region, event_id)`)
  } catch (error) {
    // Opening the day here would hold its lock until the caller's transaction ends, and be undone with it.
    if (error instanceof StoreError && error.code === 'day-missing') database.repair((own) => openDays(own, given))
    throw error
  }
}

async function openDays(database: Database, given: readonly Given[]): Promise<void> {
  await database.rows(sql`
    select tripline_open_inbox_day(day)
    from (
      select distinct tripline_inbox_day(to_timestamp(time_ms / 1000)) as day
      from jsonb_to_recordset(${json(given)}) as given(time_ms float8)
      order by day
    ) as days`)
}
