import { sql } from 'kysely'
import type { JsonObject, ResourceRef } from '#model'
import type { Database } from './database.ts'
import { stateColumns, stateOf, type StateRow } from './states-row.ts'
import type { StoredState } from './store.ts'
import { columnsOf, possibleIds, storableText, texts } from './values.ts'

/** Events may name another region than the resource has, global ones do; of several, the one in the event's region is meant. */
export async function meantBy(database: Database, ref: ResourceRef): Promise<ResourceRef | null> {
  const key = columnsOf(ref)
  return database.first<ResourceRef>(sql`
    select "accountId", region, type, id from (
      select account_id as "accountId", region, type, id, 0 as place from resources
      where account_id = ${key.account_id} and region = ${key.region} and type = ${key.type} and id = ${key.id}
      union all
      select account_id, region, type, id, case when region = ${key.region} then 1 else 2 end from resources
      where account_id = ${key.account_id} and type = ${key.type} and coalesce(event_id, id) = ${key.id} and not gone
    ) as found
    order by place, region, id limit 1`)
}

/** Ids are mostly ARNs, so one; else the first by key. */
export async function attributesOf(database: Database, ids: readonly string[]): Promise<ReadonlyMap<string, JsonObject>> {
  const possible = possibleIds(ids)
  if (possible.length === 0) return new Map()
  // `offset 0` keeps it one probe of the index for each id.
  const rows = await database.rows<{ id: string; attributes: JsonObject }>(sql`
    select distinct on (each.id) each.id, r.attributes
    from unnest(${texts(possible)}) as each(id), lateral (
      select account_id, region, type, attributes from resources where reverse(resources.id) = reverse(each.id) and not gone offset 0
    ) as r
    order by each.id, r.account_id, r.region, r.type`)
  return new Map(rows.map(({ id, attributes }) => [id, attributes]))
}

/** Exact ids first, then ends of ids, then names; what is there before what is gone. */
export async function findStates(database: Database, text: string, limit: number): Promise<readonly StoredState[]> {
  const given = storableText(text)
  const endsWith = (mark: string): ReturnType<typeof sql> => sql`reverse(id) ^@ reverse(${mark + given})`
  const rows = await database.rows<StateRow>(sql`
    with found as (
      (select account_id, region, type, id, 0 as place from resources where reverse(id) = reverse(${given}) limit ${limit}::integer)
      union all
      (select account_id, region, type, id, 1 from resources where ${endsWith('/')} limit ${limit}::integer)
      union all
      (select account_id, region, type, id, 1 from resources where ${endsWith(':')} limit ${limit}::integer)
      union all
      (select account_id, region, type, id, 2 from resources where attributes ->> 'Name' = ${given} limit ${limit}::integer)
    ), best as (
      select account_id, region, type, id, min(place) as place from found group by account_id, region, type, id
    )
    select ${stateColumns}
    from best as b join resources as r
      on r.account_id = b.account_id and r.region = b.region and r.type = b.type and r.id = b.id
    order by b.place, r.gone, r.account_id, r.region, r.type, r.id limit ${limit}::integer`)
  return rows.map(stateOf)
}

export async function searchStates(database: Database, text: string, limit: number): Promise<readonly StoredState[]> {
  const given = storableText(text).toLowerCase()
  const rows = await database.rows<StateRow>(sql`
    select ${stateColumns} from resources as r
    where strpos(lower(r.id), ${given}) > 0 or strpos(lower(r.attributes ->> 'Name'), ${given}) > 0
    order by r.gone, r.account_id, r.region, r.type, r.id limit ${limit}::integer`)
  return rows.map(stateOf)
}
