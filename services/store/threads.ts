import { sql } from 'kysely'
import type { AlertContent } from '#model'
import type { Database } from './database.ts'
import type { Thread, Threads } from './store.ts'

const leastCharacters = 8

export function createThreads(database: Database): Threads {
  return {
    async find(id) {
      if (id.length < leastCharacters) return null
      const thread = await database.first<Omit<Thread, 'alerts'>>(sql`
        select id, destination, channel, started_at as "startedAt" from threads
        where left(id, ${id.length}::integer) = ${id} order by started_at desc limit 1`)
      if (thread === null) return null
      const alerts = await database.rows<{ findingId: string; content: AlertContent }>(sql`
        select a.finding_id as "findingId", a.content from deliveries as d join alerts as a on a.id = coalesce(d.shows, d.alert_id)
        where d.thread_id = ${thread.id} and not d.extra and d.part <> 'again' and d.status <> 'closed' and a.finding_id is not null
        order by d.number`)
      return { ...thread, alerts }
    },
  }
}
