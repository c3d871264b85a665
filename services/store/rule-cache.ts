import { sql } from 'kysely'
import type { CacheEntry, CacheWrite } from '#model'
import type { Database } from './database.ts'
import type { RuleCache } from './store.ts'
import { digest, json, now } from './values.ts'

interface Row {
  readonly key: string
  readonly kind: 'n' | 's' | 'd' | null
  readonly value: unknown
  readonly until: number | null
}
type How = CacheWrite[1]

const keyBytes = 2_000

export function createRuleCache(database: Database): RuleCache {
  return {
    async apply(writes) {
      if (writes.length === 0) return
      await database.together(async (within) => {
        const byKey = new Map<string, How[]>()
        for (const [key, how] of writes) byKey.set(storedKey(key), [...(byKey.get(storedKey(key)) ?? []), how])
        const keys = [...byKey.keys()].toSorted()
        await within.rows(sql`
          insert into rule_cache (key) select key from jsonb_array_elements_text(${json(keys)}) as given(key) order by key
          on conflict do nothing`)
        const rows = await within.rows<Row>(sql`
          select ${columns} from rule_cache where key in (select jsonb_array_elements_text(${json(keys)})) order by key for update`)
        const before = new Map(rows.map((row) => [row.key, entryOf(row)]))
        const after = keys.map((key) => {
          const entry = (byKey.get(key) ?? []).reduce(applied, before.get(key) ?? null)
          return { key, kind: entry?.[0] ?? null, value: entry?.[1] ?? null, until: entry?.[2] ?? null }
        })
        await within.rows(sql`
          update rule_cache as each
          set kind = given.kind, value = given.value, until = to_timestamp(given.until), changed_by = pg_current_xact_id(), changed_at = ${now}
          from jsonb_to_recordset(${json(after)}) as given(key text, kind text, value jsonb, until float8)
          where each.key = given.key`)
      })
    },
    async since(look) {
      // What is in flight while we look is looked at again: nothing below the oldest of it can still change.
      const [at] = await database.rows<{ look: string }>(sql`select pg_snapshot_xmin(pg_current_snapshot())::text as look`)
      const wanted =
        look === null ? sql`kind is not null and (until is null or until > ${now})` : sql`changed_by >= ${look}::text::xid8`
      const rows = await database.rows<Row>(sql`select ${columns} from rule_cache where ${wanted} order by key`)
      return { entries: rows.map((row) => [row.key, entryOf(row)] as const), look: at?.look ?? '0' }
    },
  }
}

const columns = sql`key, kind, value, extract(epoch from until)::float8 as until`

/** Keys are short texts, mostly; one that no index can hold is known by its digest. */
function storedKey(key: string): string {
  return Buffer.byteLength(key) <= keyBytes && key.isWellFormed() && !key.includes('\0') ? key : `digest ${digest(key)}`
}

function entryOf({ kind, value, until }: Row): CacheEntry | null {
  return kind === null ? null : ([kind, value, until] as CacheEntry)
}

/** What an entry becomes; the same as in the memory of a Python process. */
function applied(given: CacheEntry | null, how: How): CacheEntry | null {
  const entry = given !== null && given[2] !== null && given[2] * 1_000 <= Date.now() ? null : given
  switch (how[0]) {
    case 'drop':
      return null
    case 'until':
      return entry === null ? null : ([entry[0], entry[1], how[1]] as CacheEntry)
    case 'put':
      return ['d', how[1], how[2]]
    case 'add': {
      const same = entry?.[0] === 'n' ? entry : null
      return ['n', (same?.[1] ?? 0) + how[1], how[2] ?? same?.[2] ?? null]
    }
    default: {
      const same = entry?.[0] === 's' ? entry : null
      const own = new Set(same?.[1])
      for (const text of how[1]) {
        if (how[0] === 'join') own.add(text)
        else own.delete(text)
      }
      return own.size === 0 ? null : ['s', [...own].toSorted(), how[2] ?? same?.[2] ?? null]
    }
  }
}
