import { never, type ReportEntry } from './credential-report.ts'
import { rfc3339 } from './shapes/parts.ts'

/** What calls say of a user's credentials now, whatever the report still says. */
export interface LiveCredentials {
  readonly arn: string
  readonly name: string
  readonly createdAt: Date
  readonly accessKeys: readonly Credential[]
  readonly certificates: readonly Credential[]
  /** When the user got a password; null without one. */
  readonly passwordSince: Date | null
  readonly passwordLastUsed: Date | null
  readonly hasMfa: boolean
}
/** An access key or a signing certificate. */
export interface Credential {
  readonly id: string
  readonly isActive: boolean
  readonly createdAt: Date
}
/** What the account's summary says of the root user; `hasPassword` is null where it does not say. */
interface RootSummary {
  readonly hasMfa: boolean
  readonly hasPassword: boolean | null
  readonly hasKeys: boolean
  readonly hasCertificates: boolean
}
type Entry = NonNullable<ReportEntry>
type Slot = 1 | 2

const unused = { LastUsedDate: never, LastUsedRegion: 'N/A', LastUsedService: 'N/A' }

/** The user's line as it would be in a report made now. What no call tells (last use, the password's age) is the old line's. */
export function freshEntry(live: LiveCredentials, old: ReportEntry): ReportEntry {
  const hasPassword = live.passwordSince !== null
  const since = timeOf(live.passwordSince)
  const changed = old?.PasswordLastChanged ?? never
  return {
    ARN: live.arn,
    UserName: live.name,
    UserCreationTime: timeOf(live.createdAt),
    MfaActive: live.hasMfa,
    PasswordEnabled: hasPassword,
    PasswordLastChanged: hasPassword && changed > since ? changed : since,
    PasswordLastUsed: timeOf(live.passwordLastUsed),
    PasswordNextRotation: (hasPassword && old?.PasswordNextRotation) || never,
    ...keysOf(live.accessKeys, old),
    ...certificatesOf(live.certificates, old),
  }
}

/** The root user's line: the summary says what there is now, the old line whatever else is known. */
export function freshRootEntry(arn: string, summary: RootSummary, old: ReportEntry): ReportEntry {
  const keys = keysOf([], null)
  const certificates = certificatesOf([], null)
  const knowsKey = [old?.AccessKey1LastRotated, old?.AccessKey2LastRotated].some(isTime)
  const knowsCertificate = [old?.Cert1LastRotated, old?.Cert2LastRotated].some(isTime)
  return {
    PasswordEnabled: false,
    PasswordLastChanged: never,
    PasswordLastUsed: never,
    PasswordNextRotation: never,
    UserCreationTime: never,
    ...keys,
    ...certificates,
    ...old,
    ARN: arn,
    UserName: rootName,
    MfaActive: summary.hasMfa,
    ...(summary.hasPassword === null ? {} : { PasswordEnabled: summary.hasPassword }),
    ...(summary.hasKeys ? (knowsKey ? {} : { AccessKey1Active: true }) : keys),
    ...(summary.hasCertificates ? (knowsCertificate ? {} : { Cert1Active: true }) : certificates),
  }
}
/** The root user's name in the report. */
export const rootName = '<root_account>'

function keysOf(keys: readonly Credential[], old: ReportEntry): Partial<Entry> {
  const [first, second] = slots(keys, [old?.AccessKey1LastRotated, old?.AccessKey2LastRotated])
  return { ...keyAt(1, first, old), ...keyAt(2, second, old) }
}

function keyAt(slot: Slot, key: Credential | null, old: ReportEntry): Partial<Entry> {
  const rotated = timeOf(key?.createdAt)
  // The old line may be about a key that was here before this one.
  const isSame = key !== null && (old?.[`AccessKey${slot}LastRotated`] ?? never) >= rotated
  return {
    [`AccessKey${slot}Active`]: key?.isActive ?? false,
    [`AccessKey${slot}LastRotated`]: rotated,
    [`AccessKey${slot}LastUsedDate`]: (isSame && old?.[`AccessKey${slot}LastUsedDate`]) || unused.LastUsedDate,
    [`AccessKey${slot}LastUsedRegion`]: (isSame && old?.[`AccessKey${slot}LastUsedRegion`]) || unused.LastUsedRegion,
    [`AccessKey${slot}LastUsedService`]: (isSame && old?.[`AccessKey${slot}LastUsedService`]) || unused.LastUsedService,
  }
}

function certificatesOf(certificates: readonly Credential[], old: ReportEntry): Partial<Entry> {
  const [first, second] = slots(certificates, [old?.Cert1LastRotated, old?.Cert2LastRotated])
  return {
    Cert1Active: first?.isActive ?? false,
    Cert1LastRotated: timeOf(first?.createdAt),
    Cert2Active: second?.isActive ?? false,
    Cert2LastRotated: timeOf(second?.createdAt),
  }
}

/** Which is the first and which the second: where the report has it, else the oldest first. AWS numbers them in no call. */
function slots(
  given: readonly Credential[],
  reported: readonly (string | null | undefined)[],
): readonly [Credential | null, Credential | null] {
  const byAge = given.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1))
  const placed: [Credential | null, Credential | null] = [null, null]
  const rest = byAge.filter((each) => {
    const slot = reported.findIndex((time, index) => placed[index] === null && time === timeOf(each.createdAt))
    if (slot >= 0) placed[slot] = each
    return slot < 0
  })
  for (const each of rest) {
    const free = placed.indexOf(null)
    if (free >= 0) placed[free] = each
  }
  return placed
}

/** To the second, as the report has it. */
function timeOf(date: Date | null | undefined): string {
  return date === null || date === undefined ? never : rfc3339(new Date(Math.floor(date.getTime() / 1_000) * 1_000))
}

function isTime(time: string | null | undefined): boolean {
  return time !== null && time !== undefined && time !== never
}
