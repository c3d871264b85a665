import type { AuditEvent, DetectionFailure, RuleMatch } from '#model'
import type { Trust } from '#ingest'
import type { RecordJudgement } from '../evaluator.ts'
import { exactText, mayBeInexact, parseExactly } from '../exact-numbers.ts'
import { frameKinds, writeFrame } from '../frames.ts'
import type { Reading } from '../judge-bodies.ts'
import type { BatchHead, BodiesAnswer } from '../protocol.ts'
import type { Added } from './added.ts'
import { createCalls } from './calls.ts'
import type { Interpreter } from './interpreter.ts'
import type { PythonEvent, PythonHead, PythonSource } from './protocol.ts'
import type { PythonRules } from './rules.ts'
import { ruleMatch } from './words.ts'

export interface PythonParts {
  readonly python: Interpreter
  readonly rules: PythonRules
  readonly batch: BatchHead
  readonly source: PythonSource
  /** Called often: tells the parent that there is progress. */
  readonly beat: () => void
}
interface Asked {
  readonly body: number
  readonly record: number
  readonly event: AuditEvent
  readonly numbers: readonly number[]
  /** Its numbers are known as they were written. */
  readonly exact: boolean
}

const alone: PythonHead = { ticket: 0, inventory: false, keeps: false, entries: [], settled: [] }
/** So much text goes to Python at once. */
const lettersAtOnce = 1024 * 1024
/** What is larger is read before a rule is called, whose time it would take. */
const wholeFrom = 64 * 1024
const nothing: readonly never[] = []

/** Decodes and verifies raw bodies and has Python judge the events that a rule may match; answers those with an effect. */
export function judgePythonBodies(
  bodies: readonly string[],
  parts: PythonParts & Pick<Reading, 'decode'> & { readonly added: Added; readonly trust: Trust },
): BodiesAnswer {
  const { python, rules, batch, added, decode, trust, beat } = parts
  const head = batch.python ?? alone
  python.refreshCache(JSON.stringify({ entries: head.entries, settled: head.settled }))
  added.begin()
  const asked: Asked[] = []
  for (const [body, text] of bodies.entries()) {
    beat()
    let exactly: ReadonlyMap<number, AuditEvent> | null = null
    for (const { record, event } of decode(text, trust, batch.carried).events) {
      const numbers = rules.rulesFor(event)
      if (numbers.length === 0) continue
      exactly ??= batch.carried === undefined && mayBeInexact(text) ? exactEvents(text, decode, trust) : none
      const known = exactly.get(record)
      asked.push({ body, record, event: known ?? event, numbers, exact: known !== undefined })
    }
  }
  const calls = createCalls(parts)
  const answer = new Map<number, RecordJudgement[]>()
  const take = ([tag, said, writes]: PythonEvent): void => {
    const one = asked[tag - head.ticket]
    if (one === undefined) return
    const matches: RuleMatch[] = []
    const failures: DetectionFailure[] = []
    for (const [number, words] of said) {
      const own = rules.all[number]
      if (own === undefined) continue
      if ('failure' in words) failures.push(calls.failure(own.detection.id, words.failure))
      else matches.push(ruleMatch(own.detection, words))
    }
    const records = answer.get(one.body) ?? []
    answer.set(one.body, records)
    const before = records.findIndex(({ record }) => record === one.record)
    const judgement = {
      record: one.record,
      matches,
      failures,
      ...(writes.length === 0 ? {} : { cache: { ticket: tag, writes } }),
    }
    if (before === -1) records.push(judgement)
    else records[before] = joined(records[before] as RecordJudgement, judgement)
  }

  if (!calls.careful) {
    let from = 0
    let texts: string[] = []
    let letters = 0
    const judge = (to: number): void => {
      if (texts.length === 0) return
      const said = JSON.parse(python.judgeEvents(`[${texts.join()}]`, head.inventory, head.keeps)) as readonly PythonEvent[] | null
      // One that Python cannot read spoils the text of all.
      if (said === null) for (let index = from; index < to; index += 1) judgeAlone(index, (asked[index] as Asked).numbers)
      else for (const each of said) take(each)
      ;[from, texts, letters] = [to, [], 0]
    }
    for (const [index, one] of asked.entries()) {
      const text = eventText(head.ticket + index, one, one.exact || (bodies[one.body] as string).length > wholeFrom)
      added.put(head.ticket + index, one.event)
      texts.push(text)
      letters += text.length
      if (letters > lettersAtOnce) judge(index + 1)
    }
    judge(asked.length)
  } else {
    for (const [index, one] of asked.entries()) {
      added.put(head.ticket + index, one.event)
      for (const number of one.numbers) {
        const id = rules.all[number]?.detection.id ?? ''
        const place = { detectionId: id, item: one.body, record: one.record }
        const refused = calls.refused(place)
        if (refused !== null) take([head.ticket + index, [[number, { failure: [refused.reason as 'threw', refused.message] }]], []])
        else {
          if (batch.announce) writeFrame(1, frameKinds.at, place)
          judgeAlone(index, [number])
        }
      }
    }
  }
  return [...answer].toSorted(([a], [b]) => a - b)

  function judgeAlone(index: number, numbers: readonly number[]): void {
    const one = asked[index] as Asked
    const [tag, text] = [head.ticket + index, recordText(one)]
    const said = python.judgeEvent(tag, JSON.stringify(numbers), one.event.logType, text, head.inventory, head.keeps)
    take(JSON.parse(said) as PythonEvent)
  }
}

/** Most rules look at a few plain fields: of an event only these go to Python, which asks for all of it when a rule looks further. */
const none: ReadonlyMap<number, AuditEvent> = new Map()

/** The events of a body again, by their places, with numbers as they were written. */
function exactEvents(text: string, decode: Reading['decode'], trust: Trust): ReadonlyMap<number, AuditEvent> {
  return new Map(decode(text, trust, undefined, { parse: parseExactly }).events.map(({ record, event }) => [record, event]))
}

function eventText(tag: number, one: Asked, whole: boolean): string {
  const { logType, record } = one.event
  const sent = whole ? recordText(one) : JSON.stringify(headOf(record))
  return `[${tag},[${one.numbers.join()}],${JSON.stringify(logType)},${sent},${whole ? 1 : 0}]`
}

function recordText({ event: { record }, exact }: Asked): string {
  return exact ? exactText(record) : JSON.stringify(record)
}

/** A record with each list and object in it empty: Python knows these by being lists. */
function headOf(record: AuditEvent['record']): object {
  const head: Record<string, unknown> = {}
  for (const key of Object.keys(record)) {
    const value = record[key]
    head[key] = typeof value === 'object' && value !== null ? nothing : value
  }
  return head
}

function joined(one: RecordJudgement, other: RecordJudgement): RecordJudgement {
  const writes = [...(one.cache?.writes ?? []), ...(other.cache?.writes ?? [])]
  const ticket = one.cache?.ticket ?? other.cache?.ticket
  return {
    record: one.record,
    matches: [...one.matches, ...other.matches],
    failures: [...one.failures, ...other.failures],
    ...(ticket === undefined ? {} : { cache: { ticket, writes } }),
  }
}
