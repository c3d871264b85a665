import type {
  AlertContent,
  AuditEvent,
  Detection,
  Ended,
  Finding,
  FindingAlert,
  OpenedSession,
  Place,
  ResourceRef,
  RoutedTo,
  SummaryAlert,
} from '#model'
import type { Evaluator, Evaluators } from '#detection'
import type { Carried, Decoded, Touch, Trust } from '#ingest'
import type { Inventory } from '#inventory'
import type { Store } from '#store'
import type { About, Router } from '#alerting'
import type { Bell } from '#runtime'

/** What every stage may ask for; each takes the few it needs. Joined in `processes`, replaced by nobody. */
export interface Parts {
  readonly store: Store
  readonly evaluator: Evaluator
  readonly inventory: Inventory
  readonly trust: Trust
  readonly decode: (body: string, trust: Trust, carried?: Carried) => Decoded
  readonly touches: (event: AuditEvent) => readonly Touch[]
  readonly sessionOf: (event: AuditEvent) => OpenedSession | null
  readonly tell: Tell
  readonly places: Places
  readonly bells: { readonly refresh: Bell; readonly deliver: Bell; readonly scan: Bell }
  readonly observe: Observe
}

/** Parts whose detections may be replaced while they run: each piece of work borrows the evaluator of the moment and keeps it to its end. */
export type Live<P extends Pick<Parts, 'evaluator'>> = Omit<P, 'evaluator'> & { readonly evaluators: Evaluators }

/** Words for findings: pure functions of `alerting`, and where the words go. */
export interface Tell {
  readonly route: Router
  findingAlert(input: {
    readonly finding: Finding
    readonly detection: Detection
    readonly place: Place
    readonly confirmed: boolean
    readonly essential?: boolean
    readonly otherDifferences?: number
    readonly tags?: ReadonlyMap<string, string>
  }): FindingAlert
  endedAlert(content: FindingAlert, ended: Ended): FindingAlert
  repeatedAlert(content: FindingAlert, finding: Pick<Finding, 'count' | 'summary'>): FindingAlert
  summaries(
    findings: AsyncIterable<{ finding: Finding; detection: Detection; place: Place } & About>,
    router: Router,
  ): Promise<readonly { content: SummaryAlert; to: readonly RoutedTo[]; findingIds: readonly string[] }[]>
}

/** The names that the configuration gives to accounts. */
export interface Places {
  of(where: { accountId: string; region: string }, resource: { ref: ResourceRef; name: string | null } | null): Place
}

/** Business facts, one function each; metrics and tests listen. */
export interface Observe {
  readonly events: (outcome: 'matched' | 'touched' | 'silent' | 'duplicate' | 'rejected', count: number) => void
  /** An item went to quarantine; the reasons are a closed list. */
  readonly quarantined: (reason: string) => void
  readonly fetched: (outcome: 'changed' | 'unchanged' | 'unconfirmed' | 'waiting' | 'gone' | 'outdated') => void
  readonly fetchFailed: (cause: string) => void
  readonly detectionFailed: (detectionId: string, reason: string) => void
  readonly delivered: (content: AlertContent, outcome: 'posted' | 'edited' | 'diverted' | 'retried') => void
}
