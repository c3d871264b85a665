import { setTimeout as sleep } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type * as z from 'zod'
import type { Session } from '#aws'
import { unless } from './error.ts'
import type { credentialReport } from './shapes/credential-report.ts'
import { rfc3339 } from './shapes/parts.ts'

/** A user's line of the report, in Panther's words. */
export type ReportEntry = z.input<typeof credentialReport>
/** An account's credential report: AWS makes a new one at most every four hours. */
export interface CredentialReport {
  /** The line of a user, or of the root user; null when the report is older. */
  entry(arn: string, createdAt?: Date): ReportEntry
}
export interface CredentialReports {
  /** The account's report; an empty one when AWS is still making the first. */
  of(session: Session): Promise<CredentialReport>
}

/** Downloaded at most this often: it is one file for all users. */
const freshMs = 60_000
/** How long the first report of an account is waited for, in steps; later ones are never. */
const waitsMs = [0, 250, 500, 1_000]
const notThere = [
  'CredentialReportNotPresent',
  'ReportNotPresent',
  'CredentialReportExpired',
  'ReportExpired',
  'CredentialReportNotReady',
  'ReportInProgress',
]

interface Kept {
  readonly report: CredentialReport
  readonly since: number
}

export function createCredentialReports(now: () => number = () => performance.now()): CredentialReports {
  const kept = new LRUCache<string, Kept>({ max: 200 })
  const running = new Map<string, Promise<CredentialReport>>()

  const read = async (session: Session): Promise<CredentialReport> => {
    const old = kept.get(session.accountId)?.report ?? null
    const csv = (await download(session)) ?? (await generate(session, old === null ? waitsMs : []))
    const report = csv === null ? (old ?? parseReport('')) : parseReport(csv)
    // An empty stand-in is not kept: the next look asks again.
    if (csv !== null || old !== null) kept.set(session.accountId, { report, since: now() })
    return report
  }

  return {
    async of(session) {
      const known = kept.get(session.accountId)
      if (known !== undefined && now() - known.since < freshMs) return known.report
      const other = await running.get(session.accountId)?.catch(() => null)
      // Nobody else asks, or their question ended with their own fetch.
      if (other !== undefined && other !== null) return other
      const mine = read(session).finally(() => running.delete(session.accountId))
      running.set(session.accountId, mine)
      return mine
    },
  }
}

async function download(session: Session): Promise<string | null> {
  const { GetCredentialReportCommand } = await import('@aws-sdk/client-iam')
  const iam = await session.client('iam')
  const answer = await unless(iam.send(new GetCredentialReportCommand({})), ...notThere)
  return answer?.Content === undefined ? null : new TextDecoder().decode(answer.Content)
}

async function generate(session: Session, steps: readonly number[]): Promise<string | null> {
  const { GenerateCredentialReportCommand } = await import('@aws-sdk/client-iam')
  const iam = await session.client('iam')
  await iam.send(new GenerateCredentialReportCommand({}))
  for (const ms of steps) {
    if (ms > 0) await sleep(ms, undefined, { signal: session.signal })
    const csv = await download(session)
    if (csv !== null) return csv
  }
  return null
}

/** Reads the report's CSV. */
export function parseReport(csv: string): CredentialReport {
  const [head = '', ...lines] = csv.split(/\r?\n/).filter((line) => line !== '')
  const columns = head.split(',')
  const rows = new Map(lines.map((line) => cells(line, columns.length)).map((row) => [row[1], row]))
  return {
    entry(arn, createdAt) {
      const row = rows.get(arn)
      if (row === undefined) return null
      const cell = (name: string): string => row[columns.indexOf(name)] ?? ''
      // A line of an earlier user of the same name.
      if (createdAt !== undefined && Math.abs(Date.parse(cell('user_creation_time')) - createdAt.getTime()) >= 1_000) return null
      return Object.fromEntries([
        ...[...texts].map(([key, name]) => [key, cell(name)]),
        ...[...flags].map(([key, name]) => [key, cell(name).toLowerCase() === 'true']),
        ...[...times].map(([key, name]) => [key, timeOf(cell(name))]),
      ])
    },
  }
}

const texts = new Map([
  ['ARN', 'arn'],
  ['AccessKey1LastUsedRegion', 'access_key_1_last_used_region'],
  ['AccessKey1LastUsedService', 'access_key_1_last_used_service'],
  ['AccessKey2LastUsedRegion', 'access_key_2_last_used_region'],
  ['AccessKey2LastUsedService', 'access_key_2_last_used_service'],
  ['UserName', 'user'],
])
const flags = new Map([
  ['AccessKey1Active', 'access_key_1_active'],
  ['AccessKey2Active', 'access_key_2_active'],
  ['Cert1Active', 'cert_1_active'],
  ['Cert2Active', 'cert_2_active'],
  ['MfaActive', 'mfa_active'],
  ['PasswordEnabled', 'password_enabled'],
])
const times = new Map([
  ['AccessKey1LastRotated', 'access_key_1_last_rotated'],
  ['AccessKey1LastUsedDate', 'access_key_1_last_used_date'],
  ['AccessKey2LastRotated', 'access_key_2_last_rotated'],
  ['AccessKey2LastUsedDate', 'access_key_2_last_used_date'],
  ['Cert1LastRotated', 'cert_1_last_rotated'],
  ['Cert2LastRotated', 'cert_2_last_rotated'],
  ['PasswordLastChanged', 'password_last_changed'],
  ['PasswordLastUsed', 'password_last_used'],
  ['PasswordNextRotation', 'password_next_rotation'],
  ['UserCreationTime', 'user_creation_time'],
])

/** Panther's zero time: it stands for `N/A`, `no_information` and `not_supported`. */
export const never = '0001-01-01T00:00:00Z'

function timeOf(cell: string): string {
  const ms = /^\d{4}-/.test(cell) ? Date.parse(cell) : Number.NaN
  return Number.isNaN(ms) ? never : rfc3339(new Date(ms))
}

/** The cells of a line. User names may hold commas, and stand alike in the first two cells: what is too many is theirs. */
function cells(line: string, count: number): readonly string[] {
  const all = line.split(',')
  const extra = Math.max(0, Math.floor((all.length - count) / 2))
  const [user, arn] = [all.slice(0, extra + 1), all.slice(extra + 1, 2 * extra + 2)]
  return [user.join(','), arn.join(','), ...all.slice(2 * extra + 2)].map((cell) => cell.replace(/^"(.*)"$/, '$1'))
}
