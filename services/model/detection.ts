import type { JsonObject } from './json.ts'
import type { Severity } from './severity.ts'

/** What the rest of the system knows of a detection: its metadata, in Panther's slots. Its code stays in the evaluator. */
export interface Detection {
  readonly id: string
  readonly kind: 'policy' | 'rule'
  readonly displayName: string
  readonly severity: Severity
  readonly description: string
  readonly runbook: string | null
  readonly reference: string | null
  readonly tags: readonly string[]
  readonly reports: Readonly<Record<string, readonly string[]>>
  /** Policies only; empty means every type. */
  readonly resourceTypes: readonly string[]
  /** Rules only. */
  readonly logTypes: readonly string[]
  /** Rules only: minutes during which equal dedup strings are one finding. */
  readonly dedupPeriodMinutes: number
  /** Rules only: matches needed within the period before anybody is told. */
  readonly threshold: number
  /** False: matches are recorded, nobody is told. */
  readonly createAlert: boolean
  /** On trial: findings are recorded and counted, nobody is told until it is staged no more. */
  readonly staged: boolean
  /** Rules only: the events of CloudTrail that it is asked about; null for policies, and for rules on other logs. */
  readonly match: { readonly sources: readonly string[]; readonly names: readonly string[] | null } | null
  /** Policies only: how long after a resource was created a failing verdict waits, in seconds, since resources are built in steps. */
  readonly graceSeconds: number
  /** Where its alerts go instead of where the routes say; empty: the routes decide. */
  readonly destinations: readonly string[]
  /** Patterns (`*`) of resource ids that the policy ignores. */
  readonly suppressions: readonly string[]
  /** Hash of everything that can change its verdicts. */
  readonly fingerprint: string
  /** The file it came from, for messages to its author. */
  readonly file: string
}

/** A detection could not be run on something. Shown to the detection's owner; it is `unknown`, never pass. */
export interface DetectionFailure {
  readonly detectionId: string
  readonly reason: 'threw' | 'wrong-type' | 'timeout' | 'memory' | 'crashed' | 'parked'
  /** The exception's text, at most 1,000 characters. */
  readonly message: string
}

/** A rule matched an event. Texts are already cut to Panther's limits (1,000 characters). */
export interface RuleMatch {
  readonly detectionId: string
  readonly title: string
  readonly severity: Severity
  readonly dedup: string
  /** What is counted against the threshold in place of matches: distinct texts. Left out: matches. */
  readonly unique?: string
  readonly context: JsonObject
  /** The detection's own destinations; null or none given: the routes decide; an empty list: nobody is told. */
  readonly destinations?: readonly string[] | null
  /** Said of this match in place of what the metadata say. */
  readonly description?: string
  readonly reference?: string
  readonly runbook?: string
  /** The values of the fields that an alert sums up, as text: a list's members each for itself. */
  readonly summary?: readonly (readonly [path: string, value: string])[]
}

/** One thing that is wrong with a resource. The key is empty unless the policy returns several violations. */
export interface Violation {
  readonly key: string
  readonly title: string
  readonly severity: Severity
  readonly dedup: string
  readonly context: JsonObject
  /** As for a rule's match. */
  readonly destinations?: readonly string[] | null
  readonly description?: string
  readonly reference?: string
  readonly runbook?: string
}

/** What one policy says of one resource. */
export type Outcome =
  | ({ readonly detectionId: string; readonly outcome: 'pass' } & Holds)
  | ({ readonly detectionId: string; readonly outcome: 'fail'; readonly violations: readonly Violation[] } & Holds)
  | { readonly detectionId: string; readonly outcome: 'unknown'; readonly failure: DetectionFailure }
  /** The policy is scoped to groups of which the resource is no member: it was not looked at. */
  | { readonly detectionId: string; readonly outcome: 'skipped' }

/** For how long an answer holds: until a time, and until one of the other resources changes that the policy looked up. */
interface Holds {
  /** RFC 3339. */
  readonly validUntil: string | null
  /** Ids of the resources that the policy looked up, found or not. */
  readonly lookedUp: readonly string[]
}

/** What all policies say of one state, stored as one row a resource. */
export interface Verdict {
  /** The number of the judged state. */
  readonly number: number
  readonly outcomes: readonly Outcome[]
  /**
   * Of each detection whose outcome is unknown, the number of the first state that it may not have judged: what changed since then, no
   * verdict of it has accounted for.
   */
  readonly unjudgedSince?: Readonly<Record<string, number>>
}
