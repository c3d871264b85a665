import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Kysely, RawBuilder } from 'kysely'
import { backoffMs } from '#runtime'
import { StoreError, storeErrorOf } from './error.ts'

/** What the nouns ask of the database. One of it stands for the whole store, one for each transaction. */
export interface Database {
  rows<Row>(query: RawBuilder<Row>): Promise<readonly Row[]>
  first<Row>(query: RawBuilder<Row>): Promise<Row | null>
  /** The row of a query that always has one. */
  one<Row>(query: RawBuilder<Row>): Promise<Row>
  /** Several statements as one: a transaction of its own, or the one that is open. */
  together<T>(work: (database: Database) => Promise<T>): Promise<T>
  /** Registers what must be done, in its own transaction, before this failing one is tried again. */
  repair(work: (database: Database) => Promise<void>): void
}

const tries = 6

/**
 * One try of a transaction. While `open`, the outer store refuses to be used by the same chain of calls: with one connection
 * (PGlite) it would wait for itself forever, with several it would write beside the transaction.
 */
interface Try {
  open: boolean
  conflict: boolean
  readonly repairs: ((database: Database) => Promise<void>)[]
}

/** The store's database: single statements, and transactions that are tried again after a conflict. */
export function createDatabase(kysely: Kysely<unknown>): Database {
  const current = new AsyncLocalStorage<Try>()

  const refuseNested = (): void => {
    if (current.getStore()?.open !== true) return
    throw new StoreError('nested', 'Store used inside its own transaction: use the records that `transaction` hands to the work')
  }

  const together = async <T>(work: (database: Database) => Promise<T>): Promise<T> => {
    refuseNested()
    for (let attempt = 1; ; attempt += 1) {
      const trial: Try = { open: true, conflict: false, repairs: [] }
      try {
        return await runTry(kysely, trial, (database) => current.run(trial, () => work(database)))
      } catch (error) {
        trial.open = false
        const conflict = trial.conflict || (error instanceof StoreError && error.code === 'conflict')
        if (attempt === tries || (!conflict && trial.repairs.length === 0)) throw error
        for (const repair of trial.repairs) await together(repair)
        if (conflict) await sleep(backoffMs(attempt - 1, 5, 200))
      } finally {
        trial.open = false
      }
    }
  }

  const rows = async <Row>(query: RawBuilder<Row>): Promise<readonly Row[]> => {
    refuseNested()
    return rowsOf(query, kysely)
  }
  return {
    rows,
    first: async (query) => (await rows(query))[0] ?? null,
    one: async (query) => only(await rows(query)),
    together,
    repair() {
      throw new StoreError('query-failed', 'Repair asked for outside of a transaction')
    },
  }
}

/** An error of the work goes on as it is, also when the rollback failed after it; only begin and commit are ours to explain. */
async function runTry<T>(kysely: Kysely<unknown>, trial: Try, work: (database: Database) => Promise<T>): Promise<T> {
  const failed: unknown[] = []
  try {
    return await kysely.transaction().execute(async (transaction) => {
      try {
        return await work(within(transaction, trial))
      } catch (error) {
        failed.push(error)
        throw error
      }
    })
  } catch (error) {
    throw failed.length > 0 ? failed[0] : storeErrorOf(error)
  }
}

function within(transaction: Kysely<unknown>, trial: Try): Database {
  const rows = async <Row>(query: RawBuilder<Row>): Promise<readonly Row[]> => {
    if (!trial.open) throw new StoreError('closed', 'Records of a transaction used after it ended')
    try {
      return await rowsOf(query, transaction)
    } catch (error) {
      // Noted here, since the work may wrap the error in its own.
      if (error instanceof StoreError && error.code === 'conflict') trial.conflict = true
      throw error
    }
  }
  const database: Database = {
    rows,
    first: async (query) => (await rows(query))[0] ?? null,
    one: async (query) => only(await rows(query)),
    together: (work) => work(database),
    repair: (work) => void trial.repairs.push(work),
  }
  return database
}

async function rowsOf<Row>(query: RawBuilder<Row>, kysely: Kysely<unknown>): Promise<readonly Row[]> {
  try {
    return (await query.execute(kysely)).rows
  } catch (error) {
    throw storeErrorOf(error)
  }
}

function only<Row>(rows: readonly Row[]): Row {
  const [row] = rows
  if (row === undefined) throw new StoreError('query-failed', 'Statement answered with no row: expected one')
  return row
}
