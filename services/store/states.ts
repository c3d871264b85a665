import { sql, type RawBuilder } from 'kysely'
import type { ResourceRef } from '#model'
import type { Database } from './database.ts'
import { echoesOf } from './echoes.ts'
import { dueStates } from './states-due.ts'
import { attributesOf, findStates, meantBy, searchStates } from './states-find.ts'
import { stateColumns, stateOf, withoutUnread, type StateRow } from './states-row.ts'
import type { States } from './store.ts'
import { at, columnsOf, isRef, json, milliseconds, now, possibleIds, storableText, texts } from './values.ts'

export function createStates(database: Database): States {
  const wrote = async (query: RawBuilder<unknown>): Promise<boolean> => (await database.first(query)) !== null
  const read = async (query: RawBuilder<StateRow>): ReturnType<States['get']> => {
    const row = await database.first(query)
    return row === null ? null : stateOf(row)
  }
  return {
    async nextNumber() {
      return (await database.one<{ number: number }>(sql`select nextval('resource_number') as number`)).number
    },
    get: (ref) => read(sql<StateRow>`select ${stateColumns} from resources as r where ${isRef('r', ref)}`),
    async among(refs) {
      if (refs.length === 0) return []
      const rows = await database.rows<StateRow>(sql`
        select ${stateColumns}
        from jsonb_to_recordset(${json(refs.map((ref) => columnsOf(ref)))}) as g(account_id text, region text, type text, id text)
          join resources as r on r.account_id = g.account_id and r.region = g.region and r.type = g.type and r.id = g.id`)
      return rows.map(stateOf)
    },
    lock: (ref) => read(sql<StateRow>`select ${stateColumns} from resources as r where ${isRef('r', ref)} for update`),
    meant: (ref) => meantBy(database, ref),
    attributes: (ids) => attributesOf(database, ids),
    find: (text, limit) => findStates(database, text, limit),
    search: (text, limit) => searchStates(database, text, limit),
    async page(after, limit) {
      const key = columnsOf(after ?? { accountId: '', region: '', type: '', id: '' })
      const rows = await database.rows<StateRow>(sql`
        select ${stateColumns} from resources as r
        where not r.gone and (r.account_id, r.region, r.type, r.id) > (${key.account_id}, ${key.region}, ${key.type}, ${key.id})
        order by r.account_id, r.region, r.type, r.id limit ${limit}::integer`)
      return rows.map(stateOf)
    },
    put(resource, judged, look) {
      const key = columnsOf(resource)
      return wrote(sql`
        with written as (
          insert into resources as r (account_id, region, type, id, number, shape, attributes, fetched_at,
            evaluated_with, evaluate_at, verdict, looked_up, judged_at, judged_by, event_id, born_at, confirmed)
          values (${key.account_id}, ${key.region}, ${key.type}, ${key.id}, ${resource.number}, ${resource.shape},
            ${json(resource.attributes)}, ${at(resource.fetchedAt)}, ${judged.evaluatedWith}, ${at(judged.evaluateAt)},
            ${json(judged.verdict)}, ${texts(possibleIds(judged.lookedUp))}, ${now}, ${judged.judgedBy ?? null}::bigint, ${otherIdOf(resource, look.eventId)},
            ${look.bornAt === null ? null : at(look.bornAt)}::timestamptz, ${look.confirmed})
          on conflict (account_id, region, type, id) do update set
            number = excluded.number, shape = excluded.shape, attributes = excluded.attributes, fetched_at = excluded.fetched_at,
            gone = false, gone_at = null, evaluated_with = excluded.evaluated_with, evaluate_at = excluded.evaluate_at,
            verdict = excluded.verdict, looked_up = excluded.looked_up, judged_at = excluded.judged_at, judged_by = excluded.judged_by,
            event_id = excluded.event_id, confirmed = excluded.confirmed, judging_until = '-infinity', ${withoutUnread},
            born_at = coalesce(excluded.born_at, case when not r.gone then r.born_at end)
          where r.number <= excluded.number
          returning id
        ), echoed as (${echoesOf('written', look.changed)})
        select 1 from written`)
    },
    seen: (ref, number, confirmed) =>
      wrote(sql`
        update resources as r set number = ${number}, fetched_at = ${now}, confirmed = ${confirmed}, ${withoutUnread}
        where ${isRef('r', ref)} and r.number <= ${number} returning 1`),
    async gone(ref, number) {
      // Nothing is written for a resource never seen: an empty state would turn its later creation into a change.
      const { done } = await database.one<{ done: boolean }>(sql`
        with known as (
          select gone from resources as r where ${isRef('r', ref)}
        ), written as (
          update resources as r set number = ${number}, fetched_at = ${now}, gone = true, gone_at = coalesce(r.gone_at, ${now}),
            judging_until = '-infinity', ${withoutUnread}
          where ${isRef('r', ref)} and r.number <= ${number} returning id
        ), ended as (
          select id from written, known where not known.gone
        ), echoed as (${echoesOf('ended', true)})
        select exists (select from written) or not exists (select from known) as done`)
      return done
    },
    async unread(ref, cause) {
      const given = storableText(cause)
      await database.rows(sql`
        update resources as r set unread_cause = ${given}, unread_number = (select last_value from resource_number),
          unread_since = case when r.unread_cause = ${given} then r.unread_since else ${now} end
        where ${isRef('r', ref)}`)
    },
    judged: (ref, number, judged) =>
      wrote(sql`
        update resources as r set evaluated_with = ${judged.evaluatedWith}, evaluate_at = ${at(judged.evaluateAt)},
          verdict = ${json(judged.verdict)}, looked_up = ${texts(possibleIds(judged.lookedUp))}, judged_at = ${now},
          judged_by = ${judged.judgedBy ?? null}::bigint,
          judging_until = '-infinity'
        where ${isRef('r', ref)} and r.number = ${number} and not r.gone returning 1`),
    judgedUneventful: (list) => judgedUneventful(database, list),
    async giveBack(refs) {
      if (refs.length === 0) return
      await database.rows(sql`
        with mine as (
          select r.account_id, r.region, r.type, r.id
          from resources as r join jsonb_to_recordset(${json(refs.map((ref) => columnsOf(ref)))})
            as g(account_id text, region text, type text, id text) using (account_id, region, type, id)
          order by r.account_id, r.region, r.type, r.id for update of r
        )
        update resources as r set judging_until = '-infinity' from mine
        where r.account_id = mine.account_id and r.region = mine.region and r.type = mine.type and r.id = mine.id`)
    },
    due: (limit, leaseMs, current) => dueStates(database, limit, leaseMs, current),
  }
}

/** The id that events use, kept only where it is another one. */
function otherIdOf(resource: ResourceRef, eventId: string): string | null {
  return eventId === resource.id ? null : columnsOf({ ...resource, id: eventId }).id
}

/** Findings of a resource open only under its row's lock, so that what is held has none. */
async function judgedUneventful(database: Database, list: Parameters<States['judgedUneventful']>[0]): Promise<ReadonlySet<number>> {
  if (list.length === 0) return new Set()
  const given = list.map(({ state, judged: { verdict, evaluatedWith, evaluateAt, lookedUp, judgedBy = null } }, place) => ({
    ...columnsOf(state),
    place,
    number: state.number,
    verdict,
    evaluated_with: evaluatedWith,
    evaluate_at: milliseconds(evaluateAt) / 1_000,
    looked_up: possibleIds(lookedUp),
    judged_by: judgedBy,
  }))
  const rows = await database.rows<{ place: number }>(sql`
    with given as materialized (
      select * from jsonb_to_recordset(${json(given)}) as g(account_id text, region text, type text, id text, place integer,
        number bigint, verdict jsonb, evaluated_with text, evaluate_at float8, looked_up jsonb, judged_by bigint)
    ), held as (
      select given.*
      from given join resources as r
        on r.account_id = given.account_id and r.region = given.region and r.type = given.type and r.id = given.id
      where r.number = given.number and not r.gone and coalesce(r.judged_by <= given.judged_by, true) and not exists (
        select from findings as f
        where f.kind = 'policy' and f.status = 'open' and f.account_id = r.account_id and f.region = r.region
          and f.resource_type = r.type and f.resource_id = r.id
      )
      order by r.account_id, r.region, r.type, r.id for update of r
    )
    update resources as r set evaluated_with = held.evaluated_with, evaluate_at = to_timestamp(held.evaluate_at), verdict = held.verdict,
      looked_up = array(select jsonb_array_elements_text(held.looked_up)), judged_at = ${now},
      judged_by = held.judged_by, judging_until = '-infinity'
    from held
    where r.account_id = held.account_id and r.region = held.region and r.type = held.type and r.id = held.id
    returning held.place`)
  return new Set(rows.map(({ place }) => place))
}
