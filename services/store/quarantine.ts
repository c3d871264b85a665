import { sql } from 'kysely'
import type { Database } from './database.ts'
import type { Quarantine, QuarantineItem } from './store.ts'
import { digest, json, now, storableText } from './values.ts'

const bodyBytes = 256 * 1024
const detailBytes = 4 * 1024

export function createQuarantine(database: Database): Quarantine {
  return {
    async add(items) {
      if (items.length === 0) return
      await database.rows(sql`
        insert into quarantine as q (digest, source, reason, detail, body, count, received_at)
        select digest, source, reason, detail, body, count, ${now}
        from jsonb_to_recordset(${json(merge(items))})
          as given(digest text, source text, reason text, detail text, body text, count bigint)
        order by digest
        on conflict (digest) do update set count = q.count + excluded.count, detail = excluded.detail,
          received_at = excluded.received_at`)
    },
    list: (limit) =>
      database.rows<QuarantineItem & { id: string; count: number; receivedAt: Date }>(sql`
        select id, source, reason, detail, body, count, received_at as "receivedAt"
        from quarantine order by received_at desc, id limit ${limit}::integer`),
  }
}

type Row = QuarantineItem & { readonly digest: string; readonly count: number }

function merge(items: readonly QuarantineItem[]): readonly Row[] {
  const rows = new Map<string, Row>()
  for (const { source, reason, detail, body } of items) {
    const kept = cut(storableText(body), bodyBytes)
    const key = digest(source, reason, kept)
    const count = (rows.get(key)?.count ?? 0) + 1
    rows.set(key, { digest: key, source, reason, detail: cut(storableText(detail), detailBytes), body: kept, count })
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
