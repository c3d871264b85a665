import type { Store } from '#store'
import { alertsContract } from './store-alerts.ts'
import { bundlesContract } from './store-bundles.ts'
import { findingsContract } from './store-findings.ts'
import { gapsContract } from './store-gaps.ts'
import { investigationsContract } from './store-investigations.ts'
import { inboxContract } from './store-inbox.ts'
import { lookUpsContract } from './store-look-ups.ts'
import { marksContract } from './store-marks.ts'
import { scansContract } from './store-scans.ts'
import { ruleCacheContract } from './store-rule-cache.ts'
import { sessionsContract } from './store-sessions.ts'
import { statesContract } from './store-states.ts'
import { threadsContract } from './store-threads.ts'
import { transactionContract } from './store-transaction.ts'
import { versionsContract } from './store-versions.ts'
import { workersContract } from './store-workers.ts'

/** A store over a new database, and a way past it. */
export interface Subject {
  readonly store: Store
  /** One statement, beside the store. */
  sql(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** What every store promises, whatever database it stands on. `open` gives a new one each time and closes it itself. */
export function storeContract(open: () => Promise<Subject>): void {
  inboxContract(open)
  marksContract(open)
  statesContract(open)
  lookUpsContract(open)
  versionsContract(open)
  findingsContract(open)
  alertsContract(open)
  bundlesContract(open)
  threadsContract(open)
  scansContract(open)
  workersContract(open)
  sessionsContract(open)
  ruleCacheContract(open)
  investigationsContract(open)
  gapsContract(open)
  transactionContract(open)
}

/** Moves the database's clock. */
export async function setClock(subject: Subject, ahead: string): Promise<void> {
  await subject.sql(`create or replace function tripline_now() returns timestamptz language sql volatile
    as $$ select clock_timestamp() + interval '${ahead}' $$`)
}

/** Stops the database's clock; the answer moves it to so many ms after that. */
export async function stopClock(subject: Subject): Promise<(ms: number) => Promise<void>> {
  const start = Date.now()
  const move = async (ms: number): Promise<void> => {
    await subject.sql(`create or replace function tripline_now() returns timestamptz language sql volatile
      as $$ select to_timestamp(${(start + ms) / 1_000}) $$`)
  }
  await move(0)
  return move
}
