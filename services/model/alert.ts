import type { Cause } from './audit-event.ts'
import type { Difference } from './diff.ts'
import type { Ending, Origin, SummedField } from './finding.ts'
import type { JsonObject } from './json.ts'
import type { Severity } from './severity.ts'

/** Where it is, with the names that the configuration gives. */
export interface Place {
  readonly accountId: string
  readonly accountName: string
  readonly accountLabel: string | null
  readonly region: string
  /** Null when the alert is about an event and not about a resource. */
  readonly resourceType: string | null
  readonly resourceId: string | null
  readonly resourceName: string | null
}

/** What a team is told about one finding. All texts may be hostile: destinations escape them. */
export interface FindingAlert {
  readonly kind: 'finding'
  readonly detection: { readonly id: string; readonly kind: 'policy' | 'rule'; readonly displayName: string }
  readonly severity: Severity
  readonly title: string
  readonly why: string
  readonly runbook: string | null
  readonly reference: string | null
  readonly place: Place
  readonly origin: Origin
  /** The event that did it; null when no change caused the finding. */
  readonly cause: Cause | null
  /** What deserves a second look about how it was done: `Managed by stack shop, changed by hand`. Absent in alerts of older versions. */
  readonly attention?: readonly string[]
  /** What changed; of several differences those that matter. */
  readonly differences: readonly Difference[]
  /** How many effective differences there were beside those shown. */
  readonly otherDifferences: number
  /** The policy passes once those shown are put back. False: that was not found, and these are simply what changed. */
  readonly essential: boolean
  readonly context: JsonObject
  readonly count: number
  /** The most frequent values of the fields that a rule sums up. Absent where there are none, and in alerts of older versions. */
  readonly summary?: readonly SummedField[]
  /** AWS did not show what the event did: the state that was judged may be older than it. */
  readonly unconfirmed: boolean
  /** RFC 3339. */
  readonly openedAt: string
  readonly ended: Ended | null
}
/** How a finding ended. */
export interface Ended {
  readonly how: Ending
  /** RFC 3339. */
  readonly at: string
  /** The event that ended it; null when none is known. */
  readonly cause: Cause | null
  /** What the resource fails by instead, for a superseded one. */
  readonly instead?: string
}

/** What a team is told about everything that no change caused: a first scan, a new policy. */
export interface SummaryAlert {
  readonly kind: 'summary'
  readonly origin: Exclude<Origin, 'change'>
  readonly total: number
  readonly bySeverity: Readonly<Partial<Record<Severity, number>>>
  readonly byDetection: readonly { readonly displayName: string; readonly severity: Severity; readonly count: number }[]
  /** The critical ones, named; at most 20. */
  readonly critical: readonly { readonly title: string; readonly place: Place }[]
}

/** A word to the operators: a channel that is gone, an account that cannot be read. */
export interface OperatorNote {
  readonly kind: 'note'
  /** Left out for what can wait for the next look at the channel. */
  readonly severity?: Severity
  readonly title: string
  readonly text: string
}

export type AlertContent = FindingAlert | SummaryAlert | OperatorNote

/** Where an alert goes, and why, as the route table decided. */
export interface RoutedTo {
  /** `slack`, `siem` */
  readonly destination: string
  /** The channel's id or name; of a destination without channels its own name. */
  readonly channel: string
  readonly team: string | null
  /** The rule that won, in words: `team payments owns account 1111…`. */
  readonly because: string
}
