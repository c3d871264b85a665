import { sql, type RawBuilder } from 'kysely'
import type { Database } from './database.ts'
import { json, now, wait } from './values.ts'

/**
 * An effective change echoes in the verdicts that looked the resource up. The change writes its echoes without touching other
 * resources, so that two changes never wait for each other, and the judge hears them. The second one is for verdicts that were
 * under way when the change came: they read before it and are written after it.
 */
const secondEchoMs = 30_000
/** At once at most; of a resource that very many look up, the rest follows. */
const [changesAtOnce, statesAtOnce] = [100, 1_000]

/** The echoes of the resource in the named table expression. */
export function echoesOf(written: string, changed: boolean): RawBuilder<unknown> {
  return sql`
    insert into echoes (id, at)
    select id, ${now} + delay from ${sql.table(written)}, (values (interval '0'), (${wait(secondEchoMs)})) as echo(delay)
    where ${changed}::boolean`
}

/** Makes those due that looked up what has changed: all verdicts that were written before the echo. */
export async function hearEchoes(database: Database): Promise<void> {
  await database.together(async (within) => {
    const heard = await within.rows<{ number: number }>(sql`
      select number from echoes where at <= ${now} order by at limit ${changesAtOnce}::integer for update skip locked`)
    if (heard.length > 0) await makeDue(within, json(heard.map(({ number }) => number)))
  })
}

/** `offset 0` keeps it one probe of the index for each change. */
async function makeDue(database: Database, numbers: RawBuilder<unknown>): Promise<void> {
  await database.rows(sql`
    with heard as materialized (
      select number, id, at from echoes
      where number = any (array(select jsonb_array_elements_text(${numbers})::bigint))
    ), dependents as (
      select distinct r.account_id, r.region, r.type, r.id
      from heard, lateral (
        select account_id, region, type, id from resources
        where looked_up @> array[heard.id] and looked_up <> '{}' and not gone and judged_at <= heard.at and evaluate_at > ${now}
        offset 0
      ) as r
      limit ${statesAtOnce}::integer
    ), held as (
      select r.account_id, r.region, r.type, r.id
      from dependents as d join resources as r
        on r.account_id = d.account_id and r.region = d.region and r.type = d.type and r.id = d.id
      order by r.account_id, r.region, r.type, r.id for update of r
    ), made_due as (
      update resources as r set evaluate_at = ${now}
      from held as h
      where r.account_id = h.account_id and r.region = h.region and r.type = h.type and r.id = h.id
    )
    delete from echoes using heard
    where echoes.number = heard.number and (select count(*) from dependents) < ${statesAtOnce}`)
}
