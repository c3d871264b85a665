import { sql } from 'kysely'
import type { StoredState } from './store.ts'

export interface StateRow extends Omit<StoredState, 'unread'> {
  readonly unreadCause: string | null
  readonly unreadSince: Date | null
}

/** A stored state's columns, under its own names; the table is called `r`. */
export const stateColumns = sql`
  r.account_id as "accountId", r.region, r.type, r.id, r.number, r.shape, r.attributes, r.fetched_at as "fetchedAt", r.gone,
  r.evaluated_with as "evaluatedWith", r.evaluate_at as "evaluateAt", r.verdict, nullif(r.judged_at, '-infinity') as "judgedAt", r.judged_by as "judgedBy", r.born_at as "bornAt", r.confirmed,
  r.unread_cause as "unreadCause", r.unread_since as "unreadSince"`

export function stateOf({ unreadCause, unreadSince, ...row }: StateRow): StoredState {
  return { ...row, unread: unreadCause === null || unreadSince === null ? null : { cause: unreadCause, since: unreadSince } }
}

/** A look succeeded. */
export const withoutUnread = sql`unread_cause = null, unread_since = null, unread_number = null`
