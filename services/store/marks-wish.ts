import { sql, type RawBuilder } from 'kysely'
import { resourceKey, type Expectation } from '#model'
import { markClasses } from './marks-row.ts'
import type { Wish } from './store.ts'
import { columnsOf, json, now, wait } from './values.ts'

const expectationsKept = 20
/** Between two looks at one resource that events asked for. */
export const coalesceMs = 1_000
/** A scan does not wait for an event's mark that is put off for longer. */
export const scanPatienceMs = 60_000

/** One resource's wishes of a batch. */
interface Merged extends ReturnType<typeof columnsOf> {
  readonly class: number
  readonly delay_ms: number
  readonly expectations: readonly Expectation[]
  readonly scan_id: string | null
  readonly wishes: number
}

/**
 * The upsert of wishes. A set token means lent, also past its time: the holder may still settle, and must not settle this wish
 * away. `looked_at` is the last look at the resource, as far as it is known: of the stored state, or of the mark's last lease.
 */
export function wishRows(wishes: readonly Wish[]): RawBuilder<unknown> {
  const aLookLater = wait(coalesceMs)
  const lastLook = sql`case when r.id is not null then least(r.fetched_at, ${now}) end`
  return sql`
    insert into marks as m (account_id, region, type, id, class, due_at, looked_at, expectations, scan_id, wishes, first_wished_at)
    select g.account_id, g.region, g.type, g.id, g.class,
      greatest(${now} + g.delay_ms * interval '1 millisecond', ${lastLook} + ${aLookLater}),
      ${lastLook}, g.expectations, g.scan_id, g.wishes, ${now}
    from jsonb_to_recordset(${json(merge(wishes))}) as g(account_id text, region text, type text, id text,
      class smallint, delay_ms float8, expectations jsonb, scan_id text, wishes bigint)
      left join resources as r
        on g.class = 0 and r.account_id = g.account_id and r.region = g.region and r.type = g.type and r.id = g.id
    order by g.account_id, g.region, g.type, g.id
    on conflict (account_id, region, type, id) do update set
      ${waiting('class', sql`least(m.class, excluded.class)`)},
      ${waiting(
        'due_at',
        sql`case when excluded.class = 2 then m.due_at
          else greatest(least(m.due_at, excluded.due_at), greatest(m.looked_at, excluded.looked_at) + ${aLookLater}) end`,
      )},
      ${waiting('looked_at', sql`greatest(m.looked_at, excluded.looked_at)`)},
      ${waiting('expectations', sql`tripline_join_causes(m.expectations, excluded.expectations)`)},
      ${waiting('attempts', sql`case when excluded.class = 2 then m.attempts else 0 end`)},
      ${waiting('looks', sql`case when excluded.class = 2 then m.looks else 0 end`)},
      ${waiting(
        'scan_id',
        sql`case when excluded.class = 2 and m.class < 2 and m.due_at > ${now} + ${wait(scanPatienceMs)} then m.scan_id
          else coalesce(m.scan_id, excluded.scan_id) end`,
      )},
      ${waiting('wishes', sql`m.wishes + excluded.wishes`)},
      ${lent('next_class', sql`least(m.next_class, excluded.class)`)},
      ${lent(
        'next_due_at',
        sql`case when excluded.class = 2 then coalesce(m.next_due_at, excluded.due_at)
          else least(m.next_due_at, greatest(excluded.due_at, m.looked_at + ${aLookLater})) end`,
      )},
      ${lent('next_expectations', sql`tripline_join_causes(m.next_expectations, excluded.expectations)`)},
      ${lent('next_scan_id', sql`coalesce(m.next_scan_id, excluded.scan_id)`)},
      ${lent('next_wishes', sql`m.next_wishes + excluded.wishes`)},
      ${lent('next_wished_at', sql`coalesce(m.next_wished_at, excluded.first_wished_at)`)}`
}

const waiting = (column: string, value: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`${sql.ref(column)} = case when m.token is null then ${value} else m.${sql.ref(column)} end`
const lent = (column: string, value: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`${sql.ref(column)} = case when m.token is not null then ${value} else m.${sql.ref(column)} end`

/** One row a resource, since a statement cannot upsert a row twice. The delay is that of the highest class. */
function merge(wishes: readonly Wish[]): readonly Merged[] {
  const merged = new Map<string, Merged>()
  for (const wish of wishes) {
    const place = markClasses.indexOf(wish.class)
    const one: Merged = {
      ...columnsOf(wish.ref),
      class: place,
      delay_ms: wish.delayMs,
      expectations: wish.expectation === null ? [] : [wish.expectation],
      scan_id: wish.scanId,
      wishes: 1,
    }
    const key = resourceKey(wish.ref)
    const earlier = merged.get(key)
    merged.set(key, earlier === undefined ? one : joined(earlier, one))
  }
  return [...merged.values()]
}

function joined(earlier: Merged, later: Merged): Merged {
  const higher = later.class < earlier.class ? later : earlier
  return {
    ...higher,
    delay_ms: earlier.class === later.class ? Math.min(earlier.delay_ms, later.delay_ms) : higher.delay_ms,
    expectations: kept([...earlier.expectations, ...later.expectations]),
    scan_id: earlier.scan_id ?? later.scan_id,
    wishes: earlier.wishes + later.wishes,
  }
}

/** The last ones, and before them whatever says that the resource was created or deleted. */
function kept(all: readonly Expectation[]): readonly Expectation[] {
  const last = all.slice(-expectationsKept)
  const lives = all.slice(0, -expectationsKept).filter(({ kind }) => kind !== 'update')
  return [...lives.slice(-expectationsKept), ...last]
}
