// In: what an author writes. Out: the same, typed and marked. This file is the package's door, `"tripline"`: it imports no code.
import type { AttributesOf, ResourceTypeName } from './resource-types.ts'
import type { LogTypeName, RecordOf, RuleEvent } from './log-records.ts'

export type * from './resource-types.ts'
export type * from './cloudtrail-record.ts'
export type * from './log-records.ts'

/** Panther's severities, in either spelling. `DEFAULT`, from a severity function, is the one in the metadata. */
export type SeverityWord = ('INFO' | 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL') | ('Info' | 'Low' | 'Medium' | 'High' | 'Critical')
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }
/** More for a person who reads the alert: a JSON object of at most 204,800 characters. */
export type Context = { readonly [key: string]: Json | undefined }

/** The metadata that policies and rules share, in Panther's slots. */
interface Metadata {
  /** Unique over all detections; no `<`, `>`, `&`, `"` or `%`. */
  readonly id: string
  /** Shown to people; the id where left out. */
  readonly displayName?: string
  /** False: kept, tested, but not run. */
  readonly enabled?: boolean
  readonly severity: SeverityWord
  /** Why it matters, in a sentence or two; shown in every alert. */
  readonly description: string
  /** What to do now. */
  readonly runbook?: string
  /** Where to read more: an https address. */
  readonly reference?: string
  readonly tags?: readonly string[]
  /** Report name to the parts of it that this covers: `{ CIS: ['5.2'] }`. */
  readonly reports?: Readonly<Record<string, readonly string[]>>
  /** Where its alerts go instead of where the routes say: channels, destinations, `team`. Empty: the routes decide. */
  readonly destinations?: readonly string[]
  /** `Staged`: on trial, findings are recorded and counted, and nobody is told. The others are for readers; all run. */
  readonly status?: 'Experimental' | 'Stable' | 'Deprecated' | 'Staged' | 'staged'
  readonly createdBy?: string
  /** False: matches are recorded and nobody is told. */
  readonly createAlert?: boolean
}

/** Functions that say more about a match. One that throws or answers the wrong type never stops the alert: a default stands in. */
interface Wording<Given extends readonly unknown[]> {
  /** The headline; at most 1,000 characters. Default: the display name. */
  readonly title?: (...given: Given) => string
  /** Default: the severity of the metadata. */
  readonly severityOf?: (...given: Given) => SeverityWord | 'DEFAULT'
  /** Goes before `destinations`. Null: what those say; an empty list, or one with `SKIP`: nobody is told. At most 10 count. */
  readonly destinationsOf?: (...given: Given) => readonly string[] | null
  /** What makes two matches the same thing. Default: the title. */
  readonly dedup?: (...given: Given) => string
  /** Default: nothing. */
  readonly context?: (...given: Given) => Context
}

/** One thing wrong with a resource. Each key is a finding of its own, opened and resolved for itself. */
export interface ViolationDraft {
  /** Names the thing, the same at every look: `tcp/22 0.0.0.0/0`. Unique among a resource's violations. */
  readonly key: string
  /** What a slot leaves out, the policy's function or metadata says. */
  readonly title?: string
  readonly severity?: SeverityWord
  readonly dedup?: string
  readonly context?: Context
}
/** True is good, as in Panther; or a list of what is wrong, empty when nothing is. */
export type PolicyAnswer = boolean | readonly ViolationDraft[]

/** The other resources that Tripline knows. */
export interface Others {
  /**
   * The attributes of the resource with this id, or null when it is not known: gone, of an account that is not watched, not looked
   * at yet. What type it is, you say: `lookUp<'AWS.S3.Bucket'>(arn)`.
   */
  readonly lookUp: <Type extends ResourceTypeName = ResourceTypeName>(id: string) => AttributesOf<Type> | null
}

export interface PolicyDefinition<Type extends ResourceTypeName = ResourceTypeName>
  extends Metadata, Wording<[resource: AttributesOf<Type>, others: Others]> {
  /** Empty: every type. */
  readonly resourceTypes: readonly Type[]
  /** Patterns (`*` is anything) of resource ids to leave alone. */
  readonly suppressions?: readonly string[]
  /** A resource is built in steps: so long after it was seen being created a failure waits. 0 to 3600, by default 20. */
  readonly graceSeconds?: number
  /** Judges one state; synchronous, and the state cannot be written to. With `validUntil` (RFC 3339) it is judged again then. */
  readonly evaluate: (
    resource: AttributesOf<Type>,
    others: Others,
  ) => PolicyAnswer | { readonly result: PolicyAnswer; readonly validUntil: string | null }
  /** Some that fail and some that pass. */
  readonly tests?: readonly PolicyTest[]
}
export interface PolicyTest {
  readonly name: string
  /** What `evaluate` must come to: true is a pass; or the keys of the violations, in any order. */
  readonly expected: boolean | readonly string[]
  /** As much of a resource as the policy reads. */
  readonly resource: Readonly<Record<string, unknown>>
  /** What `lookUp` knows, by id. */
  readonly others?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export interface RuleDefinition<Type extends LogTypeName = 'AWS.CloudTrail'>
  extends Metadata, Wording<[record: RecordOf<Type>, event: RuleEvent]> {
  /** `AWS.CloudTrail`, a finding's as `AWS.GuardDuty`, or a log's whose schema is known; docs/log-types.md has them. */
  readonly logTypes: readonly Type[]
  /** The only events of CloudTrail that the rule is asked about; of other log types it is asked about every one. */
  readonly match?: {
    /** `ec2.amazonaws.com`, or several. */
    readonly source: string | readonly string[]
    /** Event names; left out: every event of the source, which costs a call each. */
    readonly names?: readonly string[]
  }
  /** Minutes during which equal dedup strings are one finding: 60 by default, at least 5. */
  readonly dedupPeriodMinutes?: number
  /** Matches within that time before anybody is told. */
  readonly threshold?: number
  /** Counts distinct texts against the threshold, in place of matches: how many buckets, how many users. */
  readonly unique?: (record: RecordOf<Type>, event: RuleEvent) => string
  /** Paths in the record (`userIdentity.arn`) or in `event.fields` (`p_any_ip_addresses`), at most 10: an alert shows their most frequent values. */
  readonly summaryAttributes?: readonly string[]
  /** True: matched. Synchronous; sees failed calls too (`errorCode`); the record cannot be written to. */
  readonly evaluate: (record: RecordOf<Type>, event: RuleEvent) => boolean
  /** Some that match and some that stay silent. */
  readonly tests?: readonly RuleTest[]
}
export interface RuleTest {
  readonly name: string
  readonly expected: boolean
  /** As much of a record as the rule reads. Of CloudTrail, source and name default to the first of `match`. */
  readonly event: Readonly<Record<string, unknown>>
}

/** A detection as its file exports it. What it holds is checked when it is loaded. */
export interface Defined<Kind extends 'policy' | 'rule'> {
  readonly kind: Kind
  readonly id: string
}

/** Defines a policy: what no resource of some types may be. Export it from its file. */
export function definePolicy<const Type extends ResourceTypeName>(definition: PolicyDefinition<Type>): Defined<'policy'> {
  return Object.freeze({ ...definition, kind: 'policy' as const })
}

/** Defines a rule: what nobody may do. Export it from its file. */
export function defineRule<const Type extends LogTypeName>(definition: RuleDefinition<Type>): Defined<'rule'> {
  return Object.freeze({ ...definition, kind: 'rule' as const })
}
