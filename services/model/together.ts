import type { FindingAlert, Place } from './alert.ts'
import type { Cause } from './audit-event.ts'
import type { Severity } from './severity.ts'

/** What one message tells besides the finding that it began with. Made anew for every edit. */
export type Together = OneChange | Storm | Rest | Reminder

/** Several detections found one change of one resource. */
export interface OneChange {
  readonly kind: 'change'
  /** At least two; the open ones first, the most severe first. */
  readonly findings: readonly FindingAlert[]
}

/** The head of a thread: everything that one session or deployment caused, counted. */
export interface Storm {
  readonly kind: 'storm'
  /** Enough of the thread's id to ask for it. */
  readonly threadId: string
  /** Of the first finding. */
  readonly cause: Cause
  readonly total: number
  /** How many of them are over. */
  readonly over: number
  readonly highest: Severity
  readonly bySeverity: Readonly<Partial<Record<Severity, number>>>
  /** Most severe first, then by count. */
  readonly byDetection: readonly Counted[]
  /** Resources, each once. */
  readonly byType: readonly { readonly type: string; readonly count: number }[]
  readonly accounts: readonly string[]
  /** The critical ones, named; at most 10. */
  readonly critical: readonly NamedFinding[]
  /** How many findings have no reply of their own. */
  readonly inTable: number
  /** Told again since they are open for so long; null when it is not time for that. */
  readonly openForMs: number | null
}
export interface Counted {
  readonly displayName: string
  readonly severity: Severity
  readonly count: number
  readonly over: number
}
export interface NamedFinding {
  readonly title: string
  readonly severity: Severity
  readonly place: Place
  readonly over: boolean
}

/** The last reply of a long thread: what has no reply of its own. */
export interface Rest {
  readonly kind: 'rest'
  readonly threadId: string
  readonly total: number
  readonly over: number
  readonly byDetection: readonly Counted[]
  /** The most severe first; at most 60. */
  readonly named: readonly NamedFinding[]
}

/** Still so after a long time. */
export interface Reminder {
  readonly kind: 'reminder'
  readonly openForMs: number
  readonly open: number
  readonly total: number
  /** The most severe first; at most 20. */
  readonly named: readonly NamedFinding[]
}

/** How often a finding opened lately: it is told in one message until it has been quiet for an hour. */
export interface Flapping {
  readonly times: number
  readonly withinMs: number
}
