import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { time } from './0001-time.ts'
import { inbox } from './0002-inbox.ts'
import { marks } from './0003-marks.ts'
import { resources } from './0004-resources.ts'
import { findings } from './0005-findings.ts'
import { alerts } from './0006-alerts.ts'
import { quarantine } from './0007-quarantine.ts'
import { scans } from './0008-scans.ts'
import { expectations } from './0009-expectations.ts'
import { looks } from './0010-looks.ts'
import { versions } from './0011-versions.ts'
import { scanParts } from './0012-scan-parts.ts'
import { workers } from './0013-workers.ts'
import { resourceFindings } from './0014-resource-findings.ts'
import { leaseMarks } from './0015-lease-marks.ts'
import { sessions } from './0016-sessions.ts'
import { investigations } from './0017-investigations.ts'
import { firstSent } from './0018-first-sent.ts'
import { threads } from './0019-threads.ts'
import { quiet } from './0020-quiet.ts'
import { knownDetections } from './0021-known-detections.ts'
import { summarised } from './0023-summarised.ts'
import { scanUnread } from './0024-scan-unread.ts'
import { quarantineOwed } from './0025-quarantine-owed.ts'
import { livesAreKept } from './0027-lives-are-kept.ts'
import { quarantineBound } from './0028-quarantine-bound.ts'
import { threadsByResource } from './0031-threads-by-resource.ts'
import { coverage } from './0029-coverage.ts'
import { gaps } from './0030-gaps.ts'
import { ruleCache } from './0034-rule-cache.ts'
import { bundles } from './0036-bundles.ts'
import { summaries } from './0038-summaries.ts'
import { retention } from './0042-retention.ts'

/** All migrations by name, run in this order. A released one is never changed: the next change is the next file. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-time': from(time),
  '0002-inbox': from(inbox),
  '0003-marks': from(marks),
  '0004-resources': from(resources),
  '0005-findings': from(findings),
  '0006-alerts': from(alerts),
  '0007-quarantine': from(quarantine),
  '0008-scans': from(scans),
  '0009-expectations': from(expectations),
  '0010-looks': from(looks),
  '0011-versions': from(versions),
  '0012-scan-parts': from(scanParts),
  '0013-workers': from(workers),
  '0014-resource-findings': from(resourceFindings),
  '0015-lease-marks': from(leaseMarks),
  '0016-sessions': from(sessions),
  '0017-investigations': from(investigations),
  '0018-first-sent': from(firstSent),
  '0019-threads': from(threads),
  '0020-quiet': from(quiet),
  '0021-known-detections': from(knownDetections),
  '0023-summarised': from(summarised),
  '0024-scan-unread': from(scanUnread),
  '0025-quarantine-owed': from(quarantineOwed),
  '0027-lives-are-kept': from(livesAreKept),
  '0028-quarantine-bound': from(quarantineBound),
  '0031-threads-by-resource': from(threadsByResource),
  '0029-coverage': from(coverage),
  '0030-gaps': from(gaps),
  '0034-rule-cache': from(ruleCache),
  '0036-bundles': from(bundles),
  '0038-summaries': from(summaries),
  '0042-retention': from(retention),
}

function from(statements: readonly string[]): Migration {
  return {
    async up(database: Kysely<unknown>) {
      for (const statement of statements) await sql.raw(statement).execute(database)
    },
  }
}
