import { sql } from 'kysely'
import type { Expectation } from '#model'
import type { Database } from './database.ts'
import { markClasses } from './marks-row.ts'
import type { LeasedMark, LeaseOptions } from './store.ts'
import { texts, wait } from './values.ts'

interface Row {
  readonly accountId: string
  readonly region: string
  readonly type: string
  readonly id: string
  readonly class: number
  readonly token: string
  readonly expectations: readonly Expectation[]
  readonly scanId: string | null
  readonly attempts: number
  readonly looks: number
  readonly firstWishedAt: Date
}

/** Account ids have twelve digits. */
const accountIds = 1e12

/** The work is done by a function in the database, beginning among the accounts at a place by chance. */
export async function leaseMarks(
  database: Database,
  limit: number,
  leaseMs: number,
  { without = [], upTo = 'scan' }: LeaseOptions,
): Promise<readonly LeasedMark[]> {
  const start = String(Math.floor(Math.random() * accountIds)).padStart(12, '0')
  const rows = await database.rows<Row>(sql`
    select account_id as "accountId", region, type, id, class, token, expectations, scan_id as "scanId", attempts, looks,
      first_wished_at as "firstWishedAt"
    from tripline_lease_marks(${limit}::integer, ${wait(leaseMs)}, ${texts(without)}, ${start}::text, ${markClasses.indexOf(upTo)}::smallint)`)
  return rows.map(({ accountId, region, type, id, ...row }) => ({
    ref: { accountId, region, type, id },
    class: markClasses[row.class] ?? 'scan',
    token: row.token,
    expectations: row.expectations,
    scanId: row.scanId,
    attempts: row.attempts,
    looks: row.looks,
    firstWishedAt: row.firstWishedAt,
  }))
}
