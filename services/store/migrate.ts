import { sql, type Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { sqlState, StoreError, storeErrorOf } from './error.ts'
import { migrations } from './migrations/all.ts'

/** Runs what is missing, one process at a time (advisory lock), all or nothing. Returns the names of what ran. */
export async function runMigrations(kysely: Kysely<unknown>): Promise<readonly string[]> {
  const { error, results } = await migratorOf(kysely).migrateToLatest()
  if (error !== undefined) {
    const failed = results?.find((each) => each.status === 'Error')?.migrationName
    const cause = storeErrorOf(error)
    const what = failed === undefined ? 'The database cannot be migrated' : `Migration ${failed} failed`
    throw new StoreError('migration-failed', `${what}: ${cause.message}`, {
      retryable: cause.retryable,
      cause: error,
    })
  }
  return (results ?? []).map((each) => each.migrationName)
}

/** Refuses a database that lacks migrations. One that has more is welcome: old and new processes run side by side. */
export async function requireMigrations(kysely: Kysely<unknown>): Promise<void> {
  const missing = await missingMigrations(kysely)
  if (missing.length === 0) return
  const named = missing.join(', ')
  throw new StoreError('not-migrated', `Database lacks ${missing.length} migration(s): ${named}. Run \`tripline migrate\` first`)
}

/** Those that the database lacks, by name. */
export async function missingMigrations(kysely: Kysely<unknown>): Promise<readonly string[]> {
  const names = Object.keys(migrations).toSorted()
  try {
    const done = await sql<{ name: string }>`select name from kysely_migration`.execute(kysely)
    const known = new Set(done.rows.map((row) => row.name))
    return names.filter((name) => !known.has(name))
  } catch (error) {
    // Undefined table: nothing was ever migrated here.
    if (sqlState(error) === '42P01') return names
    throw storeErrorOf(error)
  }
}

function migratorOf(kysely: Kysely<unknown>): Migrator {
  return new Migrator({ db: kysely, provider: { getMigrations: async () => ({ ...migrations }) } })
}
