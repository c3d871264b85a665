import { sql, type RawBuilder } from 'kysely'
import { resourceKey, type Cause } from '#model'
import type { Database } from './database.ts'
import { leaseMarks } from './marks-lease.ts'
import { markClasses, withoutNext } from './marks-row.ts'
import type { LeasedMark, Marks, Wish } from './store.ts'
import { columnsOf, isRef, json, now, wait } from './values.ts'

const causesKept = 20

export function createMarks(database: Database): Marks {
  return {
    async wish(wishes) {
      if (wishes.length > 0) await database.rows(wishRows(merge(wishes)))
    },
    lease: (limit, leaseMs) => leaseMarks(database, limit, leaseMs),
    async renew(mark, leaseMs) {
      const query = sql`update marks set due_at = ${now} + ${wait(leaseMs)} where ${isMine(mark)} returning 1`
      return (await database.first(query)) !== null
    },
    settle: (mark) => database.together((within) => settle(within, mark)),
    async giveBack(mark, delayMs) {
      const query = sql`
        update marks set due_at = least(${now} + ${wait(delayMs)}, next_due_at), attempts = attempts + 1, token = null, ${withNext}
        where ${isMine(mark)} returning 1`
      return (await database.first(query)) !== null
    },
    async release(marks) {
      if (marks.length === 0) return
      const given = marks.map((mark) => ({ ...columnsOf(mark.ref), token: mark.token }))
      await database.rows(sql`
        with mine as (
          select account_id, region, type, id
          from marks join jsonb_to_recordset(${json(given)}) as given(account_id text, region text, type text, id text, token text)
            using (account_id, region, type, id, token)
          order by account_id, region, type, id for update of marks
        )
        update marks set due_at = ${now}, token = null, ${withNext}
        from mine
        where (marks.account_id, marks.region, marks.type, marks.id) = (mine.account_id, mine.region, mine.type, mine.id)`)
    },
    async waiting() {
      const rows = await database.rows<{ class: number; count: number; oldestMs: number }>(sql`
        select each.class, count(marks.id) as count,
          coalesce(greatest(extract(epoch from ${now} - min(marks.due_at)) * 1000, 0), 0)::float8 as "oldestMs"
        from generate_series(0, 2) as each(class)
          left join marks on marks.class = each.class and (marks.token is null or marks.due_at <= ${now})
        group by each.class order by each.class`)
      return rows.map(({ class: place, count, oldestMs }) => ({ class: markClasses[place] ?? 'scan', count, oldestMs }))
    },
  }
}

/** What a mark becomes when the wishes of its lease are joined to the earlier ones. */
const withNext = sql`
  class = least(class, next_class), wishes = wishes + next_wishes, causes = tripline_join_causes(causes, next_causes),
  scan_id = coalesce(scan_id, next_scan_id), ${withoutNext}`

function isMine(mark: LeasedMark): RawBuilder<boolean> {
  return sql<boolean>`${isRef('marks', mark.ref)} and marks.token = ${mark.token}`
}

/** Two statements, so that a wish committed between them is seen: while the token holds, `next_wishes` only grows. */
async function settle(database: Database, mark: LeasedMark): Promise<boolean> {
  const removed = await database.first(sql`delete from marks where ${isMine(mark)} and next_wishes = 0 returning 1`)
  if (removed !== null) return true
  const kept = await database.first(sql`
    update marks set class = next_class, due_at = greatest(${now}, next_due_at), wishes = next_wishes, causes = next_causes,
      scan_id = next_scan_id, first_wished_at = next_wished_at, attempts = 0, token = null, ${withoutNext}
    where ${isMine(mark)} returning 1`)
  return kept !== null
}

/** One resource's wishes of a batch. */
interface Merged extends ReturnType<typeof columnsOf> {
  readonly class: number
  readonly delay_ms: number
  readonly causes: readonly Cause[]
  readonly scan_id: string | null
  readonly wishes: number
}

/** One row a resource, since a statement cannot upsert a row twice. */
function merge(wishes: readonly Wish[]): readonly Merged[] {
  const merged = new Map<string, Merged>()
  for (const wish of wishes) {
    const key = resourceKey(wish.ref)
    const earlier = merged.get(key)
    const causes = wish.cause === null ? [] : [wish.cause]
    const place = markClasses.indexOf(wish.class)
    merged.set(key, {
      ...columnsOf(wish.ref),
      class: Math.min(place, earlier?.class ?? place),
      delay_ms: Math.min(wish.delayMs, earlier?.delay_ms ?? wish.delayMs),
      causes: [...(earlier?.causes ?? []), ...causes].slice(-causesKept),
      scan_id: earlier?.scan_id ?? wish.scanId,
      wishes: (earlier?.wishes ?? 0) + 1,
    })
  }
  return [...merged.values()]
}

/** A set token means lent, also past its time: the holder may still settle, and must not settle this wish away. */
function wishRows(wishes: readonly Merged[]): RawBuilder<unknown> {
  return sql`
    insert into marks as m (account_id, region, type, id, class, due_at, causes, scan_id, wishes, first_wished_at)
    select account_id, region, type, id, class, ${now} + delay_ms * interval '1 millisecond', causes, scan_id, wishes, ${now}
    from jsonb_to_recordset(${json(wishes)}) as given(account_id text, region text, type text, id text,
      class smallint, delay_ms float8, causes jsonb, scan_id text, wishes bigint)
    order by account_id, region, type, id
    on conflict (account_id, region, type, id) do update set
      class = case when m.token is null then least(m.class, excluded.class) else m.class end,
      due_at = case when m.token is null then least(m.due_at, excluded.due_at) else m.due_at end,
      causes = case when m.token is null then tripline_join_causes(m.causes, excluded.causes) else m.causes end,
      scan_id = case when m.token is null then coalesce(m.scan_id, excluded.scan_id) else m.scan_id end,
      wishes = case when m.token is null then m.wishes + excluded.wishes else m.wishes end,
      next_class = case when m.token is null then null else least(m.next_class, excluded.class) end,
      next_due_at = case when m.token is null then null else least(m.next_due_at, excluded.due_at) end,
      next_causes = case when m.token is null then m.next_causes else tripline_join_causes(m.next_causes, excluded.causes) end,
      next_scan_id = case when m.token is null then null else coalesce(m.next_scan_id, excluded.scan_id) end,
      next_wishes = case when m.token is null then 0 else m.next_wishes + excluded.wishes end,
      next_wished_at = case when m.token is null then null else coalesce(m.next_wished_at, excluded.first_wished_at) end`
}
