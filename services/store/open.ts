import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { sql, type Kysely } from 'kysely'
import { createDatabase, type Database } from './database.ts'
import { createAlerts } from './alerts.ts'
import { createCoverage } from './coverage.ts'
import { createBundles } from './bundles.ts'
import { createDeliveries } from './deliveries.ts'
import { createFindings } from './findings.ts'
import { createGaps } from './gaps.ts'
import { createInvestigations } from './investigations.ts'
import { createInbox } from './inbox.ts'
import { maintain, openComingDays } from './maintain.ts'
import { createKnownDetections } from './known-detections.ts'
import { createRuleCache } from './rule-cache.ts'
import { createMarks } from './marks.ts'
import { missingMigrations, requireMigrations, runMigrations } from './migrate.ts'
import { openPGlite } from './pglite.ts'
import { openPostgres } from './postgres.ts'
import { createQuarantine } from './quarantine.ts'
import { createScans } from './scans.ts'
import { createSessions } from './sessions.ts'
import { createStates } from './states.ts'
import type { Records, Store } from './store.ts'
import { createThreads } from './threads.ts'
import { createVersions } from './versions.ts'
import { createWorkers } from './workers.ts'
import { now } from './values.ts'

/** A database of one kind, open. */
export interface Backend {
  readonly kysely: Kysely<unknown>
  close(): Promise<void>
}

export interface StoreConfig {
  /** PostgreSQL's address. Without it, PGlite. */
  readonly url?: string | null | undefined
  /** PGlite's data folder, used by one process at a time. Null or absent: in memory, gone at the end. */
  readonly folder?: string | null | undefined
  /** A PGlite that was opened and prepared elsewhere, in place of `folder`; closed with the store. */
  readonly pglite?: PGlite | undefined
}

/** Opens the store. PGlite is migrated on the way; PostgreSQL must have been (`migrate`). Close it with `await using`. */
export async function openStore(config: StoreConfig): Promise<Store> {
  const backend = await openBackend(config)
  try {
    if (isPostgres(config)) await requireMigrations(backend.kysely)
    else if ((await missingMigrations(backend.kysely)).length > 0) await runMigrations(backend.kysely)
    const database = createDatabase(backend.kysely)
    await openComingDays(database)
    return storeOver(database, backend)
  } catch (error) {
    await backend.close()
    throw error
  }
}

/** What is there, without bringing it to this version; null where there is no database in the folder yet. */
export async function inspectStore(config: StoreConfig): Promise<{ now: Date; missing: readonly string[] } | null> {
  if (!isPostgres(config) && typeof config.folder === 'string' && !existsSync(join(config.folder, 'pglite'))) return null
  const backend = await openBackend(config)
  try {
    const missing = await missingMigrations(backend.kysely)
    // Of the database itself: its own function may not be there yet.
    return { now: (await createDatabase(backend.kysely).one<{ now: Date }>(sql`select now() as now`)).now, missing }
  } finally {
    await backend.close()
  }
}

/** Brings the database up to date; returns the names of the migrations that ran. Safe beside running processes and itself. */
export async function migrate(config: StoreConfig): Promise<readonly string[]> {
  const backend = isPostgres(config) ? openPostgres(config.url, true) : await openBackend(config)
  try {
    return await runMigrations(backend.kysely)
  } finally {
    await backend.close()
  }
}

async function openBackend(config: StoreConfig): Promise<Backend> {
  return isPostgres(config) ? openPostgres(config.url) : openPGlite(config.folder ?? null, config.pglite)
}

function isPostgres(config: StoreConfig): config is StoreConfig & { readonly url: string } {
  return typeof config.url === 'string' && config.url !== ''
}

function storeOver(database: Database, backend: Backend): Store {
  return {
    ...recordsOver(database),
    transaction: (work) => database.together((within) => work(recordsOver(within))),
    maintain: () => maintain(database),
    [Symbol.asyncDispose]: () => backend.close(),
  }
}

function recordsOver(database: Database): Records {
  return {
    inbox: createInbox(database),
    marks: createMarks(database),
    states: createStates(database),
    versions: createVersions(database),
    findings: createFindings(database),
    alerts: createAlerts(database),
    deliveries: createDeliveries(database),
    threads: createThreads(database),
    quarantine: createQuarantine(database),
    scans: createScans(database),
    workers: createWorkers(database),
    detections: createKnownDetections(database),
    ruleCache: createRuleCache(database),
    sessions: createSessions(database),
    investigations: createInvestigations(database),
    coverage: createCoverage(database),
    gaps: createGaps(database),
    bundles: createBundles(database),
    async now() {
      return (await database.one<{ now: Date }>(sql`select ${now} as now`)).now
    },
  }
}
