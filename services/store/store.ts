import type {
  AlertContent,
  CacheEntry,
  CacheWrite,
  Cause,
  Difference,
  Ending,
  Expectation,
  Finding,
  FindingStatus,
  Flapping,
  JsonObject,
  OpenedSession,
  Origin,
  Resource,
  ResourceRef,
  RoutedTo,
  RuleMatch,
  Severity,
  Together,
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
  readonly versions: Versions
  readonly findings: Findings
  readonly alerts: Alerts
  readonly deliveries: Deliveries
  readonly threads: Threads
  readonly quarantine: Quarantine
  readonly scans: Scans
  readonly workers: Workers
  readonly detections: KnownDetections
  readonly sessions: Sessions
  readonly investigations: Investigations
  readonly ruleCache: RuleCache
  readonly coverage: Coverage
  readonly gaps: Gaps
  readonly bundles: Bundles
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
  /** What the event that asks lets expect; none for scans. */
  readonly expectation: Expectation | null
  readonly scanId: string | null
  /** Wait before the first look, in ms; 0 mostly. */
  readonly delayMs: number
}
/** A mark lent to a worker until `leaseMs` have passed. The token fences: a settle with an old token does nothing. */
export interface LeasedMark {
  readonly ref: ResourceRef
  readonly class: MarkClass
  readonly token: string
  readonly expectations: readonly Expectation[]
  readonly scanId: string | null
  /** Failed looks since the last settled one, or since the last new wish. */
  readonly attempts: number
  /** Looks that did not show what the events said, since the last settled one, or since the last new wish. */
  readonly looks: number
  readonly firstWishedAt: Date
}
/** Which marks are not to be lent. */
export interface LeaseOptions {
  /** None of these accounts. */
  readonly without?: readonly string[]
  /** None of a lower class. */
  readonly upTo?: MarkClass
}
export interface Marks {
  /**
   * Upserts, merging wishes on one resource: count up, keep the higher class (event, recheck, scan), keep the earlier due time,
   * append the expectation (at most the last 20 kept), begin to count attempts and looks anew. On a leased mark the wish survives
   * the lease: the mark stays after the settle. An event's look never comes within `coalesceMs` (1 s) of the last one at that
   * resource, stored or leased: so a storm costs one look a second, and one after the last event.
   * A scan's wish for a marked resource only adds the scan: no other time, no new count. A mark carries one scan, the first; and none
   * when it is of a higher class and put off for more than a minute: a scan does not wait for what keeps failing.
   */
  wish(wishes: readonly Wish[]): Promise<void>
  /**
   * Lends up to `limit` due marks: event class before recheck before scan, accounts in turn, oldest due first. SKIP LOCKED. It costs
   * the same with a million waiting marks as with none.
   */
  lease(limit: number, leaseMs: number, options?: LeaseOptions): Promise<readonly LeasedMark[]>
  /** Prolongs a lease; false when it was lost. */
  renew(mark: LeasedMark, leaseMs: number): Promise<boolean>
  /** Done: removes the mark, or, when a wish came during the lease, makes it due (1 s after the lease began) with only the new expectations. False: lease lost. */
  settle(mark: LeasedMark): Promise<boolean>
  /**
   * The look did not show all that was expected: due again after `delayMs` with what is left to be seen, looks + 1. A wish that came
   * meanwhile is joined, makes it due earlier and the looks count anew. False: lease lost.
   */
  again(mark: LeasedMark, delayMs: number, expectations: readonly Expectation[]): Promise<boolean>
  /** Not done: due again after `delayMs`, expectations kept, attempts + 1; joined by what came meanwhile as by `again`. False: lease lost. */
  giveBack(mark: LeasedMark, delayMs: number): Promise<boolean>
  /** Ends the leases of a stopping worker: due at once, without counting an attempt or a look. */
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
  /** When its creation was first seen, so that policies can wait for it to be whole; null when it was not seen being created. */
  readonly bornAt: Date | null
  /** False: an event said something that the state did not show within its time; it may be older than the event. */
  readonly confirmed: boolean
  /** When its verdict was written; null for one that an older version wrote. */
  readonly judgedAt: Date | null
  /** Under which activation of a bundle; null where none was followed. */
  readonly judgedBy: number | null
  /** Why it cannot be read now, since when; null when the last look succeeded. */
  readonly unread: { readonly cause: string; readonly since: Date } | null
}
/** How a state came to be written. */
export interface Look {
  readonly confirmed: boolean
  /** Null keeps what is known of a present resource. */
  readonly bornAt: Date | null
  /** The id that events know the resource by, mostly its own. */
  readonly eventId: string
  /** True for an effective change (also the first state): resources that looked this one up are to be judged again. */
  readonly changed: boolean
}
export interface States {
  /** The next number of the sequence. Drawn before a fetch, so that an older look never overwrites a newer one. */
  nextNumber(): Promise<number>
  get(ref: ResourceRef): Promise<StoredState | null>
  /** Those of them that are stored, in no order. */
  among(refs: readonly ResourceRef[]): Promise<readonly StoredState[]>
  /** As `get`, and holds the row until the transaction ends. */
  lock(ref: ResourceRef): Promise<StoredState | null>
  /** The stored resource that is meant by a reference out of an event: itself, else the present one with this event id in any region, else null. */
  meant(ref: ResourceRef): Promise<ResourceRef | null>
  /** The attributes of present resources by id, whatever their account; for policies that look others up. */
  attributes(ids: readonly string[]): Promise<ReadonlyMap<string, JsonObject>>
  /** Present and gone resources whose id is the text, or ends with it after `/` or `:`, or whose name it is; for people. */
  find(text: string, limit: number): Promise<readonly StoredState[]>
  /** Resources with the text somewhere in their id or name, in either case, by key; reads them all, for people who do not know the id. */
  search(text: string, limit: number): Promise<readonly StoredState[]>
  /** Present resources in the order of their keys, from the first or after one. */
  page(after: ResourceRef | null, limit: number): Promise<readonly StoredState[]>
  /** Writes a changed state. False, and nothing written, when a state with a higher number is there. */
  put(resource: Resource, judged: Judged, look: Look): Promise<boolean>
  /** An unchanged look: writes only number, time and that it is confirmed or not. False as for `put`. */
  seen(ref: ResourceRef, number: number, confirmed: boolean): Promise<boolean>
  /** Marks the resource gone; those that looked it up are to be judged again. False as for `put`. Forgotten after 400 days. */
  gone(ref: ResourceRef, number: number): Promise<boolean>
  /** Notes that a resource cannot be read now (the first time of a cause stays). Nothing for a resource that is not stored. */
  unread(ref: ResourceRef, cause: string): Promise<void>
  /** Writes a new verdict over the state numbered `number`; false when the state has moved on. */
  judged(ref: ResourceRef, number: number, judged: Judged): Promise<boolean>
  /** As `judged`, of many at once; leaves out those that a finding is open on. Returns the places in the list of those that were written. */
  judgedUneventful(list: readonly { state: Resource; judged: Judged }[]): Promise<ReadonlySet<number>>
  /** What `due` lent is not judged by us: others may at once. */
  giveBack(refs: readonly ResourceRef[]): Promise<void>
  /**
   * Present states to judge again: `evaluated_with` differs from the type's entry (types not in the map use `otherwise`),
   * shape differs from the type's entry in `shapes`, or `evaluate_at` has come. A resource that they looked up and that changed makes
   * them due at once, and once more 30 s later for verdicts that were under way then. Leases them for `leaseMs` so that two judges do not share one.
   */
  due(
    limit: number,
    leaseMs: number,
    current: {
      fingerprints: ReadonlyMap<string, string>
      otherwise: string
      shapes?: ReadonlyMap<string, number>
      /** What was judged under a later activation is left to those who know that one. */
      judgedBy?: number | null
    },
  ): Promise<readonly StoredState[]>
}
/** One version of a resource: every effective change, with what made it. Kept until 400 days after the next one came. */
export interface Version {
  readonly ref: ResourceRef
  readonly number: number
  readonly at: Date
  /** `first`: seen for the first time; `created`: its creation was seen; `reshaped`: another shape, no change. */
  readonly kind: 'first' | 'created' | 'changed' | 'gone' | 'reshaped'
  /** Null when gone. The state before is the version before. */
  readonly attributes: JsonObject | null
  readonly differences: readonly Difference[]
  readonly causes: readonly Cause[]
}
export interface Versions {
  /** Versions come in the order of their numbers; one of a number that is there is left out. */
  add(version: Version): Promise<void>
  /** Newest first. */
  list(ref: ResourceRef, limit: number): Promise<readonly Version[]>
  /** The last version of each resource with one of these ids, where that came since a time; oldest first. */
  since(ids: readonly string[], time: Date): Promise<readonly Version[]>
  /** The version that was current at a time; null when the resource was not known then. */
  at(ref: ResourceRef, time: Date): Promise<Version | null>
}
/** What the judge wrote beside a state. */
export interface Judged {
  readonly verdict: Verdict
  readonly evaluatedWith: string
  readonly evaluateAt: Date
  /** Ids of other resources that policies looked up: when one changes, this one is judged again. */
  readonly lookedUp: readonly string[]
  /** The activation of a bundle that it was judged under. */
  readonly judgedBy?: number | null
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
  /** Its detection is staged: nobody is told. */
  readonly staged?: boolean
  /** The activation of a bundle that it was found under. */
  readonly judgedBy?: number | null
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
  /** Counts against the threshold once an epoch; empty: not at all. Left out: each match counts. */
  readonly unique?: string
  /** Values that are counted by their path. Kept: the first 10 paths, of each the first 50 values, of those 200 letters. */
  readonly summary?: RuleMatch['summary']
  /** The rule is staged: nobody is told. A finding is one or the other. */
  readonly staged?: boolean
  /** The activation of a bundle that the epoch began under. */
  readonly judgedBy?: number | null
}
/** The findings of one detection, counted. */
export interface Tally {
  readonly detectionId: string
  /** What was told, or would have been. */
  readonly findings: number
  readonly open: number
  /** Rules below their threshold. */
  readonly counting: number
  readonly matches: number
  readonly firstAt: Date
  /** When the last finding was opened. */
  readonly lastAt: Date
  /** Whose findings most are; at most five each, most first. */
  readonly resources: readonly { readonly name: string; readonly count: number }[]
  readonly actors: readonly { readonly name: string; readonly count: number }[]
}
/** Since when detections are known, so that silence can be judged. */
export interface KnownDetections {
  /** Notes detections that are seen for the first time. */
  note(ids: readonly string[]): Promise<void>
  since(): Promise<ReadonlyMap<string, Date>>
}
/** Which findings are wanted: what is left out is any. */
export interface FindingFilter {
  readonly kind?: Finding['kind']
  readonly ids?: readonly string[]
  readonly statuses?: readonly FindingStatus[]
  readonly severities?: readonly Severity[]
  readonly accountId?: string
  readonly region?: string
  readonly detectionId?: string
  readonly resourceType?: string
  /** The team that was told. */
  readonly team?: string
}
export interface Findings {
  get(id: string): Promise<Finding | null>
  /** Most severe first, then newest first. */
  list(filter: FindingFilter, limit: number): Promise<readonly Finding[]>
  /** How many findings `list` would give without its limit. */
  count(filter: FindingFilter): Promise<number>
  /** The open policy findings of a resource. */
  openOf(ref: ResourceRef): Promise<readonly Finding[]>
  /** All policy findings of a resource, newest first. */
  of(ref: ResourceRef, limit: number): Promise<readonly Finding[]>
  /** Opens epoch 1, or the next epoch when earlier ones ended. Returns the finding, or null when one is open already. */
  open(finding: PolicyFinding): Promise<Finding | null>
  /** Ends an open finding. Null when it was not open. */
  end(id: string, ending: Ending, cause: Cause | null): Promise<Finding | null>
  /** Changes what an open finding is called and how severe it is; false when that is nothing new. */
  reword(id: string, words: Pick<Finding, 'severity' | 'title'>): Promise<boolean>
  /** Writes who caused a finding, found out afterwards. */
  explain(id: string, causes: readonly Cause[]): Promise<void>
  /**
   * Counts a rule's match: joins the latest finding of (detection, account, dedup) while its period (from its first match, database time) lasts, else
   * starts the next epoch. `opened` is true exactly once an epoch: when the count reaches the threshold.
   */
  hit(hit: RuleHit): Promise<{ finding: Finding; opened: boolean }>
  /**
   * Ends as `retired` so many of the open policy findings whose detection is not in the list, and returns them. Their resources are to be
   * judged anew, whoever does it: a verdict that comes back finds them again.
   */
  retire(livingDetectionIds: readonly string[], limit: number): Promise<readonly Finding[]>
  /** Open policy findings that were opened while their detection was staged are findings of a new detection now; how many. */
  promote(detectionIds: readonly string[]): Promise<number>
  /** Of each detection that ever had findings, what became of them; `staged`: only those opened while it was staged. */
  tallies(staged: boolean): Promise<readonly Tally[]>
  /**
   * Open findings of these detections, in other accounts than those that are busy, that no change caused and no summary has told yet, in
   * pages by id; holds them until the transaction ends.
   */
  untold(
    among: {
      readonly detectionIds: readonly string[]
      readonly busyAccounts: readonly string[]
      /** What was found under a later activation is told by those who know that one. */
      readonly judgedBy?: number | null
    },
    after: string | null,
    limit: number,
  ): Promise<readonly Finding[]>
  /** `alertId`: the summary that told them. */
  told(ids: readonly string[], alertId: string | null): Promise<void>
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
  /** Null for summaries and notes. */
  readonly findingId: string | null
  readonly to: RoutedTo
  readonly content: AlertContent
  readonly revision: number
  /** The posted message's identity, null before the first post: then it is an edit. */
  readonly message: JsonObject | null
  /** How many wishes to be said it answers. */
  readonly wish: number
  /** What the message tells besides the content; null when that is all. */
  readonly together: Together | null
  readonly flapping: Flapping | null
  /** The message whose thread it belongs into, and whether it is to be seen in the channel too; null when it is no reply. */
  readonly in: { readonly message: JsonObject; readonly broadcast: boolean } | null
  readonly attempts: number
  /** True when an earlier try may have been accepted without an answer. */
  readonly uncertain: boolean
  /** When it came into the outbox: no try is older. */
  readonly createdAt: Date
  /** When it was first posted; null before that. */
  readonly sentAt: Date | null
}
export interface Deliveries {
  /**
   * Lends due deliveries, highest severity first, oldest first, at most one a channel and one edit a destination; what is new before details in threads, unless they
   * are critical. For the destinations in `threaded` it first gathers what belongs together: into one message, or one thread.
   */
  lease(limit: number, leaseMs: number, threaded?: readonly string[]): Promise<readonly LeasedDelivery[]>
  /** Holds it for longer, from now on; false when it is another's. */
  renew(delivery: LeasedDelivery, leaseMs: number): Promise<boolean>
  /** Notes that a post is about to be sent, so that a crash in it is known to be uncertain. The next post there waits for `gapMs`. */
  sending(delivery: LeasedDelivery, gapMs?: number): Promise<boolean>
  /**
   * Sent: stores the message's identity and the revision that it shows. Due again when a newer revision came meanwhile. `astray`: the
   * message that it answers was deleted, so that it stands by itself; its thread is left as by `lost`.
   */
  sent(delivery: LeasedDelivery, message: JsonObject, astray?: boolean): Promise<boolean>
  /** Not sent: due again after `delayMs`. `certain`: the destination surely did not take it. */
  giveBack(delivery: LeasedDelivery, delayMs: number, reason: string, certain: boolean): Promise<boolean>
  /** The destination asks to wait: the delivery keeps its place, and for `ms` nothing is posted in its channel, or nothing edited anywhere. */
  holdUp(delivery: LeasedDelivery, what: 'posts' | 'edits', ms: number): Promise<boolean>
  /**
   * Its message, or the one that it answers, was deleted: closes it, and its thread when that has lost its head. What nobody has been
   * told yet begins anew.
   */
  lost(delivery: LeasedDelivery, reason: string): Promise<boolean>
  /**
   * Not to be sent there: closes it with its reason and, in the same transaction, opens one at `instead` for each alert that it tells; a
   * head takes its whole thread along.
   */
  divert(delivery: LeasedDelivery, reason: string, instead: RoutedTo | null): Promise<boolean>
  release(deliveries: readonly LeasedDelivery[]): Promise<void>
  /**
   * Tells again, once a period, what has been open for longer than its severity's period (ms): a reply to the message that tells it, which
   * is edited too. Only policies, and only at the given destinations. Returns how many replies are due.
   */
  remind(periods: Readonly<Partial<Record<Severity, number>>>, threaded: readonly string[]): Promise<number>
  waiting(): Promise<{ count: number; oldestMs: number }>
}

// ---- threads: alerts of one doing in one channel

export interface Thread {
  readonly id: string
  readonly destination: string
  readonly channel: string
  readonly startedAt: Date
  /** What it tells, the oldest first. */
  readonly alerts: readonly { readonly findingId: string; readonly content: AlertContent }[]
}
export interface Threads {
  /** The thread whose id begins with the text, of at least 8 characters; null when there is none. */
  find(id: string): Promise<Thread | null>
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
  /** The detection that could not judge, and the index of the record among the body's; absent when it was the record that was refused. */
  readonly owed?: { readonly detectionId: string; readonly record: number }
  /** Where its way in was bound: it may speak of no other account, and is of the same log, when it is tried again. */
  readonly only?: Binding
}
/** Whose events an item may hold, and of what log. */
interface Binding {
  readonly accounts: readonly string[]
  readonly by: string
  readonly carries?: { readonly logType: string; readonly accountId?: string; readonly region?: string }
}
export interface QuarantineRow extends QuarantineItem {
  readonly id: string
  readonly count: number
  readonly receivedAt: Date
  /** True when only the beginning of the body was kept. */
  readonly cut: boolean
}
/** Which rows are wanted: what is left out is any. */
export interface QuarantineFilter {
  /** Ids, or their beginnings. */
  readonly ids?: readonly string[]
  readonly reason?: string
  readonly source?: string
}
export interface Quarantine {
  /** Equal (source, reason, body, what is owed, binding) within the table is one row with a count. */
  add(items: readonly QuarantineItem[]): Promise<void>
  /** Newest first. */
  list(limit: number, filter?: QuarantineFilter): Promise<readonly QuarantineRow[]>
  /** By id, those after the given one. */
  page(filter: QuarantineFilter, after: string | null, limit: number): Promise<readonly QuarantineRow[]>
  count(filter: QuarantineFilter): Promise<number>
  /** How many rows of each reason. */
  tally(): Promise<readonly { reason: string; count: number }[]>
  /** Locks a row until the transaction ends. False when it is no longer there: somebody else settled it. */
  hold(id: string): Promise<boolean>
  /**
   * A row was tried again: removes it and keeps what is still refused, with its count and its time. False, and nothing done, when it is
   * no longer there.
   */
  settle(id: string, left: readonly QuarantineItem[]): Promise<boolean>
  /** How many were removed. */
  drop(filter: QuarantineFilter): Promise<number>
}

// ---- scans: everything is looked at, part by part

/** Why everything is looked at: a new account, the day's turn, somebody's wish, events that did not come. */
export type ScanKind = 'baseline' | 'daily' | 'request' | 'gap'
export interface Scan {
  readonly id: string
  readonly accountId: string
  readonly kind: ScanKind
  /** Each scan passes them in this order; `checking`: resources that were not listed are looked at one by one. */
  readonly status: 'listing' | 'fetching' | 'checking' | 'done'
  readonly startedAt: Date
  readonly finishedAt: Date | null
}
/** One listing: a resource type in an account's region. Lent to one worker at a time. */
export interface ScanPart {
  readonly id: string
  readonly token: string
  readonly scanId: string
  readonly accountId: string
  readonly region: string
  readonly type: string
  /** Where the listing goes on; null at its beginning. */
  readonly after: string | null
  /** Failed tries since the last page. */
  readonly attempts: number
}
/** How far a scan is. What could not be read is unknown: nothing of it is resolved or taken for gone. */
export interface ScanProgress extends Scan {
  readonly parts: number
  readonly listedParts: number
  readonly unread: readonly { readonly region: string; readonly type: string; readonly cause: string; readonly detail: string }[]
  /** Resources listed, and of those (and the ones to check) the looks still to come. */
  readonly listed: number
  readonly waiting: number
  /** Resources that were listed and could not be looked at, and the first ten of them. */
  readonly unlooked: number
  readonly firstUnlooked: readonly UnlookedResource[]
}
export interface UnlookedResource {
  readonly region: string
  readonly type: string
  readonly id: string
  readonly cause: string
  readonly detail: string
}
export interface Scans {
  /**
   * Begins a scan of these parts. Null, and nothing written, when the account has one of this kind and key: once a day. An account has
   * one baseline, whatever its key. Done scans are kept 30 days, baselines for ever.
   */
  begin(scan: {
    accountId: string
    kind: ScanKind
    key: string
    parts: readonly { region: string; type: string }[]
  }): Promise<string | null>
  /** Lends up to `limit` parts to list, accounts in turn, oldest scan first. SKIP LOCKED. */
  leaseParts(limit: number, leaseMs: number): Promise<readonly ScanPart[]>
  renewPart(part: ScanPart, leaseMs: number): Promise<boolean>
  /**
   * A page was read: `count` ids were wished for in the same transaction. Goes on after `next`, with the same lease; null: the listing
   * is complete.
   * False: lease lost, then nothing of the page may be written.
   */
  listed(part: ScanPart, count: number, next: string | null): Promise<boolean>
  /** Not done: lent again after `delayMs`, attempts + 1; `restart`: from the beginning, since the place is no longer good. */
  giveBackPart(part: ScanPart, delayMs: number, restart: boolean): Promise<boolean>
  /** Cannot be listed: closed with its cause; nothing in it is resolved or taken for gone. */
  unreadPart(part: ScanPart, cause: string, detail: string): Promise<boolean>
  /** A resource cannot be looked at: noted for the running scans of its account that have its part, once each. */
  unlooked(ref: ResourceRef, cause: string, detail: string): Promise<void>
  /**
   * Moves scans on: all parts closed → fetching; no marks left → marks for the present resources of the listed parts that have not
   * been looked at since the part began (they were not listed) → checking; no marks left → done. Returns those that were done now.
   * A look that failed is a look. Marks that another scan of the account put there first are waited for too, in this scan's parts.
   */
  advance(): Promise<readonly Scan[]>
  /** How many are not done. Cheap, while `progress` counts marks. */
  running(): Promise<number>
  /** The accounts of those that are not done. */
  busyAccounts(): Promise<readonly string[]>
  /** The given scans, or all that are not done, oldest first. */
  progress(ids?: readonly string[]): Promise<readonly ScanProgress[]>
}

// ---- coverage: which accounts and regions are heard, so that silence can be told

/** A sign of life of an account's region, at an event's own time. `beat`: it was the scheduled heartbeat. */
export interface Sign {
  readonly accountId: string
  readonly region: string
  readonly at: Date
  readonly beat: boolean
}
/** An account's region as it was heard. */
export interface Covered {
  readonly accountId: string
  readonly region: string
  /** The last sign that was looked at, and the last scheduled heartbeat among those. */
  readonly heardAt: Date | null
  readonly beatAt: Date | null
  /** Signs that came since, whatever their order, oldest first; one a minute. */
  readonly signs: readonly { readonly at: Date; readonly beat: boolean }[]
}
export interface Coverage {
  /** Notes signs: one a minute, account, region and kind is kept until it is looked at. */
  hear(signs: readonly Sign[]): Promise<void>
  /** Everything that was ever heard. */
  list(): Promise<readonly Covered[]>
  /** Signs up to `heardAt` were looked at and are let go. */
  looked(covered: readonly Pick<Covered, 'accountId' | 'region' | 'heardAt' | 'beatAt'>[]): Promise<void>
  /** A source is read now. What it brings is fresh, or old: then it is as if reading began anew. */
  reading(source: string, fresh: boolean): Promise<void>
  /** Since when all of these sources have been read without a break of two minutes and brought what is fresh; null when one is not read now. */
  readingSince(sources: readonly string[]): Promise<Date | null>
  /** Takes the next turn at some work, which comes every `everyMs`: true for one process. Others wait until its transaction ends. */
  turn(name: string, everyMs: number): Promise<boolean>
}

// ---- gaps: times in which nothing came of an account's region; kept 400 days

/** `silent`: two heartbeats are missing. `logging-stopped`: its trail was stopped. `forwarding-stopped`: what sends its events to us was. */
export type GapCause = 'silent' | 'logging-stopped' | 'forwarding-stopped'
export interface Gap {
  readonly id: string
  readonly accountId: string
  readonly region: string
  readonly cause: GapCause
  /** In words: what stopped it; empty when nobody knows. */
  readonly detail: string
  /** The last sign of life before, and the first one after it; null while it is open. */
  readonly from: Date
  readonly until: Date | null
  readonly openedAt: Date
  /** The scans that it began. */
  readonly scans: readonly string[]
  /** Up to where its event history was read. */
  readonly filledUntil: Date
  /** Events read in it: all, those with an effect that had come before, and of the others those that touch resources or match rules. */
  readonly read: number
  readonly known: number
  readonly touched: number
  readonly matched: number
  readonly fill: 'filling' | 'done' | 'failed'
  /** Why its event history cannot be read; null when it can. */
  readonly problem: string | null
}
/** A gap lent to the one that reads its event history. The token fences. */
export interface LentGap extends Gap {
  readonly token: string
  readonly attempts: number
  /** The place in the slice at hand; null between slices. */
  readonly sliceUntil: Date | null
  readonly nextToken: string | null
}
/** A page of the event history went through intake. */
export interface FilledPage
  extends Pick<Gap, 'filledUntil' | 'read' | 'known' | 'touched' | 'matched'>, Pick<LentGap, 'sliceUntil' | 'nextToken'> {}
export interface Gaps {
  /** Notes a gap. Null when the account's region has an open one of this cause, or had one that began then: of what was stopped, within ten minutes of it. */
  open(gap: Pick<Gap, 'accountId' | 'region' | 'cause' | 'detail' | 'from' | 'until'>): Promise<Gap | null>
  /** It is over. Its event history is read once that is complete, after `settleMs`. False when it was over already. */
  close(id: string, until: Date, settleMs: number): Promise<boolean>
  scanned(id: string, scanId: string): Promise<void>
  /** Open ones first, then the newest; those over only when asked for. */
  list(limit: number, which?: 'all' | 'open'): Promise<readonly Gap[]>
  /** Those that are over, with their event history read or given up, and not told yet; from now on they are told. */
  over(): Promise<readonly Gap[]>
  /** Lends gaps whose event history is to be read, longest due first. SKIP LOCKED. */
  lease(limit: number, leaseMs: number): Promise<readonly LentGap[]>
  /** Goes on after a page, with the lease prolonged: until when the gap is now. Null: lease lost. */
  filled(gap: LentGap, page: FilledPage, leaseMs: number): Promise<Pick<Gap, 'until'> | null>
  /** For now there is no more: due again after `delayMs`. `restart`: the slice is read from its beginning. False: lease lost. */
  later(gap: LentGap, delayMs: number, how: 'waiting' | 'failed' | 'restart'): Promise<boolean>
  /** Its event history was read to the end (null), or cannot be read. False: lease lost. */
  settle(gap: LentGap, problem: string | null): Promise<boolean>
  /** How many gaps there are of each cause that are open, and the events read for all. */
  tally(): Promise<{ readonly open: ReadonlyMap<GapCause, number>; readonly read: number }>
  /** What is wrong with a trail, or null. True when that is news. */
  trail(trail: string, accountId: string, problem: string | null): Promise<boolean>
}

// ---- workers: the processes that are alive, so that they can share AWS's limits

export interface Workers {
  /** Says that a worker lives for `forMs` more; how many of its role are alive, itself included. */
  beat(id: string, role: string, forMs: number): Promise<number>
  leave(id: string): Promise<void>
  alive(role: string): Promise<number>
}

// ---- sessions: who got which temporary key, kept two days

/** A key, and the session that carries it. */
export interface WantedSession {
  readonly accessKeyId: string
  readonly roleArn: string
  readonly name: string
  /** When the key was used. */
  readonly at: Date
}
export interface Sessions {
  /** Notes who got which key. Of two records of one key the one that names the caller better stays. */
  note(sessions: readonly OpenedSession[]): Promise<void>
  /** How these sessions were opened: by key, and those of the same role and name in the 13 hours before the use, at most 20 of a name. Oldest first. */
  find(wanted: readonly WantedSession[]): Promise<readonly OpenedSession[]>
}

// ---- investigations: what is still to be found out about findings, asked outside of the line; kept 30 days

/** `session`: whose session it was that acted; `origin`: who last changed what a scan found. */
export interface Question {
  readonly findingId: string
  readonly question: 'session' | 'origin'
  /** Of one line one question is asked at a time: an account's region. */
  readonly line: string
  readonly severity: Severity
  readonly delayMs: number
}
/** A question lent to one worker. The token fences. */
export interface Investigation {
  readonly finding: Finding
  readonly question: Question['question']
  readonly token: string
  readonly attempts: number
}
export interface Investigations {
  /** Asks. The origin of a finding is asked for once, whatever came of it; its session may be asked for anew. */
  ask(questions: readonly Question[]): Promise<void>
  /** Lends due questions, one of a line, most severe first. What was not answered within an hour is settled as not asked in time. */
  lease(limit: number, leaseMs: number): Promise<readonly Investigation[]>
  /** Answered, or given up: in words, for people. False: lease lost. */
  settle(investigation: Investigation, answer: string): Promise<boolean>
  /** Not answered: due again after `delayMs`, attempts + 1. False: lease lost. */
  again(investigation: Investigation, delayMs: number): Promise<boolean>
  /** Ends the leases of a stopping worker. */
  release(investigations: readonly Investigation[]): Promise<void>
}

// ---- bundles: the detections that were uploaded, in versions; kept for ever, only ever added to

export interface BundleFile {
  /** Below the bundle's folder, with `/` between. */
  readonly path: string
  readonly text: string
}
export interface NewBundle {
  /** Of all paths and contents: the same again is the same bundle. */
  readonly digest: string
  readonly files: readonly (BundleFile & { readonly digest: string })[]
  readonly detections: readonly { readonly id: string; readonly kind: 'policy' | 'rule'; readonly fingerprint: string }[]
}
/** Who does it, and what they say of it. */
export interface BundleAct {
  readonly by: string
  /** The folder that it came from; null for what was there. */
  readonly origin: string | null
  readonly message: string | null
  /** Uploaded although a test failed. */
  readonly forced: boolean
}
/** What counts now. Activations are numbered in the order they came; 0: there was none yet. Bundle 0: none, the folders alone. */
export interface ActiveBundle {
  readonly activation: number
  readonly number: number
}
export interface BundleRow extends BundleAct {
  readonly number: number
  readonly digest: string
  /** How many. */
  readonly files: number
  readonly detections: NewBundle['detections']
  /** For the first time, as who did it. */
  readonly uploadedAt: Date
  readonly active: boolean
}
export interface BundleActivation extends ActiveBundle, BundleAct {
  readonly how: 'upload' | 'rollback'
  readonly at: Date
}
export interface Bundles {
  active(): Promise<ActiveBundle>
  /**
   * Whether this is what counts; in a transaction it goes on to be so until that ends. False as well while another is about to count:
   * nobody who holds anything waits here.
   */
  isActive(activation: number): Promise<boolean>
  /** Keeps a bundle, unless it is there, and makes it count, unless it does. */
  add(bundle: NewBundle, act: BundleAct): Promise<ActiveBundle & { readonly added: boolean; readonly activated: boolean }>
  /** Makes an older bundle count, or, for null, what counted before. Null when there is no such bundle. */
  goBack(number: number | null, act: BundleAct): Promise<(ActiveBundle & { readonly activated: boolean }) | null>
  /** By path. */
  files(number: number): Promise<readonly BundleFile[]>
  get(number: number): Promise<BundleRow | null>
  /** Newest first. */
  list(limit: number): Promise<readonly BundleRow[]>
  /** What was uploaded and rolled back, newest first. */
  acts(limit: number): Promise<readonly BundleActivation[]>
}

// ---- what rules remember between events: counters, sets of text, dictionaries, each under a key that all rules share

export interface RuleCache {
  /** Does what rules did to keys, in their order. Keys are held until the transaction ends. */
  apply(writes: readonly CacheWrite[]): Promise<void>
  /** Entries that changed since an earlier look, null for those that are gone; some may come again. Null: all that are alive. */
  since(
    look: string | null,
  ): Promise<{ readonly entries: readonly (readonly [key: string, entry: CacheEntry | null])[]; readonly look: string }>
}
