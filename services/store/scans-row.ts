import { sql } from 'kysely'

/** A scan's columns, under its own names; the table is called `s`. */
export const scanColumns = sql`
  s.id, s.account_id as "accountId", s.kind, s.status, s.started_at as "startedAt", s.finished_at as "finishedAt"`
