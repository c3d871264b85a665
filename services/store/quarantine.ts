import { sql, type RawBuilder } from 'kysely'
import type { Database } from './database.ts'
import type { Quarantine, QuarantineFilter, QuarantineItem, QuarantineRow } from './store.ts'
import { digest, json, now, storableText, texts } from './values.ts'

const bodyBytes = 256 * 1024
const detailBytes = 4 * 1024

/** A body this long was cut: a cut ends at a whole character, so up to three bytes may be missing. */
const columns = sql`id, source, reason, detail, body, count, received_at as "receivedAt",
  octet_length(body) > ${bodyBytes - 4}::integer as cut, detection_id as "detectionId", record, bound`

export function createQuarantine(database: Database): Quarantine {
  return {
    async add(items) {
      if (items.length === 0) return
      await database.rows(sql`
        insert into quarantine as q (digest, source, reason, detail, body, detection_id, record, bound, count, received_at)
        select digest, source, reason, detail, body, detection_id, record, bound, count, ${now} from ${given(items)}
        order by digest
        on conflict (digest) do update set count = q.count + excluded.count, detail = excluded.detail,
          received_at = excluded.received_at`)
    },
    list: async (limit, filter = {}) =>
      (
        await database.rows<Stored>(sql`
          select ${columns} from quarantine where ${where(filter)} order by received_at desc, id limit ${limit}::integer`)
      ).map(rowOf),
    page: async (filter, after, limit) =>
      (
        await database.rows<Stored>(sql`
          select ${columns} from quarantine where ${where(filter)} and id > ${after ?? ''} order by id limit ${limit}::integer`)
      ).map(rowOf),
    count: async (filter) =>
      (await database.one<{ count: number }>(sql`select count(*) as count from quarantine where ${where(filter)}`)).count,
    tally: () =>
      database.rows<{ reason: string; count: number }>(sql`
        select reason, count(*) as count from quarantine group by reason order by reason`),
    hold: async (id) => (await database.first(sql`select from quarantine where id = ${id} for update`)) !== null,
    settle: (id, left) =>
      database.together(async (within) => {
        const was = await within.first<{ count: number; received_at: Date }>(sql`
          delete from quarantine where id = ${id} returning count, received_at`)
        if (was === null) return false
        // What stands there already under its own reason was counted when it came. The id stays: pages go by it.
        if (left.length > 0)
          await within.rows(sql`
            insert into quarantine (id, digest, source, reason, detail, body, detection_id, record, bound, count, received_at)
            select case row_number() over (order by digest) when 1 then ${id} else gen_random_uuid()::text end, digest, source, reason, detail, body, detection_id, record, bound,
              ${was.count}::bigint, ${was.received_at}::timestamptz
            from ${given(left)} order by digest
            on conflict (digest) do update set detail = excluded.detail`)
        return true
      }),
    drop: async (filter) =>
      (
        await database.one<{ count: number }>(sql`
          with dropped as (delete from quarantine where ${where(filter)} returning 1)
          select count(*) as count from dropped`)
      ).count,
  }
}

type Stored = Omit<QuarantineRow, 'owed' | 'only'> & {
  readonly detectionId: string | null
  readonly record: number | null
  readonly bound: QuarantineRow['only'] | null
}

function rowOf({ detectionId, record, bound, ...row }: Stored): QuarantineRow {
  return {
    ...row,
    ...(detectionId === null || record === null ? {} : { owed: { detectionId, record } }),
    ...(bound ? { only: bound } : {}),
  }
}

function where({ ids, reason, source }: QuarantineFilter): RawBuilder<boolean> {
  const ofIds =
    ids === undefined ? sql`true` : sql`exists (select from unnest(${texts(ids)}) as given where starts_with(id, given))`
  const ofReason = reason === undefined ? sql`true` : sql`reason = ${reason}`
  const ofSource = source === undefined ? sql`true` : sql`source = ${source}`
  return sql<boolean>`(${ofIds} and ${ofReason} and ${ofSource})`
}

function given(items: readonly QuarantineItem[]): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${json(merge(items))}) as given(
    digest text, source text, reason text, detail text, body text, detection_id text, record integer, bound jsonb, count bigint)`
}

type Row = Omit<QuarantineItem, 'owed' | 'only'> & {
  readonly digest: string
  readonly count: number
  readonly detection_id: string | null
  readonly record: number | null
  readonly bound: QuarantineItem['only'] | null
}

function merge(items: readonly QuarantineItem[]): readonly Row[] {
  const rows = new Map<string, Row>()
  for (const { source, reason, detail, body, owed, only } of items) {
    const kept = cut(storableText(body), bodyBytes)
    // What an older version wrote has the digest of the first three.
    const more = [
      ...(owed === undefined ? [] : [owed.detectionId, owed.record]),
      ...(only === undefined ? [] : [only.by, ...only.accounts]),
      ...(only?.carries === undefined ? [] : [only.carries]),
    ]
    const key = digest(source, reason, kept, ...more)
    const count = (rows.get(key)?.count ?? 0) + 1
    const { detectionId = null, record = null } = owed ?? {}
    rows.set(key, {
      digest: key,
      source,
      reason,
      detail: cut(storableText(detail), detailBytes),
      body: kept,
      detection_id: detectionId,
      record,
      bound: only ?? null,
      count,
    })
  }
  return [...rows.values()]
}

/** The first bytes of a text, ending at a whole character. */
function cut(text: string, bytes: number): string {
  // A character takes three bytes at most for each of its UTF-16 units.
  if (text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes) return text
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes))
  return text.slice(0, read)
}
