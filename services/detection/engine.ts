import type {
  AuditEvent,
  Detection,
  DetectionFailure,
  JsonObject,
  Outcome,
  PantherFields,
  ResourceRef,
  RuleMatch,
  Severity,
  Violation,
} from '#model'
import { pantherFields, readSeverity } from '#model'
import type { Code, Loaded, LoadedPolicy, LoadedRule } from './definition.ts'
import type { RuleEvent } from './log-records.ts'
import { cut, describeUnquoted, freezeJson, kindOf, limitContext } from './limits.ts'
import { startLooking, type Known, type Looking } from './look-up.ts'
import { sumUp } from './sum-up.ts'

/** Runs loaded detections in this process, purely. Who must not trust their code runs this in an evaluator process. */
export interface Engine {
  readonly loaded: readonly Loaded[]
  /** The rules that asked for such events, by look-up: the cost does not grow with the number of rules. */
  rulesFor(event: Pick<AuditEvent, 'logType' | 'source' | 'name'>): readonly LoadedRule[]
  policiesFor(resourceType: string): readonly LoadedPolicy[]
}

/** Indexes detections. Disabled ones never run. */
export function createEngine(loaded: readonly Loaded[]): Engine {
  const enabled = loaded.filter((each) => each.kind === 'rule' && each.enabled) as readonly LoadedRule[]
  const rules = indexRules(enabled)
  const byLogType = Map.groupBy(
    enabled.flatMap((rule) => [...new Set(rule.detection.logTypes)].map((logType) => ({ logType, rule }))),
    ({ logType }) => logType,
  )
  const ofLogs = new Map([...byLogType].map(([logType, pairs]) => [logType, pairs.map(({ rule }) => rule)]))
  const policies = loaded.filter((each) => each.kind === 'policy' && each.enabled) as readonly LoadedPolicy[]
  const byType = new Map<string, readonly LoadedPolicy[]>()
  return {
    loaded,
    rulesFor({ logType, source, name }) {
      if (logType !== 'AWS.CloudTrail') return ofLogs.get(logType) ?? none
      const ofSource = rules.get(source)
      if (ofSource === undefined) return none
      return ofSource.byName.get(name) ?? ofSource.always
    },
    policiesFor(type) {
      const known = byType.get(type)
      if (known !== undefined) return known
      const found = policies.filter(
        ({ detection }) => detection.resourceTypes.length === 0 || detection.resourceTypes.includes(type),
      )
      // Type names come from our own fetchers; the limit only keeps a mistake from filling the memory.
      if (byType.size < 1_000) byType.set(type, found)
      return found
    },
  }
}

const none: readonly LoadedRule[] = []

interface RulesOfSource {
  /** Rules that want every event of the source; they are in every list of `byName` too. */
  readonly always: LoadedRule[]
  readonly byName: Map<string, LoadedRule[]>
}

function indexRules(rules: readonly LoadedRule[]): ReadonlyMap<string, RulesOfSource> {
  const index = new Map<string, RulesOfSource>()
  for (const rule of rules) {
    const { match } = rule
    if (match === null) continue
    for (const source of new Set(match.sources)) {
      const entry = index.get(source) ?? { always: [], byName: new Map<string, LoadedRule[]>() }
      index.set(source, entry)
      if (match.names === null) entry.always.push(rule)
      else for (const name of new Set(match.names)) entry.byName.set(name, [...(entry.byName.get(name) ?? []), rule])
    }
  }
  for (const { always, byName } of index.values()) for (const [name, own] of byName) byName.set(name, [...own, ...always])
  return index
}

/** What a rule is told of an event beside its record. Nothing of it is looked for before it is read. */
export function ruleEventOf(event: AuditEvent): RuleEvent {
  return Object.freeze(new ToldEvent(event))
}

class ToldEvent implements RuleEvent {
  readonly logType: string
  readonly accountId: string
  readonly region: string
  readonly #event: AuditEvent
  constructor(event: AuditEvent) {
    this.logType = event.logType
    this.accountId = event.accountId
    this.region = event.region
    this.#event = event
  }
  get time(): string {
    return this.#event.time.toISOString()
  }
  get fields(): PantherFields {
    return pantherFields(this.#event)
  }
}
// One detection's hands are kept off what the others are told.
Object.freeze(ToldEvent.prototype)
Object.freeze(ToldEvent)

/** What a run came to, with what its wording functions did wrong: noise in production, a failure in tests. */
export interface Run<Answer> {
  readonly answer: Answer
  readonly complaints: readonly string[]
}

/** Asks a rule about a record. Null: no match. The record is frozen from here on. */
export function runRule(rule: LoadedRule, record: JsonObject, event: RuleEvent): Run<RuleMatch | DetectionFailure | null> {
  const { detection, evaluate } = rule
  try {
    const result = evaluate(freezeJson(record), event)
    if (result === false) return silent
    if (result !== true) return { answer: wrongType(detection, 'a boolean', result), complaints: [] }
  } catch (thrown) {
    return { answer: threw(detection, thrown), complaints: [] }
  }
  const complaints: string[] = []
  const words = word(rule, [record, event], {}, complaints)
  // A value that cannot be had does not count towards the threshold.
  const unique = rule.wording.unique === null ? {} : { unique: uniqueOf(rule.wording.unique, [record, event], complaints) }
  const { summaryAttributes: paths } = rule
  const summary = paths.length === 0 ? {} : { summary: sumUp(paths, record, event) }
  return { answer: { detectionId: detection.id, ...words, ...unique, ...summary }, complaints }
}

function uniqueOf(code: Code, given: readonly unknown[], complaints: string[]): string {
  try {
    const said = code(...given)
    if (typeof said === 'string') return cut(said)
    complaints.push(`unique answered ${kindOf(said)}; allowed: text`)
  } catch (thrown) {
    complaints.push(`unique threw ${describeUnquoted(thrown)}`)
  }
  return ''
}

const silent: Run<null> = { answer: null, complaints: [] }

/** A policy's run; where it asked for resources that nobody has read yet, all that it asked for, and the answer does not count. */
export interface PolicyRun extends Run<Outcome> {
  readonly wants: readonly string[]
}

/** Asks a policy about a state. The attributes are frozen from here on. */
export function runPolicy(policy: LoadedPolicy, { id }: Pick<ResourceRef, 'id'>, attributes: JsonObject, known: Known): PolicyRun {
  const { detection } = policy
  if (detection.suppressions.some((pattern) => matchesPattern(pattern, id))) {
    const answer: Outcome = { detectionId: detection.id, outcome: 'pass', validUntil: null, lookedUp: [] }
    return { answer, complaints: [], wants: [] }
  }
  const looking = startLooking((other) => (other === id ? attributes : known(other)))
  try {
    const run = judge(policy, attributes, looking)
    return { ...run, wants: looking.incomplete ? [...looking.asked] : [] }
  } finally {
    looking.end()
  }
}

function judge(policy: LoadedPolicy, attributes: JsonObject, looking: Looking): Run<Outcome> {
  const { detection, evaluate } = policy
  const detectionId = detection.id
  const unknown = (failure: DetectionFailure): Run<Outcome> => ({
    answer: { detectionId, outcome: 'unknown', failure },
    complaints: [],
  })
  const complaints: string[] = []
  try {
    const said = evaluate(freezeJson(attributes), looking.others)
    if (looking.refusal !== null) return unknown({ detectionId, reason: 'threw', message: looking.refusal })
    const { result, validUntil: given } = isObject(said) && 'result' in said ? said : { result: said, validUntil: null }
    const validUntil = readValidUntil(given, complaints)
    if (validUntil === undefined) return unknown(wrongType(detection, 'an RFC 3339 time as validUntil', given))
    const drafts = result === true ? [] : result === false ? [{ key: '' }] : readDrafts(result)
    if (typeof drafts === 'string') return unknown({ detectionId, reason: 'wrong-type', message: drafts })
    // Words are not needed where the run does not count.
    const violations: readonly Violation[] = (looking.incomplete ? [] : drafts).map((draft) =>
      Object.assign({ key: draft.key }, word(policy, [attributes, looking.others], draft, complaints)),
    )
    const holds = { validUntil, lookedUp: [...looking.asked] }
    if (drafts.length === 0) return { answer: { detectionId, outcome: 'pass', ...holds }, complaints }
    return { answer: { detectionId, outcome: 'fail', violations, ...holds }, complaints }
  } catch (thrown) {
    return unknown(looking.refusal === null ? threw(detection, thrown) : { detectionId, reason: 'threw', message: looking.refusal })
  }
}

interface Draft {
  readonly key: string
  readonly title?: unknown
  readonly severity?: unknown
  readonly dedup?: unknown
  readonly context?: unknown
}

const mostViolations = 1_000

/** The violations a policy listed, or what is wrong with the list. */
function readDrafts(result: unknown): readonly Draft[] | string {
  if (!Array.isArray(result)) return `evaluate answered ${kindOf(result)}; allowed: a boolean or a list of violations`
  if (result.length > mostViolations) return `evaluate answered ${result.length} violations; allowed: at most ${mostViolations}`
  const drafts: Draft[] = []
  const keys = new Set<string>()
  for (const draft of result as readonly unknown[]) {
    const key: unknown = isObject(draft) ? draft['key'] : undefined
    if (!isObject(draft) || typeof key !== 'string' || key === '') {
      return `evaluate answered a violation with ${isObject(draft) ? `${kindOf(key)} as its key` : kindOf(draft)}; allowed: { key: text, … }`
    }
    const { title, severity, dedup, context } = draft
    const short = cut(key)
    if (keys.has(short)) return `evaluate answered two violations with the key ${JSON.stringify(short)}; allowed: each key once`
    keys.add(short)
    drafts.push({ key: short, title, severity, dedup, context })
  }
  return drafts
}

interface Words {
  readonly title: string
  readonly severity: Severity
  readonly destinations?: readonly string[]
  readonly dedup: string
  readonly context: JsonObject
}

/** Panther's order: title, severity, destinations, dedup (the title stands in for it), context. What a draft says itself goes first. */
function word({ detection, wording }: Loaded, given: readonly unknown[], draft: Partial<Draft>, complaints: string[]): Words {
  const say = (slot: string, own: unknown, code: Code | null): unknown => {
    if (own !== undefined) return own
    if (code === null) return undefined
    try {
      const said = code(...given)
      if (said === undefined) complaints.push(`${slot} answered nothing`)
      return said
    } catch (thrown) {
      complaints.push(`${slot} threw ${describeUnquoted(thrown)}`)
      return undefined
    }
  }
  const text = (slot: string, said: unknown, otherwise: string): string => {
    if (typeof said === 'string') return said === '' ? otherwise : cut(said)
    if (said !== undefined) complaints.push(`${slot} answered ${kindOf(said)}; allowed: text`)
    return otherwise
  }
  const title = text('title', say('title', draft.title, wording.title), cut(detection.displayName))
  const severity = readSeverityWord(say('severityOf', draft.severity, wording.severityOf), detection.severity, complaints)
  const destinations = readDestinations(say('destinationsOf', undefined, wording.destinationsOf), detection, complaints)
  const dedup = text('dedup', say('dedup', draft.dedup, wording.dedup), title)
  const context = readContext(say('context', draft.context, wording.context), complaints)
  return { title, severity, dedup, context, ...(destinations === null ? {} : { destinations }) }
}

function readSeverityWord(said: unknown, otherwise: Severity, complaints: string[]): Severity {
  if (said === undefined) return otherwise
  if (typeof said === 'string' && said.toUpperCase() === 'DEFAULT') return otherwise
  const severity = typeof said === 'string' ? readSeverity(said) : null
  if (severity === null) {
    const given = typeof said === 'string' ? JSON.stringify(cut(said)) : kindOf(said)
    complaints.push(`severityOf answered ${given}; allowed: INFO, LOW, MEDIUM, HIGH, CRITICAL, DEFAULT`)
  }
  return severity ?? otherwise
}

const mostDestinations = 10

/** Null: the routes decide. `SKIP` is Panther's word for nobody. */
function readDestinations(said: unknown, { destinations }: Detection, complaints: string[]): readonly string[] | null {
  const otherwise = destinations.length === 0 ? null : destinations
  if (said === undefined || said === null) return otherwise
  if (!Array.isArray(said) || !said.every((each) => typeof each === 'string')) {
    complaints.push(
      `destinationsOf answered ${Array.isArray(said) ? 'a list of other things' : kindOf(said)}; allowed: null or a list of texts`,
    )
    return otherwise
  }
  const given = said as readonly string[]
  if (given.includes('SKIP')) return []
  if (given.length > mostDestinations)
    complaints.push(`destinationsOf answered ${given.length}; allowed: ${mostDestinations}, the rest is left out`)
  return given.slice(0, mostDestinations).map((each) => each.slice(0, 200))
}

function readContext(said: unknown, complaints: string[]): JsonObject {
  if (said === undefined) return {}
  try {
    if (isObject(said)) return limitContext(said)
    complaints.push(`context answered ${kindOf(said)}; allowed: an object`)
    return { _error: `context answered ${kindOf(said)}` }
  } catch (thrown) {
    complaints.push(`context: ${describeUnquoted(thrown)}`)
    return { _error: describeUnquoted(thrown) }
  }
}

const soonestMs = 60_000
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/u

/** When an answer ends, at the earliest in a minute: one that is always over would be judged without end. Undefined for what is no time. */
function readValidUntil(value: unknown, complaints: string[]): string | null | undefined {
  if (value === null) return null
  if (typeof value !== 'string' || !rfc3339.test(value)) return undefined
  const time = Date.parse(value)
  if (Number.isNaN(time)) return undefined
  const now = Date.now()
  if (time < now) complaints.push(`validUntil is past: ${value}; allowed: a time to come, or null`)
  return new Date(Math.max(time, now + soonestMs)).toISOString()
}

/** `*` is any text; everything else is itself. Linear in the text for each star: no pattern can make it slow. */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (!text.startsWith(first)) return false
  if (rest.length === 0) return text === first
  const last = rest.pop() ?? ''
  let from = first.length
  for (const part of rest) {
    const found = text.indexOf(part, from)
    if (found < 0) return false
    from = found + part.length
  }
  return text.length - last.length >= from && text.endsWith(last)
}

function threw(detection: Detection, thrown: unknown): DetectionFailure {
  return { detectionId: detection.id, reason: 'threw', message: describeUnquoted(thrown) }
}

function wrongType(detection: Detection, allowed: string, given: unknown): DetectionFailure {
  const message = `evaluate answered ${kindOf(given)}; allowed: ${allowed}`
  return { detectionId: detection.id, reason: 'wrong-type', message }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
