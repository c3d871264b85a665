import { sql, type RawBuilder } from 'kysely'
import type { Database } from './database.ts'
import { dueStates } from './states-due.ts'
import { stateColumns } from './states-row.ts'
import type { States, StoredState } from './store.ts'
import { at, columnsOf, isRef, json, now } from './values.ts'

export function createStates(database: Database): States {
  const wrote = async (query: RawBuilder<unknown>): Promise<boolean> => (await database.first(query)) !== null
  return {
    async nextNumber() {
      return (await database.one<{ number: number }>(sql`select nextval('resource_number') as number`)).number
    },
    get: (ref) => database.first<StoredState>(sql`select ${stateColumns} from resources as r where ${isRef('r', ref)}`),
    lock: (ref) => database.first<StoredState>(sql`select ${stateColumns} from resources as r where ${isRef('r', ref)} for update`),
    put(resource, judged) {
      const key = columnsOf(resource)
      return wrote(sql`
        insert into resources as r (account_id, region, type, id, number, shape, attributes, fetched_at,
          evaluated_with, evaluate_at, verdict)
        values (${key.account_id}, ${key.region}, ${key.type}, ${key.id}, ${resource.number}, ${resource.shape},
          ${json(resource.attributes)}, ${at(resource.fetchedAt)},
          ${judged.evaluatedWith}, ${at(judged.evaluateAt)}, ${json(judged.verdict)})
        on conflict (account_id, region, type, id) do update set
          number = excluded.number, shape = excluded.shape, attributes = excluded.attributes, fetched_at = excluded.fetched_at,
          gone = false, evaluated_with = excluded.evaluated_with, evaluate_at = excluded.evaluate_at,
          verdict = excluded.verdict, judging_until = '-infinity'
        where r.number <= excluded.number
        returning 1`)
    },
    seen: (ref, number) =>
      wrote(sql`
        update resources as r set number = ${number}, fetched_at = ${now}
        where ${isRef('r', ref)} and r.number <= ${number} returning 1`),
    async gone(ref, number) {
      // Nothing is written for a resource never seen: an empty state would turn its later creation into a change.
      const { done } = await database.one<{ done: boolean }>(sql`
        with written as (
          update resources as r set number = ${number}, fetched_at = ${now}, gone = true, judging_until = '-infinity'
          where ${isRef('r', ref)} and r.number <= ${number} returning 1
        )
        select exists (select from written) or not exists (select from resources as r where ${isRef('r', ref)}) as done`)
      return done
    },
    judged: (ref, number, judged) =>
      wrote(sql`
        update resources as r set evaluated_with = ${judged.evaluatedWith}, evaluate_at = ${at(judged.evaluateAt)},
          verdict = ${json(judged.verdict)}, judging_until = '-infinity'
        where ${isRef('r', ref)} and r.number = ${number} and not r.gone returning 1`),
    due: (limit, leaseMs, current) => dueStates(database, limit, leaseMs, current),
    async ids({ accountId, region, type }) {
      const rows = await database.rows<{ id: string }>(sql`
        select id from resources
        where account_id = ${accountId} and region = ${region} and type = ${type} and not gone order by id`)
      return rows.map((row) => row.id)
    },
  }
}
