import { createHash } from 'node:crypto'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type pg from 'pg'
import { roomLogger } from '#runtime'

const log = roomLogger('store')
/** Each name is a plan that every connection keeps. Ours are some hundred; what a growing text would add stays without. */
const mostNames = 300

/**
 * A pool whose statements have names, so that PostgreSQL plans each once a connection and not each time: planning is most of what ours cost. Where
 * a plan no longer holds, since a newer version has changed a column, all are named anew; where names mean nothing (a pooler that hands
 * each transaction to another connection), there are none from then on.
 */
export function withNames(pool: pg.Pool): PostgresPool {
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  let names = new Map<string, string>()
  let generation = 0
  let trusted = true

  function nameOf(text: string): string | null {
    const name = names.get(text)
    if (name !== undefined || !trusted || names.size >= mostNames) return name ?? null
    const made = `tripline_${generation}_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`
    names.set(text, made)
    return made
  }

  /** True when the statement failed for its name alone. */
  function forget(error: unknown, mine: number): boolean {
    const code = codeOf(error)
    if (code !== stalePlan && !foreignNames.has(code)) return false
    if (foreignNames.has(code) && trusted) {
      trusted = false
      log.warn({ code }, 'prepared statements do not last on this connection: going on without, which costs more')
    }
    if (mine === generation) {
      generation += 1
      names = new Map()
    }
    return true
  }

  function lend(client: pg.PoolClient): PostgresPoolClient {
    let inside = false
    const query = async (text: string, values: readonly unknown[]) => {
      const given = [...values]
      const name = given.length === 0 ? null : nameOf(text)
      if (text === 'begin') inside = true
      if (text === 'commit' || text === 'rollback') inside = false
      const mine = generation
      try {
        return await (name === null ? client.query(text, given) : client.query({ name, text, values: given }))
      } catch (error) {
        // A transaction is broken by it: whoever began it begins it again.
        if (name === null || !forget(error, mine) || inside) throw error
        return client.query(text, given)
      }
    }
    return { query: query as unknown as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) }
  }

  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect()
      const lent = known.get(client) ?? lend(client)
      known.set(client, lent)
      return lent
    },
    end: () => pool.end(),
  }
}

/** What a statement fails with when the tables of its plan have changed. */
const stalePlan = '0A000'
/** No such name, and one that is there already. */
const foreignNames: ReadonlySet<unknown> = new Set(['26000', '42P05'])

/** Whether a transaction failed only since its plans or names no longer hold: the next try does not meet them. */
export function isOutdated(state: string, message: string): boolean {
  return foreignNames.has(state) || (state === stalePlan && message.includes('cached plan'))
}

function codeOf(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' && isOutdated(error.code, error.message) ? error.code : null
}
