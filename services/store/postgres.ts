import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { roomLogger } from '#runtime'
import type { Backend } from './open.ts'
import { parsers } from './parsers.ts'
import { withNames } from './prepared.ts'

const log = roomLogger('store')
const statementMs = 30_000

const getTypeParser: typeof pg.types.getTypeParser = (type, format) => parsers.get(type) ?? pg.types.getTypeParser(type, format)

/** PostgreSQL over a pool. `patient`: without limits of time, for migrations. */
export function openPostgres(url: string, patient = false): Backend {
  const limits = {
    statement_timeout: statementMs,
    query_timeout: statementMs + 5_000,
    idle_in_transaction_session_timeout: statementMs,
  }
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'tripline',
    max: 10,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: { getTypeParser },
    ...(patient ? {} : limits),
  })
  // A connection may break in use or idle; unheard, the event would end the process. The pool replaces it.
  pool.on('connect', (client) => client.on('error', (error) => log.warn({ reason: error.message }, 'database connection lost')))
  pool.on('error', () => log.debug({}, 'idle connection left the pool'))
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: patient ? pool : withNames(pool) }) })
  return {
    kysely,
    async close() {
      await kysely.destroy()
      if (!pool.ended) await pool.end()
    },
  }
}
