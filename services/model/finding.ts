import type { Cause } from './audit-event.ts'
import type { Difference } from './diff.ts'
import type { JsonObject } from './json.ts'
import type { ResourceRef } from './resource.ts'
import type { Severity } from './severity.ts'

/** Why a finding came to be. Only `change` is told at once; the others are told as one summary a team. */
export type Origin = 'change' | 'baseline' | 'detection' | 'time'

/** `counting`: a rule below its threshold. `retired`: its detection was removed. Only the world resolves. */
export type FindingStatus = 'counting' | 'open' | 'resolved' | 'retired'

/** Why a finding ended. `superseded`: the same policy fails on the resource in another way now, or more severely. */
export type Ending = 'fixed' | 'superseded' | 'gone' | 'retired'

/** How many matches had which value of a field, most first. */
export interface SummedField {
  readonly path: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
  /** How often others came beside those. */
  readonly others: number
}

/** A policy failing on a resource under a violation key, or a rule under its dedup string and period. */
export interface Finding {
  readonly id: string
  readonly detectionId: string
  readonly kind: 'policy' | 'rule'
  readonly accountId: string
  readonly region: string
  /** Null for rules. */
  readonly resource: ResourceRef | null
  /** The violation key of a policy, the dedup string of a rule. */
  readonly key: string
  /** 1 at first; each reopening is the next. */
  readonly epoch: number
  readonly origin: Origin
  readonly status: FindingStatus
  readonly severity: Severity
  readonly title: string
  readonly context: JsonObject
  /** The events that wrote what is shown, as far as can be told. */
  readonly causes: readonly Cause[]
  /** What is shown: the differences that matter. All of a change are in its version. */
  readonly differences: readonly Difference[]
  /** Matches so far (rules); 1 for policies. */
  readonly count: number
  /** Of the fields that a rule sums up, the values of its matches; empty for policies. */
  readonly summary: readonly SummedField[]
  /** Opened while its detection was staged: nobody was told. */
  readonly staged: boolean
  readonly openedAt: Date
  readonly endedAt: Date | null
}
