import {
  causeOf,
  tagsOf,
  textAt,
  type AuditEvent,
  type CacheWrite,
  type Cause,
  type DetectionFailure,
  type Finding,
  type JsonObject,
  type OpenedSession,
  type ResourceRef,
  type RuleMatch,
} from '#model'
import { describeError, isRetryable, roomLogger } from '#runtime'
import type { BodyJudgement } from '#detection'
import type { BatchHandler, Message, Touch } from '#ingest'
import type { QuarantineItem, Records, Wish } from '#store'
import { note, noteFailures } from './notes.ts'
import type { Live, Parts } from './parts.ts'
import { questionsOf } from './questions.ts'
import { traceCauses } from './trace.ts'
import { worded } from './worded.ts'

const log = roomLogger('pipeline')

export type IntakeParts = Pick<
  Parts,
  'store' | 'evaluator' | 'trust' | 'decode' | 'touches' | 'sessionOf' | 'tell' | 'places' | 'bells' | 'observe'
> & {
  readonly source: string
}

/** An event that had an effect: it touches resources, or rules matched or failed on it. */
export interface Effect {
  readonly message: Message
  readonly record: number
  readonly event: AuditEvent
  readonly cause: Cause
  readonly matches: readonly RuleMatch[]
  readonly failures: readonly DetectionFailure[]
  readonly touched: readonly Touch[]
  /** What rules wrote to their cache. */
  readonly writes: readonly CacheWrite[]
}

/** Whether there are new marks and new alerts. */
interface Written {
  readonly marks: boolean
  readonly alerts: boolean
}

/** What a batch comes to: effects, and what was refused. Sessions need no inbox key: noting one twice is noting it once. */
export interface Understood {
  readonly effects: readonly Effect[]
  readonly quarantined: readonly QuarantineItem[]
  readonly sessions: readonly OpenedSession[]
  /** What the evaluator waits to hear is dealt with. */
  readonly tickets: readonly number[]
}

/**
 * Intake, the first durable step: bodies are judged by the rules, then one transaction writes inbox keys, refresh marks, rule
 * findings with their alerts, and the quarantine. Only after it is the batch acknowledged.
 */
export function createIntake(parts: Live<IntakeParts>): BatchHandler {
  const takeAll = (batch: readonly Message[]): Promise<void> =>
    parts.evaluators.lend((evaluator) => take({ ...parts, evaluator }, batch))
  return async function handle(batch: readonly Message[]): Promise<ReadonlySet<string>> {
    try {
      await takeAll(batch)
      return new Set()
    } catch (error) {
      if (isRetryable(error)) throw error
      if (batch.length === 1) {
        await giveUp(parts, batch[0], error)
        return new Set()
      }
      // One bad message must not hold the others: each is tried alone, and only those that fail come again.
      log.warn({ messages: batch.length, error: describeError(error) }, 'batch failed, taking its messages one by one')
      const failed = new Set<string>()
      for (const message of batch) {
        const alone = takeAll([message]).catch((cause: unknown) => giveUp(parts, message, cause))
        await alone.catch((cause: unknown) => {
          log.error({ message: message.id, error: describeError(cause) }, 'message failed, it will come again')
          failed.add(message.id)
        })
      }
      return failed
    }
  }
}

/** What fails for a reason of its own again and again, from a source with nowhere to put it, is quarantined. Else throws the error again. */
async function giveUp(parts: Live<IntakeParts>, message: Message | undefined, error: unknown): Promise<void> {
  if (message?.attempt === undefined || message.attempt < mostAttempts || isRetryable(error)) throw error
  const detail = `${message.id} failed ${message.attempt} times: ${describeError(error)}`
  const item = itemOf(parts, message, 'handling-failed', detail)
  await parts.store.transaction(async (records) => {
    await records.quarantine.add([item])
    await noteQuarantine(parts, records, [item])
  })
  parts.observe.quarantined(item.reason)
  parts.observe.events('rejected', 1)
  parts.bells.deliver.ring()
}

const mostAttempts = 5

async function take(parts: IntakeParts, batch: readonly Message[]): Promise<void> {
  const understood = await understand(parts, batch)
  if (Object.values(understood).every((each) => each.length === 0)) return
  const written = await parts.store
    .transaction((records) => write(parts, records, understood))
    .finally(() => parts.evaluator.settled(understood.tickets))
  if (written.marks) parts.bells.refresh.ring()
  if (written.alerts) parts.bells.deliver.ring()
}

/** The evaluator says which bodies matter; what is written comes from this process's own decoding. */
export async function understand(parts: IntakeParts, all: readonly Message[]): Promise<Understood> {
  const batch = all.filter(({ refused }) => refused === undefined)
  const judgements = await judge(parts.evaluator, batch)
  const effects: Effect[] = []
  const quarantined: QuarantineItem[] = all.flatMap(({ body, refused }) =>
    refused === undefined ? [] : { source: parts.source, ...refused, body },
  )
  const sessions: OpenedSession[] = []
  const tickets: number[] = []
  for (const judgement of judgements) {
    const message = batch[judgement.body]
    if (message === undefined) continue
    const { events: all, rejected } = parts.decode(message.body, parts.trust, message.only?.carries)
    const events = all.filter(({ event }) => isAllowed(message, event))
    for (const { reason, detail } of rejected) quarantined.push(itemOf(parts, message, reason, detail))
    for (const { record, event } of events) {
      const judged = judgement.records.find((each) => each.record === record)
      const touched = parts.touches(event)
      const session = parts.sessionOf(event)
      if (session !== null) sessions.push(session)
      const matches = judged?.matches ?? []
      const failures = judged?.failures ?? []
      const { ticket, writes = [] } = judged?.cache ?? {}
      if (ticket !== undefined) tickets.push(ticket)
      if ([touched, matches, failures, writes].every((each) => each.length === 0)) continue
      effects.push({ message, record, event, cause: causeOf(event, message.receivedAt), matches, failures, touched, writes })
    }
  }
  const strangers = batch.flatMap((message) => strangersIn(parts, message))
  quarantined.push(...strangers)
  parts.observe.events('silent', batch.length - judgements.length)
  return { effects, quarantined, sessions, tickets }
}

/** Bodies that are the same log are judged together; mostly all of a batch are. */
async function judge(evaluator: IntakeParts['evaluator'], batch: readonly Message[]): Promise<readonly BodyJudgement[]> {
  const groups = Map.groupBy(batch.keys(), (index) => {
    const carries = batch[index]?.only?.carries
    return carries === undefined ? '' : JSON.stringify(carries)
  })
  const judged: BodyJudgement[] = []
  for (const indexes of groups.values()) {
    const bodies = indexes.map((index) => batch[index]?.body ?? '')
    for (const { body, records } of await evaluator.judgeBodies(bodies, batch[indexes[0] ?? 0]?.only?.carries))
      judged.push({ body: indexes[body] ?? 0, records })
  }
  return judged
}

function itemOf({ source }: Pick<IntakeParts, 'source'>, { body, only }: Message, reason: string, detail: string): QuarantineItem {
  return { source, reason, detail, body, ...(only === undefined ? {} : { only }) }
}

export function isAllowed({ only }: Message, { accountId }: { readonly accountId: string }): boolean {
  return only === undefined || only.accounts.includes(accountId)
}

/** Where a way in is bound to accounts, events of all others. Looked for in every message: what seems of no effect may be a lie too. */
function strangersIn(parts: IntakeParts, message: Message): readonly QuarantineItem[] {
  const { only, body } = message
  if (only === undefined) return []
  const { events, heartbeats = [] } = parts.decode(body, parts.trust, only.carries)
  const found = [...events.map(({ event }) => event), ...heartbeats].find((each) => !isAllowed(message, each))
  if (found === undefined) return []
  const allowed = only.accounts.length === 0 ? 'none' : only.accounts.slice(0, 20).join(', ')
  const detail = `${only.by}: given an event of account ${found.accountId}; allowed: ${allowed}`
  return [itemOf(parts, message, 'account-mismatch', detail)]
}

async function write(parts: IntakeParts, records: Records, understood: Understood): Promise<Written> {
  const fresh = await claim(parts, records, understood.effects)
  // A detection that failed on a copy owes nothing: the first time it judged, or the event is kept already.
  const quarantined = [...understood.quarantined, ...fresh.flatMap((effect) => unjudged(parts, effect))]
  if (quarantined.length > 0) {
    await records.quarantine.add(quarantined)
    await noteQuarantine(parts, records, quarantined)
    for (const { reason } of quarantined) parts.observe.quarantined(reason)
    parts.observe.events('rejected', quarantined.length)
  }
  const written = await writeEffects(parts, records, understood.sessions, fresh)
  return { ...written, alerts: written.alerts || quarantined.length > 0 }
}

/** The effects of events that were not known before. */
export async function claim(parts: IntakeParts, records: Records, effects: readonly Effect[]): Promise<readonly Effect[]> {
  if (effects.length === 0) return []
  const keys = effects.map(({ event }) => ({
    accountId: event.accountId,
    region: event.region,
    eventId: event.id,
    time: event.time,
  }))
  const claimed = await records.inbox.claim(keys)
  const fresh = effects.filter((_, index) => claimed.has(index))
  parts.observe.events('duplicate', effects.length - fresh.length)
  return fresh
}

/** Writes what effects come to: marks, findings with their alerts. */
export async function writeEffects(
  parts: IntakeParts,
  records: Records,
  sessions: readonly OpenedSession[],
  fresh: readonly Effect[],
): Promise<Written> {
  // Known before anything is told of what was done with them.
  await records.sessions.note(sessions)
  if (fresh.length === 0) return { marks: false, alerts: false }
  const wishes = fresh.flatMap(({ touched, cause }) => touched.map((touch) => wishOf(touch, cause)))
  if (wishes.length > 0) await records.marks.wish(wishes)
  const matched = fresh.filter(({ matches }) => matches.length > 0)
  const causes = await traceCauses(
    records,
    matched.map(({ cause }) => cause),
  )
  const repeated = new Map<string, Finding>()
  for (const [index, effect] of matched.entries()) {
    const cause = causes[index] ?? effect.cause
    for (const match of effect.matches) {
      const again = await recordMatch(parts, records, { ...effect, cause }, match)
      if (again !== null) repeated.set(again.id, again)
    }
  }
  await tellRepeated(parts, records, [...repeated.values()])
  await records.ruleCache.apply(fresh.flatMap((effect) => effect.writes))
  const failures = fresh.flatMap((effect) => effect.failures)
  await noteFailures(parts, records, failures, 'events')

  parts.observe.events('matched', matched.length)
  parts.observe.events('touched', fresh.filter(({ touched }) => touched.length > 0).length)
  return { marks: wishes.length > 0, alerts: failures.length > 0 || matched.length > 0 }
}

/** What a finding is about is looked at in its turn, since nobody says that it changed. */
function wishOf({ ref, kind, witnesses }: Touch, cause: Cause): Wish {
  const wish = { ref, scanId: null, delayMs: 0 }
  return kind === 'report'
    ? { ...wish, class: 'recheck', expectation: null }
    : { ...wish, class: 'event', expectation: { cause, kind, witnesses } }
}

/** Whoever can have a message quarantined has it out of sight of the rules: the operators hear of it. */
async function noteQuarantine(
  parts: Pick<IntakeParts, 'tell'>,
  records: Records,
  quarantined: readonly QuarantineItem[],
): Promise<void> {
  for (const [reason, { source, detail }] of new Map(quarantined.map((item) => [item.reason, item]))) {
    const text = `${detail}. Rules did not see it; it is kept for 30 days: see \`tripline quarantine list\`. This is said once an hour, however many there are.`
    await note(parts, records, `quarantine:${source}:${reason}`, {
      title: `A message from ${source} is in quarantine (${reason})`,
      text,
    })
  }
}

/** A match opens a finding and its alert, or counts on the one that is there, which it returns when people have been told of it. */
async function recordMatch(
  parts: IntakeParts,
  records: Records,
  { event, cause, touched }: Effect,
  match: RuleMatch,
): Promise<Finding | null> {
  const detection = parts.evaluator.detections.find(({ id }) => id === match.detectionId)
  if (detection === undefined) return null
  const { accountId, region } = event
  const { detectionId, dedup, severity, title, context } = match
  const { dedupPeriodMinutes: periodMinutes, threshold } = detection
  const { finding, opened } = await records.findings.hit({
    detectionId,
    accountId,
    region,
    dedup,
    periodMinutes,
    threshold,
    severity,
    title,
    context,
    cause,
    staged: detection.staged,
    judgedBy: parts.evaluator.bundle?.activation ?? null,
    ...(match.unique === undefined ? {} : { unique: match.unique }),
    ...(match.summary === undefined ? {} : { summary: match.summary }),
  })
  if (!detection.createAlert || detection.staged || finding.status === 'counting') return null
  if (!opened) return finding
  await records.investigations.ask(questionsOf(finding))
  const { attributes, ...about } = (await reportedOn(records, event)) ?? { attributes: {} }
  const place = parts.places.of(event, 'ref' in about ? about : touchedBy(touched))
  const content = parts.tell.findingAlert({
    finding,
    detection: worded(detection, match),
    place,
    confirmed: true,
    tags: tagsOf(attributes),
  })
  const to = parts.tell.route(content, { attributes, destinations: match.destinations })
  await records.alerts.create({ findingId: finding.id, key: finding.id, content, to })
  return null
}

/** Once a batch for each: of what matches often, only the last counts are told. */
async function tellRepeated(parts: IntakeParts, records: Records, findings: readonly Finding[]): Promise<void> {
  for (const finding of findings.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    await records.alerts.revise(
      finding.id,
      (content) => (content.kind === 'finding' ? parts.tell.repeatedAlert(content, finding) : content),
      repeatEditMs,
    )
  }
}

/** What a finding is about, as it is stored, so that its owner hears of it; its tags often say who that is. */
async function reportedOn(
  { states }: Pick<Records, 'states'>,
  { about: [first] = [] }: AuditEvent,
): Promise<{ readonly ref: ResourceRef; readonly name: string | null; readonly attributes: JsonObject } | null> {
  if (first === undefined) return null
  const ref = (await states.meant(first)) ?? first
  const attributes = (await states.get(ref))?.attributes ?? {}
  return { ref, name: textAt(attributes, 'Name'), attributes }
}

/** The resource that an event is about, where it is one. */
function touchedBy(touched: readonly Touch[]): { ref: ResourceRef; name: null } | null {
  const [first, ...others] = touched
  return first === undefined || others.length > 0 ? null : { ref: first.ref, name: null }
}

/** Edits that only count up wait a little, so that a burst is one edit. */
const repeatEditMs = 2_000

/** What detections owe on an event, an item each. */
export function unjudged(
  parts: Pick<IntakeParts, 'source'>,
  { message, record, event, failures }: Effect,
): readonly QuarantineItem[] {
  return failures.map(({ detectionId, reason, message: words }) => {
    const detail = `${detectionId} could not judge event ${event.id} (${reason}): ${words}`
    return { ...itemOf(parts, message, 'detection-failed', detail), owed: { detectionId, record } }
  })
}
