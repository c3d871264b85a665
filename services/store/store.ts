import type {
  AlertContent,
  Cause,
  Difference,
  Ending,
  Finding,
  JsonObject,
  Origin,
  Resource,
  ResourceRef,
  RoutedTo,
  Severity,
  Verdict,
} from '#model'

/**
 * PostgreSQL, one object of functions a noun. The same functions run alone or inside a transaction.
 * Multi-row writes are sorted by key. Every time is the database's, read through one SQL function.
 */
export interface Records {
  readonly inbox: Inbox
  readonly marks: Marks
  readonly states: States
  readonly findings: Findings
  readonly alerts: Alerts
  readonly deliveries: Deliveries
  readonly quarantine: Quarantine
  readonly scans: Scans
  /** Now, as the database sees it. */
  now(): Promise<Date>
}

export interface Store extends Records, AsyncDisposable {
  /** All or nothing. Retries serialisation failures and deadlocks; `work` must therefore have no effect outside. */
  transaction<T>(work: (records: Records) => Promise<T>): Promise<T>
  /** Creates coming day partitions, drops what is past its retention. Safe to call from many processes. */
  maintain(): Promise<void>
}

// ---- inbox: events that had an effect, by the UTC day of the event's own time, kept 15 days

export interface InboxKey {
  readonly accountId: string
  readonly region: string
  readonly eventId: string
  readonly time: Date
}
export interface Inbox {
  /** Writes the keys; returns the indices (into `keys`) of those that were new. Creates day partitions as needed. */
  claim(keys: readonly InboxKey[]): Promise<ReadonlySet<number>>
}

// ---- refresh marks: "look at this resource". One row a resource; wishes are counted

export type MarkClass = 'event' | 'recheck' | 'scan'
export interface Wish {
  readonly ref: ResourceRef
  readonly class: MarkClass
  /** The event that asks; none for scans. */
  readonly cause: Cause | null
  readonly scanId: string | null
  /** Wait before the first look, in ms; 0 mostly. */
  readonly delayMs: number
}
/** A mark lent to a worker until `leaseMs` have passed. The token fences: a settle with an old token does nothing. */
export interface LeasedMark {
  readonly ref: ResourceRef
  readonly class: MarkClass
  readonly token: string
  readonly causes: readonly Cause[]
  readonly scanId: string | null
  /** Failed looks since the last settled one. */
  readonly attempts: number
  /** Looks that did not show what the event said, since the last settled one. */
  readonly firstWishedAt: Date
}
export interface Marks {
  /**
   * Upserts, merging wishes on one resource: count up, keep the higher class (event, recheck, scan), keep the earlier due time,
   * append the cause (at most the last 20 kept). On a leased mark the wish survives the lease: the mark stays after the settle.
   */
  wish(wishes: readonly Wish[]): Promise<void>
  /** Lends up to `limit` due marks: event class before recheck before scan, accounts in turn, oldest due first. SKIP LOCKED. */
  lease(limit: number, leaseMs: number): Promise<readonly LeasedMark[]>
  /** Prolongs a lease; false when it was lost. */
  renew(mark: LeasedMark, leaseMs: number): Promise<boolean>
  /** Done: removes the mark, or, when a wish came during the lease, makes it due at once with only the new causes. False: lease lost. */
  settle(mark: LeasedMark): Promise<boolean>
  /** Not done: due again after `delayMs`, causes kept, attempts + 1. False: lease lost. */
  giveBack(mark: LeasedMark, delayMs: number): Promise<boolean>
  /** Ends the leases of a stopping worker without counting an attempt. */
  release(marks: readonly LeasedMark[]): Promise<void>
  /** How many wait, by class, and the age of the oldest due one in ms. */
  waiting(): Promise<readonly { class: MarkClass; count: number; oldestMs: number }[]>
}

// ---- states: the last fetched truth of each resource, numbered; and its verdict, one row a resource

export interface StoredState extends Resource {
  /** A gone resource keeps its last attributes. */
  readonly gone: boolean
  readonly evaluatedWith: string | null
  readonly evaluateAt: Date | null
  readonly verdict: Verdict | null
}
export interface States {
  /** The next number of the sequence. Drawn before a fetch, so that an older look never overwrites a newer one. */
  nextNumber(): Promise<number>
  get(ref: ResourceRef): Promise<StoredState | null>
  /** As `get`, and holds the row until the transaction ends. */
  lock(ref: ResourceRef): Promise<StoredState | null>
  /** Writes a changed state. False, and nothing written, when a state with a higher number is there. */
  put(resource: Resource, judged: Judged): Promise<boolean>
  /** An unchanged look: writes only number and time. False as for `put`. */
  seen(ref: ResourceRef, number: number): Promise<boolean>
  /** Marks the resource gone. False as for `put`. */
  gone(ref: ResourceRef, number: number): Promise<boolean>
  /** Writes a new verdict over the state numbered `number`; false when the state has moved on. */
  judged(ref: ResourceRef, number: number, judged: Judged): Promise<boolean>
  /**
   * Present states to judge again: `evaluated_with` differs from the type's entry (types not in the map use `otherwise`),
   * shape differs from the type's entry in `shapes`, or `evaluate_at` has come. Leases them for `leaseMs` so that two judges do not share one.
   */
  due(
    limit: number,
    leaseMs: number,
    current: { fingerprints: ReadonlyMap<string, string>; otherwise: string; shapes?: ReadonlyMap<string, number> },
  ): Promise<readonly StoredState[]>
  /** All present resources of a type in an account and region, by id; for scans. */
  ids(scope: { accountId: string; region: string; type: string }): Promise<readonly string[]>
}
/** What the judge wrote beside a state. */
export interface Judged {
  readonly verdict: Verdict
  readonly evaluatedWith: string
  readonly evaluateAt: Date
}

// ---- findings

export interface PolicyFinding {
  readonly detectionId: string
  readonly resource: ResourceRef
  readonly key: string
  readonly origin: Origin
  readonly severity: Severity
  readonly title: string
  readonly context: JsonObject
  readonly causes: readonly Cause[]
  readonly differences: readonly Difference[]
}
export interface RuleHit {
  readonly detectionId: string
  readonly accountId: string
  readonly region: string
  readonly dedup: string
  readonly periodMinutes: number
  readonly threshold: number
  readonly severity: Severity
  readonly title: string
  readonly context: JsonObject
  readonly cause: Cause
}
export interface Findings {
  /** The open policy findings of a resource. */
  openOf(ref: ResourceRef): Promise<readonly Finding[]>
  /** Opens epoch 1, or the next epoch when earlier ones ended. Returns the finding, or null when one is open already. */
  open(finding: PolicyFinding): Promise<Finding | null>
  /** Ends an open finding. Null when it was not open. */
  end(id: string, ending: Ending, cause: Cause | null): Promise<Finding | null>
  /**
   * Counts a rule's match: joins the latest finding of (detection, account, dedup) while its period (from its first match, database time) lasts, else
   * starts the next epoch. `opened` is true exactly once an epoch: when the count reaches the threshold.
   */
  hit(hit: RuleHit): Promise<{ finding: Finding; opened: boolean }>
  /** Ends as `retired` the open policy findings whose detection is not in the list; returns them. */
  retire(livingDetectionIds: readonly string[]): Promise<readonly Finding[]>
  /** Open findings that no change caused and no summary has told yet; holds them until the transaction ends. */
  untold(): Promise<readonly Finding[]>
  told(ids: readonly string[]): Promise<void>
}

// ---- alerts and their deliveries (the outbox)

export interface Alerts {
  /** One alert per finding epoch (`findingId` null for summaries and notes, then `key` makes it unique), with its deliveries, due at once. Null when it exists. */
  create(alert: { findingId: string | null; key: string; content: AlertContent; to: readonly RoutedTo[] }): Promise<string | null>
  /** Changes what an alert says; its settled deliveries become due again, to be edited, after `delayMs`. Null when there is no such alert. */
  revise(findingId: string, change: (content: AlertContent) => AlertContent, delayMs: number): Promise<string | null>
  byFinding(findingId: string): Promise<{ id: string; content: AlertContent; revision: number } | null>
}
/** One copy of an alert at one destination, lent to a sender. */
export interface LeasedDelivery {
  readonly id: string
  readonly token: string
  readonly alertId: string
  readonly to: RoutedTo
  readonly content: AlertContent
  readonly revision: number
  /** The posted message's identity, null before the first post: then it is an edit. */
  readonly message: JsonObject | null
  readonly attempts: number
  /** True when an earlier try may have been accepted without an answer. */
  readonly uncertain: boolean
}
export interface Deliveries {
  /** Lends due deliveries, highest severity first, oldest first, at most one a channel. */
  lease(limit: number, leaseMs: number): Promise<readonly LeasedDelivery[]>
  /** Notes that a post is about to be sent, so that a crash in it is known to be uncertain. */
  sending(delivery: LeasedDelivery): Promise<boolean>
  /** Sent: stores the message's identity and the revision that it shows. Due again when a newer revision came meanwhile. */
  sent(delivery: LeasedDelivery, message: JsonObject): Promise<boolean>
  /** Not sent: due again after `delayMs`. `certain`: the destination surely did not take it. */
  giveBack(delivery: LeasedDelivery, delayMs: number, reason: string, certain: boolean): Promise<boolean>
  /** Not to be sent there: closes it with its reason and, in the same transaction, opens one at `instead`. */
  divert(delivery: LeasedDelivery, reason: string, instead: RoutedTo | null): Promise<boolean>
  release(deliveries: readonly LeasedDelivery[]): Promise<void>
  waiting(): Promise<{ count: number; oldestMs: number }>
}

// ---- quarantine: what could not be used, with its reason; kept 30 days

export interface QuarantineItem {
  /** The source it came from: a queue URL, a file. */
  readonly source: string
  /** A closed word: `not-json`, `unknown-account`, … */
  readonly reason: string
  /** What exactly, with given and allowed. */
  readonly detail: string
  /** The body, cut to 256 KiB by the store, NUL and lone surrogates removed. */
  readonly body: string
}
export interface Quarantine {
  /** Equal (source, reason, body) within the table is one row with a count. */
  add(items: readonly QuarantineItem[]): Promise<void>
  list(limit: number): Promise<readonly (QuarantineItem & { id: string; count: number; receivedAt: Date })[]>
}

// ---- scans: the first baseline of each account

export interface Scan {
  readonly id: string
  readonly accountId: string
  readonly status: 'listing' | 'fetching' | 'done'
}
export interface Scans {
  /** Starts the account's baseline if it never had one, and lends it for listing; null when it is done or lent to another. */
  leaseBaseline(accountId: string, leaseMs: number): Promise<Scan | null>
  /** Listing is complete; what could not be listed is kept as text. */
  listed(id: string, unread: readonly string[]): Promise<void>
  /** Closes scans whose marks are all settled; returns them. */
  finish(): Promise<readonly Scan[]>
  /** True while any scan is not done. */
  running(): Promise<boolean>
}
