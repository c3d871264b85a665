import { sql } from 'kysely'
import type { Database } from './database.ts'
import { hearEchoes } from './echoes.ts'
import { stateColumns, stateOf, type StateRow } from './states-row.ts'
import type { States, StoredState } from './store.ts'
import { json, wait } from './values.ts'

/**
 * The states to judge again. Types, fingerprints and shapes are few: the query hops from one combination to the next over the
 * index and reads states only of those that are old, so that an idle judge costs nothing with a million states.
 * Those whose time has come go first: a new detection on everything must not hold up a grace that ends.
 */
export async function dueStates(
  database: Database,
  limit: number,
  leaseMs: number,
  current: Parameters<States['due']>[2],
): Promise<readonly StoredState[]> {
  await hearEchoes(database)
  const fingerprints = [...current.fingerprints].map(([type, fingerprint]) => ({ type, fingerprint }))
  const shapes = [...(current.shapes ?? [])].map(([type, shape]) => ({ type, shape }))
  const rows = await database.rows<StateRow>(sql`
    with recursive moment as materialized (select tripline_now() as now),
    kinds as (
      (select type, evaluated_with, shape from resources where not gone order by type, evaluated_with, shape limit 1)
      union all
      select next.type, next.evaluated_with, next.shape
      from kinds, lateral (
        select type, evaluated_with, shape from resources
        where not gone and (type, evaluated_with, shape) > (kinds.type, kinds.evaluated_with, kinds.shape)
        order by type, evaluated_with, shape limit 1
      ) as next
    ), old as (
      select kinds.* from kinds
        left join jsonb_to_recordset(${json(fingerprints)}) as f(type text, fingerprint text) on f.type = kinds.type
        left join jsonb_to_recordset(${json(shapes)}) as s(type text, shape integer) on s.type = kinds.type
      where kinds.evaluated_with <> coalesce(f.fingerprint, ${current.otherwise}) or kinds.shape <> s.shape
    ), timely as (
      select account_id, region, type, id, 0 as place from resources
      where not gone and evaluate_at <= (select now from moment) and judging_until <= (select now from moment)
      order by evaluate_at limit ${limit}::integer
    ), outdated as (
      select each.*, 1 as place from old, lateral (
        select account_id, region, type, id from resources
        where not gone and type = old.type and evaluated_with = old.evaluated_with and shape = old.shape
          and judging_until <= (select now from moment)
        limit ${limit}::integer
      ) as each
      limit ${limit}::integer
    ), candidates as (
      select account_id, region, type, id, min(place) as place
      from (select * from timely union all select * from outdated) as found
      group by account_id, region, type, id
    ), chosen as (
      select r.account_id, r.region, r.type, r.id
      from candidates as c join resources as r
        on r.account_id = c.account_id and r.region = c.region and r.type = c.type and r.id = c.id
      where not r.gone and r.judging_until <= (select now from moment)
        and (r.judged_by is null or r.judged_by <= coalesce(${current.judgedBy ?? null}::bigint, r.judged_by))
      order by c.place, r.account_id, r.region, r.type, r.id limit ${limit}::integer
      for update of r skip locked
    )
    update resources as r set judging_until = (select now from moment) + ${wait(leaseMs)}
    from chosen as c
    where r.account_id = c.account_id and r.region = c.region and r.type = c.type and r.id = c.id
    returning ${stateColumns}`)
  return rows.map(stateOf)
}
