import { sql, type RawBuilder } from 'kysely'
import type { LeasedMark, MarkClass } from './store.ts'
import { isRef, now, wait } from './values.ts'

/** The classes in the order of their numbers in the table, first served first. */
export const markClasses: readonly MarkClass[] = ['event', 'recheck', 'scan']

/** Empties the columns that gather wishes during a lease. */
export const withoutNext = sql`
  next_class = null, next_due_at = null, next_wishes = 0, next_expectations = '[]', next_causes = '[]', next_scan_id = null,
  next_wished_at = null`

/** Whether a wish came during the lease with which the counts begin anew: any but a scan's. */
const hasNews = sql`coalesce(next_class < 2, false)`

/** A count that goes on, unless it begins anew. */
export function counted(value: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`case when ${hasNews} then 0 else ${value} end`
}

/** When a mark is due that is put off: a wish that came during the lease makes that earlier, a scan's does not. */
export function dueAfter(delayMs: number): RawBuilder<unknown> {
  return sql`least(${now} + ${wait(delayMs)}, case when ${hasNews} then next_due_at end)`
}

const joined = {
  class: sql`least(class, next_class)`,
  wishes: sql`wishes + next_wishes`,
  expectations: sql`tripline_join_causes(expectations, next_expectations)`,
  scan_id: sql`coalesce(scan_id, next_scan_id)`,
  attempts: counted(sql`attempts`),
  looks: counted(sql`looks`),
}

/** What a mark becomes when the wishes of its lease are joined to the earlier ones, but for what is `given`. */
export function withNext(given: Readonly<Record<string, RawBuilder<unknown>>>): RawBuilder<unknown> {
  const columns = Object.entries({ ...joined, ...given }).map(([column, value]) => sql`${sql.ref(column)} = ${value}`)
  return sql`${sql.join(columns)}, ${withoutNext}`
}

/** That the row is still lent under the mark's token. */
export function isMine(mark: LeasedMark): RawBuilder<boolean> {
  return sql<boolean>`${isRef('marks', mark.ref)} and marks.token = ${mark.token}`
}
