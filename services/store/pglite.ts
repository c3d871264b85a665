import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect } from 'kysely'
import type { Backend } from './open.ts'
import { storeErrorOf } from './error.ts'
import { lockFolder } from './folder-lock.ts'
import { parsers } from './parsers.ts'

/** PostgreSQL inside this process: one connection, transactions queue. In memory without a folder. */
export async function openPGlite(folder: string | null, prepared: PGlite | undefined): Promise<Backend> {
  const lock = folder === null || prepared !== undefined ? null : lockFolder(folder)
  try {
    const pglite = prepared ?? (folder === null ? new PGlite() : new PGlite(join(folder, 'pglite')))
    await pglite.waitReady
    Object.assign(pglite.parsers, Object.fromEntries(parsers))
    const kysely = new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }) })
    return {
      kysely,
      async close() {
        try {
          await kysely.destroy()
          // Kysely closes only what it has used.
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
