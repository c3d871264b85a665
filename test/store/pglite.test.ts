import { afterEach, describe } from 'vitest'
import { openStore, type Store } from '#store'
import { storeContract } from '../contracts/store.ts'
import { freshPGlite } from '../support/database.ts'

const opened: Store[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store[Symbol.asyncDispose]()
})

describe('the store on PGlite', () => {
  storeContract(async () => {
    const pglite = await freshPGlite()
    const store = await openStore({ pglite })
    opened.push(store)
    return { store, sql: async (statement) => (await pglite.query<Record<string, unknown>>(statement)).rows }
  })
})
