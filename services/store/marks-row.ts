import { sql } from 'kysely'
import type { MarkClass } from './store.ts'

/** The classes in the order of their numbers in the table, first served first. */
export const markClasses: readonly MarkClass[] = ['event', 'recheck', 'scan']

/** Empties the columns that gather wishes during a lease. */
export const withoutNext = sql`
  next_class = null, next_due_at = null, next_wishes = 0, next_causes = '[]', next_scan_id = null, next_wished_at = null`
