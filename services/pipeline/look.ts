import {
  compareStates,
  diff,
  textAt,
  type Cause,
  type Comparison,
  type Expectation,
  type JsonObject,
  type Origin,
  type Outcome,
  type Resource,
  type ResourceRef,
} from '#model'
import type { LeasedMark, Records, StoredState, Version, Wish } from '#store'
import type { Parts } from './parts.ts'
import { findEssence, violationKeys, type Essence } from './essence.ts'
import { heldOver, mayBeHeld } from './held.ts'
import { endAll, judgedAs, reconcile, type Occasion, type Reconciled } from './reconcile.ts'
import { traceCauses } from './trace.ts'
import { existenceOf, nextLookMs, sightOf, type Sight } from './sight.ts'

type Needs = Pick<Parts, 'store' | 'evaluator' | 'inventory' | 'tell' | 'places' | 'observe'>

/** An event that is told so late was surely overtaken by its effect: AWS's answers are older than the truth for about a minute at most. */
const lateMs = 600_000
/** However many events go on to come: after this time what is seen is written. */
const patienceMs = 60_000
/** After an event that AWS's answers have never shown. */
const overtimeMs = 30_000
/** After an event that may have been shown before, or may still not be: until AWS's answers are surely as new. */
const overtakenMs = 55_000
/** Before a look is repeated that a newer one overtook. */
const outdatedMs = 300
/** Before a look is repeated by a process that knows the detections of now. */
const strangerMs = 500
/** Another look may write between our reading and our writing; then we compare again. */
const tries = 5

/** What a present resource shows, next to what was known of it. */
interface Seen {
  readonly known: StoredState | null
  readonly resource: Resource
  /** Null where the two are not comparable. */
  readonly comparison: Comparison | null
  readonly differences: Occasion['differences']
  readonly changed: boolean
  /** Not even an attribute that changes by itself differs. */
  readonly same: boolean
  readonly sight: Sight
}

/** Writes what a look at a present resource has shown. True when something is to be told. */
export async function settlePresent(parts: Needs, mark: LeasedMark, number: number, attributes: JsonObject): Promise<boolean> {
  const ref = trueRef(mark.ref, attributes)
  const resource: Resource = {
    ...ref,
    number,
    shape: parts.inventory.shape(ref.type),
    attributes,
    fetchedAt: await parts.store.now(),
  }
  for (let left = tries; left > 0; left -= 1) {
    const seen = await compare(parts, mark, resource)
    const told = await (seen === 'outdated' ? outdated(parts, mark) : settleSeen(parts, mark, seen))
    if (told !== 'moved') return told
  }
  await parts.store.marks.giveBack(mark, 1_000)
  return false
}

/** A newer look was written meanwhile. It need not have shown what this one's events say: under another id it had its own mark. */
async function outdated(parts: Needs, mark: LeasedMark): Promise<boolean> {
  parts.observe.fetched('outdated')
  if (mark.expectations.length === 0) await parts.store.marks.settle(mark)
  else await parts.store.marks.again(mark, outdatedMs, mark.expectations)
  return false
}

async function compare(parts: Needs, mark: LeasedMark, resource: Resource): Promise<Seen | 'outdated'> {
  const known = await parts.store.states.get(resource)
  if (known !== null && known.number > resource.number) return 'outdated'
  const comparable = known !== null && !known.gone && known.shape === resource.shape
  const comparison = comparable
    ? compareStates(known.attributes, resource.attributes, parts.inventory.volatile(resource.type))
    : null
  const differences = comparison?.differences ?? []
  const changed = known === null || known.gone || differences.length > 0
  const same = comparable && !changed && diff(known.attributes, resource.attributes).length === 0
  const expectations = mark.expectations.filter((expectation) => !isOfAnEarlierLife(expectation, resource.attributes))
  return { known, resource, comparison, differences, changed, same, sight: sightOf(expectations, resource.attributes, changed) }
}

/** A delete that came late, or first, of a resource that was made again under its name since. */
function isOfAnEarlierLife({ kind, cause }: Expectation, attributes: JsonObject): boolean {
  const born = textAt(attributes, 'TimeCreated')
  return kind === 'delete' && born !== null && Date.parse(born) >= Date.parse(cause.time)
}

async function settleSeen(parts: Needs, mark: LeasedMark, seen: Seen): Promise<boolean | 'moved'> {
  const { resource, sight } = seen
  if (isJudgedLater(parts, seen.known)) {
    await parts.store.marks.giveBack(mark, strangerMs)
    return false
  }
  const waitMs = sight.all ? null : await moreLooksMs(parts, mark, seen)
  // A look that shows nothing of what the events said may be older than what is known: it is no evidence.
  const holds = isHeldStill(seen)
  if (waitMs !== null && !sight.some && !holds) {
    parts.observe.fetched('waiting')
    await parts.store.marks.again(mark, waitMs, mark.expectations)
    return false
  }
  const confirmed = sight.all || holds || (waitMs === null && (await isOvertaken(parts, sight.left, resource)))
  const fingerprint = parts.evaluator.fingerprint(resource.type)
  const settled = isSettled(seen, confirmed, fingerprint)
  const [outcomes, traced] = settled ? [[], mark] : await Promise.all([judge(parts, resource), traceMark(parts.store, mark)])
  const causes = causesOf(traced, sight, confirmed)
  const held = await heldOver(parts, seen.known, resource, outcomes)
  const essence = new Map([...(await essenceOf(parts, traced, seen, outcomes, causes)), ...held])
  const standing = await standingOf(parts, seen, outcomes)
  return parts.store.transaction(async (records) => {
    const before = await records.states.lock(resource)
    if ((before?.number ?? null) !== (seen.known?.number ?? null) || isJudgedLater(parts, before)) return 'moved'
    if (settled) await records.states.seen(resource, resource.number, confirmed)
    const told = settled
      ? { news: false, heldUntil: null }
      : await write(parts, records, traced, seen, { outcomes, causes, essence, standing, confirmed, held: held.size > 0 })
    if (told === null) {
      await records.marks.giveBack(mark, strangerMs)
      return false
    }
    parts.observe.fetched(confirmed || waitMs !== null ? (seen.changed ? 'changed' : 'unchanged') : 'unconfirmed')
    if (waitMs === null) await records.marks.settle(mark)
    else await records.marks.again(mark, waitMs, sight.left)
    if (waitMs === null && told.heldUntil !== null) await lookAtItsEnd(records, resource, told.heldUntil)
    else if (waitMs === null && sight.left.length > 0) await lookOnce(records, mark, resource, sight.left, confirmed)
    return told.news
  })
}

/**
 * Other processes run newer detections already, and this one will within seconds: its verdict would undo theirs. One that cannot load
 * them judges all the same, since nothing may be left unjudged.
 */
function isJudgedLater({ evaluator: { bundle } }: Pick<Needs, 'evaluator'>, known: StoredState | null): boolean {
  return bundle !== null && !bundle.overdue && known !== null && (known.judgedBy ?? 0) > bundle.activation
}

/** A mark whose events name who is behind the sessions that made them. */
async function traceMark(records: Pick<Records, 'sessions'>, mark: LeasedMark): Promise<LeasedMark> {
  const causes = await traceCauses(
    records,
    mark.expectations.map(({ cause }) => cause),
  )
  const expectations = mark.expectations.map((each, index) => ({ ...each, cause: causes[index] ?? each.cause }))
  return { ...mark, expectations }
}

/** What a grace held was shown before, and still is: it need not wait for later events, which may never show. */
function isHeldStill({ known, same, resource }: Seen): boolean {
  return same && known?.confirmed === true && mayBeHeld(known, resource.fetchedAt)
}

/** Nothing to judge and nothing to write but the time. */
function isSettled({ known, same, resource }: Seen, confirmed: boolean, fingerprint: string): boolean {
  if (!same || known === null || mayBeHeld(known, resource.fetchedAt)) return false
  return known.evaluatedWith === fingerprint && known.confirmed === confirmed
}

async function judge(parts: Needs, resource: Resource) {
  const [judgement] = await parts.evaluator.judgeResources([resource], (ids) => parts.store.states.attributes(ids))
  return judgement?.outcomes ?? []
}

/** What mattered of a change, with the event that wrote it. */
async function essenceOf(
  parts: Needs,
  mark: LeasedMark,
  { known, resource, comparison }: Seen,
  outcomes: readonly Outcome[],
  causes: readonly Cause[],
): Promise<Essence> {
  if (comparison === null) return new Map()
  const events = mark.expectations.filter(({ cause }) => causes.includes(cause))
  return findEssence(parts, { resource, comparison, before: known?.verdict ?? null, outcomes, events })
}

/**
 * What a resource that changed failed before as well, by detections that had not judged it yet: they are new or others, and what they find
 * is theirs, not the change's.
 */
async function standingOf(
  parts: Needs,
  { known, resource, changed, comparison }: Seen,
  outcomes: readonly Outcome[],
): Promise<ReadonlySet<string>> {
  const failing = outcomes.filter(({ outcome }) => outcome === 'fail').map(({ detectionId }) => detectionId)
  if (known === null || comparison === null || !changed || failing.length === 0) return new Set()
  if (known.evaluatedWith === parts.evaluator.fingerprint(resource.type)) return new Set()
  const [before] = await parts.evaluator.judgeResources([known], (ids) => parts.store.states.attributes(ids), failing)
  return new Set(violationKeys(before?.outcomes ?? []))
}

interface Judgement {
  readonly outcomes: readonly Outcome[]
  readonly causes: readonly Cause[]
  readonly essence: Essence
  readonly standing: ReadonlySet<string>
  readonly confirmed: boolean
  /** There are failing verdicts whose grace is over. */
  readonly held: boolean
}

async function write(
  parts: Needs,
  records: Records,
  mark: LeasedMark,
  { known, resource, differences, changed }: Seen,
  { outcomes, causes, essence, standing, confirmed, held }: Judgement,
): Promise<Reconciled | null> {
  const created = mark.expectations.some(({ kind }) => kind === 'create') && (known === null || known.gone)
  const bornAt = created ? resource.fetchedAt : known === null || known.gone ? null : known.bornAt
  const origin = held ? 'change' : originOf(known, differences.length > 0, causes, parts.evaluator.fingerprint(resource.type))
  const result = await reconcile(parts, records, resource, outcomes, {
    before: known?.verdict ?? null,
    origin,
    // Who only came by is not to blame for what a new detection finds.
    causes: origin === 'detection' ? [] : causes,
    differences,
    essence,
    standing,
    bornAt,
    confirmed,
    newlyConfirmed: confirmed && known?.confirmed === false,
  })
  if (result === null) return null
  const eventId = parts.inventory.eventId(resource)
  const judged = judgedAs(parts, resource, outcomes, resource.fetchedAt, known?.verdict ?? null, result.heldUntil)
  const evaluateAt = (await lookedUpTooEarly(records, judged.lookedUp, resource)) ? resource.fetchedAt : judged.evaluateAt
  await records.states.put(resource, { ...judged, evaluateAt }, { confirmed, bornAt, eventId, changed })
  const kind = versionKind(known, resource, changed, created)
  if (kind !== null) {
    const { attributes, number, fetchedAt: at } = resource
    await records.versions.add({ ref: resource, number, at, kind, attributes, differences, causes })
  }
  return result
}

/** A state's time is that of its reading; it is written so much later at most. */
const writingMs = 10_000

/** What was looked up may have been written while this verdict was made: then it is made once more, at once. */
async function lookedUpTooEarly(records: Records, lookedUp: readonly string[], { fetchedAt }: Resource): Promise<boolean> {
  if (lookedUp.length === 0) return false
  return (await records.versions.since(lookedUp, new Date(fetchedAt.getTime() - writingMs))).length > 0
}

/** Why a look may open findings: something changed, also by coming back; else it was never seen before, or detections are new. */
function originOf(known: StoredState | null, differs: boolean, causes: readonly Cause[], fingerprint: string): Origin {
  if (differs || known?.gone === true) return 'change'
  if (known === null) return causes.length > 0 ? 'change' : 'baseline'
  return causes.length > 0 && known.evaluatedWith === fingerprint ? 'change' : 'detection'
}

function versionKind(known: StoredState | null, resource: Resource, changed: boolean, created: boolean): Version['kind'] | null {
  if (known === null || known.gone) return created || known !== null ? 'created' : 'first'
  if (known.shape !== resource.shape) return 'reshaped'
  return changed ? 'changed' : null
}

/** The events whose effect is in the state, as far as can be told. */
function causesOf(mark: LeasedMark, sight: Sight, confirmed: boolean): readonly Cause[] {
  const waiting = confirmed ? new Set<string>() : new Set(sight.left.map(({ cause }) => cause.eventId))
  const causes = mark.expectations.map(({ cause }) => cause)
  const shown = causes.filter(({ eventId }) => !waiting.has(eventId))
  return shown.length > 0 ? shown : causes
}

/** The wait before a state is read again that does not yet show everything; null when it was read often enough. */
async function moreLooksMs(parts: Needs, mark: LeasedMark, { sight, resource }: Seen): Promise<number | null> {
  if (resource.fetchedAt.getTime() - mark.firstWishedAt.getTime() > patienceMs) return null
  return nextLookMs(mark.looks, await isOvertaken(parts, sight.left, resource))
}

/**
 * True when the effect of all that is left to be seen may well be in the state that is known: the event is old, or says only that
 * something changed and the state has changed since it happened. Such events are waited for less, and are not held against the state.
 */
async function isOvertaken(parts: Needs, left: readonly Expectation[], ref: ResourceRef): Promise<boolean> {
  const [last] = await parts.store.versions.list(ref, 1)
  return left.every(({ cause, witnesses }) => {
    const time = Date.parse(cause.time)
    if (Date.parse(cause.receivedAt) - time > lateMs) return true
    return witnesses.every(({ kind }) => kind === 'change') && last !== undefined && last.at.getTime() >= time
  })
}

/** A new resource is still being built: what fails while its grace lasts is judged on the state at its end. */
async function lookAtItsEnd(records: Records, resource: Resource, end: Date): Promise<void> {
  const delayMs = Math.max(0, end.getTime() - resource.fetchedAt.getTime())
  await records.marks.wish([{ ref: refOf(resource), class: 'recheck', expectation: null, scanId: null, delayMs }])
}

/** What was not shown may come later still; then the events that were waited for are named. */
async function lookOnce(
  records: Records,
  mark: LeasedMark,
  resource: Resource,
  left: readonly Expectation[],
  confirmed: boolean,
): Promise<void> {
  if (mark.class !== 'event') return
  const ref = refOf(resource)
  const delayMs = confirmed ? overtakenMs : overtimeMs
  const wishes = left.map(({ cause }): Wish => {
    const expectation: Expectation = { cause, kind: 'update', witnesses: [{ kind: 'nothing' }] }
    return { ref, class: 'recheck', expectation, scanId: null, delayMs }
  })
  await records.marks.wish(wishes)
}

/**
 * Not found. After a delete: gone. After a create: AWS does not show it yet. Else gone only when looks over a minute agree, since a
 * new resource is not to be found everywhere at once. True when something is to be told.
 */
export async function settleGone(parts: Needs, mark: LeasedMark, number: number): Promise<boolean> {
  const waitMs = existenceOf(mark.expectations) === 'gone' ? null : absenceMs(mark)
  if (waitMs !== null) {
    parts.observe.fetched('waiting')
    await parts.store.marks.again(mark, waitMs, mark.expectations)
    return false
  }
  const told = await parts.store.transaction(async (records) => {
    const ref = await records.states.meant(mark.ref)
    const before = ref === null ? null : await records.states.lock(ref)
    const ends = ref !== null && before !== null && !before.gone && (await records.states.gone(ref, number))
    if (before !== null && !before.gone && !ends && mark.expectations.length > 0) {
      // A newer look has seen it.
      await records.marks.again(mark, outdatedMs, mark.expectations)
      return false
    }
    const causes = await traceCauses(
      records,
      mark.expectations.map(({ cause }) => cause),
    )
    const news = ends && (await endAll(parts, records, before, causes))
    if (ends) {
      const at = await records.now()
      await records.versions.add({ ref, number, at, kind: 'gone', attributes: null, differences: [], causes })
    }
    await records.marks.settle(mark)
    return news
  })
  parts.observe.fetched('gone')
  return told
}

/** Three looks over a minute; after a create as many as for any state that is not yet shown. */
function absenceMs({ looks, expectations }: LeasedMark): number | null {
  if (existenceOf(expectations) === 'present') return nextLookMs(looks, false)
  return [15_000, 45_000][looks] ?? null
}

/** Events do not name everything: IAM leaves out the path. The fetched resource knows its own id and region. */
function trueRef(asked: ResourceRef, attributes: JsonObject): ResourceRef {
  return { ...asked, id: textAt(attributes, 'ResourceId') ?? asked.id, region: textAt(attributes, 'Region') ?? asked.region }
}

function refOf({ accountId, region, type, id }: ResourceRef): ResourceRef {
  return { accountId, region, type, id }
}
