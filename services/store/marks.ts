import { sql } from 'kysely'
import type { Database } from './database.ts'
import { leaseMarks } from './marks-lease.ts'
import { counted, dueAfter, isMine, markClasses, withNext, withoutNext } from './marks-row.ts'
import { coalesceMs, scanPatienceMs, wishRows } from './marks-wish.ts'
import type { LeasedMark, Marks } from './store.ts'
import { columnsOf, json, now, wait } from './values.ts'

export function createMarks(database: Database): Marks {
  return {
    async wish(wishes) {
      if (wishes.length > 0) await database.rows(wishRows(wishes))
    },
    lease: (limit, leaseMs, options = {}) => leaseMarks(database, limit, leaseMs, options),
    async renew(mark, leaseMs) {
      const query = sql`update marks set due_at = ${now} + ${wait(leaseMs)} where ${isMine(mark)} returning 1`
      return (await database.first(query)) !== null
    },
    settle: (mark) => database.together((within) => settle(within, mark)),
    async again(mark, delayMs, expectations) {
      const columns = withNext({
        token: sql`null`,
        due_at: dueAfter(delayMs),
        looks: counted(sql`looks + 1`),
        expectations: sql`tripline_join_causes(${json(expectations)}, next_expectations)`,
      })
      return (await database.first(sql`update marks set ${columns} where ${isMine(mark)} returning 1`)) !== null
    },
    async giveBack(mark, delayMs) {
      // A scan goes on without a mark that is put off for long, unless the mark is the scan's alone.
      const patient = delayMs <= scanPatienceMs
      const columns = withNext({
        token: sql`null`,
        due_at: dueAfter(delayMs),
        attempts: counted(sql`attempts + 1`),
        scan_id: sql`case when ${patient}::boolean or class = 2 then coalesce(scan_id, next_scan_id) end`,
      })
      return (await database.first(sql`update marks set ${columns} where ${isMine(mark)} returning 1`)) !== null
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
        update marks set ${withNext({ token: sql`null`, due_at: now, looked_at: sql`null` })}
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

/** Two statements, so that a wish committed between them is seen: while the token holds, `next_wishes` only grows. */
async function settle(database: Database, mark: LeasedMark): Promise<boolean> {
  const removed = await database.first(sql`delete from marks where ${isMine(mark)} and next_wishes = 0 returning 1`)
  if (removed !== null) return true
  const kept = await database.first(sql`
    update marks set class = next_class, due_at = greatest(next_due_at, looked_at + ${wait(coalesceMs)}), wishes = next_wishes,
      expectations = next_expectations, scan_id = next_scan_id, first_wished_at = next_wished_at, attempts = 0, looks = 0,
      token = null, ${withoutNext}
    where ${isMine(mark)} returning 1`)
  return kept !== null
}
