import { sql } from 'kysely'

/** A stored state's columns, under its own names; the table is called `r`. */
export const stateColumns = sql`
  r.account_id as "accountId", r.region, r.type, r.id, r.number, r.shape, r.attributes, r.fetched_at as "fetchedAt", r.gone,
  r.evaluated_with as "evaluatedWith", r.evaluate_at as "evaluateAt", r.verdict`
