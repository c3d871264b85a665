import { sql } from 'kysely'
import type { Database } from './database.ts'
import { detailLength, giveBackPart, leaseParts, listedPart, renewPart, unreadPart } from './scan-parts.ts'
import { advanceScans } from './scans-advance.ts'
import { scanColumns } from './scans-row.ts'
import type { ScanProgress, Scans } from './store.ts'
import { columnsOf, json, now, storableText, texts } from './values.ts'

export function createScans(database: Database): Scans {
  return {
    begin: (scan) => database.together((within) => begin(within, scan)),
    leaseParts: (limit, leaseMs) => leaseParts(database, limit, leaseMs),
    renewPart: (part, leaseMs) => renewPart(database, part, leaseMs),
    listed: (part, count, next) => listedPart(database, part, count, next),
    giveBackPart: (part, delayMs, restart) => giveBackPart(database, part, delayMs, restart),
    unreadPart: (part, cause, detail) => unreadPart(database, part, cause, detail),
    async unlooked(ref, cause, detail) {
      const { account_id, region, type, id } = columnsOf(ref)
      await database.rows(sql`
        insert into scan_unread (scan_id, region, type, id, cause, detail)
        select s.id, p.region, p.type, ${id}, ${storableText(cause)}, ${storableText(detail).slice(0, detailLength)}
        from scans as s join scan_parts as p on p.scan_id = s.id
        where s.account_id = ${account_id} and s.status <> 'done' and p.region = ${region} and p.type = ${type}
        on conflict do nothing`)
    },
    advance: () => advanceScans(database),
    async running() {
      return (await database.one<{ count: number }>(sql`select count(*) from scans where status <> 'done'`)).count
    },
    async busyAccounts() {
      const rows = await database.rows<{ id: string }>(
        sql`select distinct account_id as id from scans where status <> 'done' order by account_id`,
      )
      return rows.map(({ id }) => id)
    },
    progress: (ids) =>
      database.rows<ScanProgress>(sql`
        select ${scanColumns}, p.parts, p.listed_parts as "listedParts", p.unread, p.listed,
          (select count(*) from marks where scan_id = s.id)
            + (select count(*) from marks where next_scan_id = s.id and scan_id is distinct from s.id) as waiting,
          (select count(*) from scan_unread where scan_id = s.id) as unlooked,
          (select coalesce(jsonb_agg(to_jsonb(first)), '[]') from (
            select region, type, id, cause, detail from scan_unread where scan_id = s.id order by region, type, id limit 10
          ) as first) as "firstUnlooked"
        from scans as s, lateral (
          select count(*) as parts, count(*) filter (where status in ('listed', 'checked')) as listed_parts,
            coalesce(sum(listed), 0)::bigint as listed,
            coalesce(jsonb_agg(jsonb_build_object('region', region, 'type', type, 'cause', cause, 'detail', detail)
              order by region, type) filter (where status = 'unread'), '[]') as unread
          from scan_parts where scan_id = s.id
        ) as p
        where ${ids === undefined ? sql`s.status <> 'done'` : sql`s.id = any (${texts(ids)})`}
        order by s.started_at, s.id`),
  }
}

async function begin(database: Database, scan: Parameters<Scans['begin']>[0]): Promise<string | null> {
  if (scan.kind === 'baseline') {
    // One that the version before began listing and did not end: it has no parts, and begins anew.
    await database.rows(sql`
      delete from scans
      where account_id = ${scan.accountId} and kind = 'baseline' and status = 'listing' and listing_until <= ${now}`)
  }
  const begun = await database.first<{ id: string }>(sql`
    insert into scans (account_id, kind, key, status, started_at)
    values (${scan.accountId}, ${scan.kind}, ${scan.key}, ${scan.parts.length > 0 ? 'listing' : 'fetching'}, ${now})
    on conflict do nothing returning id`)
  if (begun === null) return null
  await database.rows(sql`
    insert into scan_parts (scan_id, began_at, account_id, region, type, due_at)
    select s.id, s.started_at, s.account_id, given.region, given.type, s.started_at
    from scans as s, jsonb_to_recordset(${json(scan.parts)}) as given(region text, type text)
    where s.id = ${begun.id}
    order by given.region, given.type
    on conflict do nothing`)
  return begun.id
}
