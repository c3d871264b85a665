import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect } from 'kysely'
import { afterEach, describe } from 'vitest'
import { openStore, type Store } from '#store'
import { storeContract, type Subject } from '../contracts/store.ts'
import { upgradeContract } from '../contracts/store-upgrade.ts'
import { freshPGlite } from '../support/database.ts'

const opened: Store[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store[Symbol.asyncDispose]()
})

async function subjectOver(pglite: PGlite): Promise<Subject> {
  const store = await openStore({ pglite })
  opened.push(store)
  return { store, sql: async (statement) => (await pglite.query<Record<string, unknown>>(statement)).rows }
}

describe('the store on PGlite', () => {
  storeContract(async () => subjectOver(await freshPGlite()))
  upgradeContract(async () => {
    const pglite = await PGlite.create()
    return {
      kysely: new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }) }),
      sql: (statement) => pglite.query(statement),
      upgrade: () => subjectOver(pglite),
    }
  })
})
