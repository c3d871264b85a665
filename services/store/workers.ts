import { sql } from 'kysely'
import type { Database } from './database.ts'
import type { Workers } from './store.ts'
import { now, wait } from './values.ts'

export function createWorkers(database: Database): Workers {
  return {
    async beat(id, role, forMs) {
      const { count } = await database.one<{ count: number }>(sql`
        with written as (
          insert into workers (id, role, alive_until) values (${id}, ${role}, ${now} + ${wait(forMs)})
          on conflict (id) do update set role = excluded.role, alive_until = excluded.alive_until
          returning 1
        )
        select (select count(*) from written) + count(*) as count
        from workers where role = ${role} and id <> ${id} and alive_until > ${now}`)
      return count
    },
    async leave(id) {
      await database.rows(sql`delete from workers where id = ${id}`)
    },
    async alive(role) {
      const query = sql<{ count: number }>`select count(*) from workers where role = ${role} and alive_until > ${now}`
      return (await database.one(query)).count
    },
  }
}
