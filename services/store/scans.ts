import { sql } from 'kysely'
import type { Database } from './database.ts'
import type { Scan, Scans } from './store.ts'
import { json, now, wait } from './values.ts'

const scanColumns = sql`s.id, s.account_id as "accountId", s.status`

export function createScans(database: Database): Scans {
  return {
    leaseBaseline: (accountId, leaseMs) =>
      database.first<Scan>(sql`
        insert into scans as s (account_id, kind, status, listing_until, started_at)
        values (${accountId}, 'baseline', 'listing', ${now} + ${wait(leaseMs)}, ${now})
        on conflict (account_id) where kind = 'baseline' do update set listing_until = excluded.listing_until
        where s.status = 'listing' and s.listing_until <= ${now}
        returning ${scanColumns}`),
    async listed(id, unread) {
      await database.rows(
        sql`update scans set status = 'fetching', unread = ${json(unread)} where id = ${id} and status = 'listing'`,
      )
    },
    finish: () =>
      database.rows<Scan>(sql`
        with finished as (
          select id from scans as s
          where status = 'fetching'
            and not exists (select from marks where scan_id = s.id) and not exists (select from marks where next_scan_id = s.id)
          order by id for update skip locked
        )
        update scans as s set status = 'done', finished_at = ${now} from finished where s.id = finished.id
        returning ${scanColumns}`),
    async running() {
      return (await database.one<{ running: boolean }>(sql`select exists (select from scans where status <> 'done') as running`))
        .running
    },
  }
}
