import {
  compareSeverity,
  tagsOf,
  type AlertContent,
  type Cause,
  type Detection,
  type Difference,
  type Ended,
  type Finding,
  type Origin,
  type Outcome,
  type Resource,
  type Verdict,
  type Violation,
} from '#model'
import type { Judged, Records, StoredState } from '#store'
import { shownOf, violationKey, type Essence } from './essence.ts'
import { noteFailures } from './notes.ts'
import type { Parts } from './parts.ts'
import { questionsOf } from './questions.ts'
import { unjudgedSince, whyOf } from './unjudged.ts'
import { worded } from './worded.ts'

type Needs = Pick<Parts, 'tell' | 'places' | 'evaluator' | 'observe'>

/** What is known of how a resource came to be judged. */
export interface Occasion {
  /** What was said before; null when nothing was. */
  readonly before: Verdict | null
  readonly origin: Origin
  readonly causes: readonly Cause[]
  readonly differences: readonly Difference[]
  /** What mattered of a change, for each new violation of which that was found. */
  readonly essence?: Essence
  /** When the resource was seen being created, so that failing verdicts wait for it to be whole; null when that was not seen. */
  readonly bornAt: Date | null
  /** False: the state may be older than an event. It can show what is wrong, and not that it is over. */
  readonly confirmed: boolean
  /** What was said of the resource while it was not confirmed is so. */
  readonly newlyConfirmed: boolean
  /** Of a changed resource that these detections had not judged before: what they would have said then already, by `violationKey`. */
  readonly standing?: ReadonlySet<string>
}
/** Why a verdict of one detection is what it is. */
export type Why = Pick<Occasion, 'origin' | 'causes' | 'differences' | 'essence'>
/** What came of it. */
export interface Reconciled {
  /** Something is to be told. */
  readonly news: boolean
  /** The end of the first grace that a failing verdict waits for. */
  readonly heldUntil: Date | null
}
/** A finding to open, in place of a milder one where there is one. */
interface Opening {
  readonly detection: Detection
  readonly violation: Violation
  readonly milder: Finding | undefined
}

/**
 * Whether what this process finds is still to be told: it runs the detections that count, and they do so until the transaction ends. One
 * that cannot load those judges all the same, since nothing may be left unjudged.
 */
export async function counts(
  { evaluator: { bundle } }: Pick<Parts, 'evaluator'>,
  records: Pick<Records, 'bundles'>,
): Promise<boolean> {
  return bundle === null || bundle.overdue || (await records.bundles.isActive(bundle.activation))
}

/**
 * Makes the findings of a resource agree with what the policies say of it now: opens what fails and was not open, ends what passes,
 * and opens anew what fails more severely than it did.
 * Unknown ends nothing and opens nothing; what a policy is no longer scoped to is retired, since nobody looked.
 * Null, and nothing written, where findings would open or end by detections that no longer count: the work is another's.
 */
export async function reconcile(
  parts: Needs,
  records: Records,
  resource: Resource,
  outcomes: readonly Outcome[],
  occasion: Occasion,
): Promise<Reconciled | null> {
  const open = await records.findings.openOf(resource)
  const known = new Map(open.map((finding) => [violationKey(finding.detectionId, finding.key), finding]))
  let news = false
  let heldUntil: Date | null = null
  const failing = new Set<string>()
  const opening: Opening[] = []
  const reworded: [Finding, Violation][] = []
  for (const outcome of outcomes) {
    if (outcome.outcome !== 'fail') continue
    const detection = parts.evaluator.detections.find(({ id }) => id === outcome.detectionId)
    if (detection === undefined) continue
    for (const violation of outcome.violations) failing.add(violationKey(outcome.detectionId, violation.key))
    const graceEnd = graceEndOf(detection, occasion.bornAt, resource.fetchedAt)
    if (graceEnd !== null) {
      if (heldUntil === null || graceEnd < heldUntil) heldUntil = graceEnd
      continue
    }
    for (const violation of outcome.violations) {
      const milder = known.get(violationKey(outcome.detectionId, violation.key))
      if (milder === undefined || compareSeverity(violation.severity, milder.severity) > 0)
        opening.push({ detection, violation, milder })
      else if (occasion.confirmed) reworded.push([milder, violation])
    }
  }
  const superseded = new Set(opening.map(({ milder }) => milder))
  const judged = open.flatMap((finding) => {
    const outcome = outcomes.find(({ detectionId }) => detectionId === finding.detectionId)
    if (superseded.has(finding) || outcome === undefined || outcome.outcome === 'unknown') return []
    return { finding, outcome, fails: failing.has(violationKey(finding.detectionId, finding.key)) }
  })
  const ending = occasion.confirmed ? judged.filter(({ fails }) => !fails) : []
  if (opening.length + ending.length > 0 && !(await counts(parts, records))) return null

  for (const [finding, violation] of reworded) news = (await reword(records, finding, violation)) || news
  const opened = new Map<string, string>()
  for (const each of opening) {
    const { finding, told } = await openFinding(parts, records, resource, occasion, each)
    if (finding !== null) opened.set(finding.detectionId, finding.title)
    news ||= told || each.milder !== undefined
  }
  for (const { finding, fails } of judged) {
    if (fails && occasion.newlyConfirmed) news = (await confirm(records, finding)) || news
  }
  for (const { finding, outcome } of ending) {
    const instead = opened.get(finding.detectionId)
    const how = outcome.outcome === 'skipped' ? 'retired' : instead === undefined ? 'fixed' : 'superseded'
    const { causes } = await whyOf(records, resource, finding.detectionId, finding.key, occasion)
    await endFinding(parts, records, finding.id, { how, cause: causes.at(-1) ?? null, ...(instead && { instead }) })
    news = true
  }
  const failures = outcomes.flatMap((outcome) => (outcome.outcome === 'unknown' ? [outcome.failure] : []))
  await noteFailures(parts, records, failures, 'resources')
  return { news: news || failures.length > 0, heldUntil }
}

/** Opens a finding, and writes its alert where it is told at once. */
async function openFinding(
  parts: Needs,
  records: Records,
  resource: Resource,
  occasion: Occasion,
  { detection, violation, milder }: Opening,
): Promise<{ readonly finding: Finding | null; readonly told: boolean }> {
  const why = await whyOf(records, resource, detection.id, violation.key, occasion)
  const { causes, differences, ...shown } = shownOf(why, detection.id, violation.key)
  if (milder !== undefined) {
    // What got worse is told anew: nobody reads an edit of what was LOW.
    const end = { how: 'superseded', cause: causes.at(-1) ?? null, instead: violation.title } as const
    await endFinding(parts, records, milder.id, end)
  }
  const finding = await records.findings.open({
    detectionId: detection.id,
    resource,
    key: violation.key,
    severity: violation.severity,
    title: violation.title,
    context: violation.context,
    origin: why.origin,
    causes,
    differences,
    staged: detection.staged,
    judgedBy: parts.evaluator.bundle?.activation ?? null,
  })
  if (finding !== null) await records.investigations.ask(questionsOf(finding))
  // What no change caused is told in one summary a team, never as a single post.
  if (finding === null || why.origin !== 'change' || !detection.createAlert || detection.staged) return { finding, told: false }
  const content = parts.tell.findingAlert({
    finding,
    detection: worded(detection, violation),
    place: placeOf(parts, resource),
    confirmed: occasion.confirmed,
    tags: tagsOf(resource.attributes),
    ...shown,
  })
  const to = parts.tell.route(content, { attributes: resource.attributes, destinations: violation.destinations })
  await records.alerts.create({ findingId: finding.id, key: finding.id, content, to })
  return { finding, told: true }
}

/** When the grace of a new resource ends for a policy; null when it is over, or there is none. */
export function graceEndOf({ graceSeconds }: Pick<Detection, 'graceSeconds'>, bornAt: Date | null, now: Date): Date | null {
  if (bornAt === null) return null
  const end = new Date(bornAt.getTime() + graceSeconds * 1_000)
  return end > now ? end : null
}

/** What fails in other words, or less badly, says so in its message; nobody is told anew. */
async function reword(records: Records, finding: Finding, { severity, title }: Violation): Promise<boolean> {
  if (severity === finding.severity && title === finding.title) return false
  if (!(await records.findings.reword(finding.id, { severity, title }))) return false
  const say = (content: AlertContent): AlertContent => (content.kind === 'finding' ? { ...content, severity, title } : content)
  return (await records.alerts.revise(finding.id, say, 0)) !== null
}

/** What was told as unconfirmed is so: its message says so no more. */
async function confirm(records: Records, finding: Finding): Promise<boolean> {
  const revised = await records.alerts.revise(
    finding.id,
    (content) => (content.kind === 'finding' ? { ...content, unconfirmed: false } : content),
    0,
  )
  return revised !== null
}

/** Ends every open finding of a resource that is gone. */
export async function endAll(parts: Needs, records: Records, state: StoredState, causes: readonly Cause[]): Promise<boolean> {
  const open = await records.findings.openOf(state)
  for (const finding of open) await endFinding(parts, records, finding.id, { how: 'gone', cause: causes.at(-1) ?? null })
  return open.length > 0
}

async function endFinding(parts: Pick<Parts, 'tell'>, records: Records, id: string, end: Omit<Ended, 'at'>): Promise<void> {
  const ended = await records.findings.end(id, end.how, end.cause)
  if (ended === null) return
  await turnMessage(parts, records, ended, end)
  if (end.cause !== null) await records.investigations.ask(questionsOf({ ...ended, causes: [end.cause] }))
}

/** Turns the message of an ended finding, when there is one. */
export async function turnMessage(
  parts: Pick<Parts, 'tell'>,
  records: Records,
  ended: Finding,
  end: Omit<Ended, 'at'>,
): Promise<void> {
  const at = ended.endedAt ?? (await records.now())
  const turn = (content: AlertContent): AlertContent =>
    content.kind === 'finding' ? parts.tell.endedAlert(content, { ...end, at: at.toISOString() }) : content
  await records.alerts.revise(ended.id, turn, 0)
}

/** Should the look at the end of a grace not come. */
const graceMarginMs = 60_000

/**
 * The verdict to store, with the time of the next judgement: within a day, earlier where a policy says until when its answer holds, or
 * where a grace ends.
 */
export function judgedAs(
  parts: Pick<Parts, 'evaluator'>,
  resource: Resource,
  outcomes: readonly Outcome[],
  now: Date,
  before: Verdict | null,
  heldUntil: Date | null = null,
): Judged {
  const ends = outcomes.flatMap((outcome) => {
    if (outcome.outcome === 'unknown') return [now.getTime() + 10 * 60_000]
    if (outcome.outcome === 'skipped') return []
    return outcome.validUntil === null ? [] : [Math.max(Date.parse(outcome.validUntil), now.getTime() + 1_000)]
  })
  if (heldUntil !== null) ends.push(heldUntil.getTime() + graceMarginMs)
  const lookedUp = new Set(outcomes.flatMap((outcome) => ('lookedUp' in outcome ? outcome.lookedUp : [])))
  const evaluateAt = new Date(Math.min(now.getTime() + 24 * 3_600_000, ...ends))
  const evaluatedWith = parts.evaluator.fingerprint(resource.type)
  const verdict = { number: resource.number, outcomes, ...unjudgedSince(outcomes, before) }
  const judgedBy = parts.evaluator.bundle?.activation ?? null
  return { verdict, evaluatedWith, evaluateAt, lookedUp: [...lookedUp].toSorted(), judgedBy }
}

function placeOf(parts: Pick<Parts, 'places'>, resource: Resource): ReturnType<Parts['places']['of']> {
  const name = resource.attributes['Name']
  return parts.places.of(resource, { ref: resource, name: typeof name === 'string' ? name : null })
}
