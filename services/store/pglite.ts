import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect } from 'kysely'
import type { Backend } from './open.ts'
import { storeErrorOf } from './error.ts'
import { lockFolder } from './folder-lock.ts'
import { parsers } from './parsers.ts'

/** PostgreSQL inside this process: one connection, transactions queue. In memory without a folder. */
export async function openPGlite(folder: string | null, image: Blob | undefined): Promise<Backend> {
  const lock = folder === null ? null : lockFolder(folder)
  try {
    const pglite = new PGlite({
      ...(folder === null ? {} : { dataDir: join(folder, 'pglite') }),
      ...(image === undefined ? {} : { loadDataDir: image }),
      parsers: Object.fromEntries(parsers),
    })
    await pglite.waitReady
    const kysely = new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }) })
    return {
      kysely,
      async close() {
        try {
          // Kysely closes only what it has used.
          await kysely.destroy()
          if (!pglite.closed) await pglite.close()
        } finally {
          lock?.[Symbol.dispose]()
        }
      },
    }
  } catch (error) {
    lock?.[Symbol.dispose]()
    throw storeErrorOf(error)
  }
}
