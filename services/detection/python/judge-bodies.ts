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
import type { Plans } from './plans.ts'
import type { PythonBatch, PythonEvent, PythonHead, PythonSource } from './protocol.ts'
import type { PythonRules } from './rules.ts'
import { ruleMatch } from './words.ts'

export interface PythonParts {
  readonly python: Interpreter
  readonly rules: PythonRules
  readonly plans: Plans
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

/** Decodes and verifies raw bodies and has Python judge the events that a rule may match; answers those with an effect. */
export function judgePythonBodies(
  bodies: readonly string[],
  parts: PythonParts & Pick<Reading, 'decode'> & { readonly added: Added; readonly trust: Trust },
): BodiesAnswer {
  const { python, rules, plans, batch, added, decode, trust, beat } = parts
  const head = batch.python ?? alone
  python.refreshCache(JSON.stringify({ entries: head.entries, settled: head.settled }))
  const asked: Asked[] = []
  added.begin(head.ticket, asked)
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
      const answer = JSON.parse(python.judgeEvents(`[${texts.join()}]`, head.inventory, head.keeps)) as PythonBatch | null
      // One that Python cannot read spoils the text of all.
      if (answer === null) for (let index = from; index < to; index += 1) judgeAlone(index, (asked[index] as Asked).numbers)
      else {
        for (const each of answer[0]) take(each)
        plans.learn(answer[1])
      }
      ;[from, texts, letters] = [to, [], 0]
    }
    for (const [index, { body, event, numbers, exact }] of asked.entries()) {
      const whole = exact || (bodies[body] as string).length > wholeFrom
      const text = plans.textOf(head.ticket + index, { numbers, event, whole, write: exact ? exactText : JSON.stringify })
      texts.push(text)
      letters += text.length
      if (letters > lettersAtOnce) judge(index + 1)
    }
    judge(asked.length)
  } else {
    for (const [index, one] of asked.entries()) {
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
    const [tag, text] = [head.ticket + index, (one.exact ? exactText : JSON.stringify)(one.event.record)]
    const said = python.judgeEvent(tag, JSON.stringify(numbers), one.event.logType, text, head.inventory, head.keeps)
    take(JSON.parse(said) as PythonEvent)
  }
}

const none: ReadonlyMap<number, AuditEvent> = new Map()

/** The events of a body again, by their places, with numbers as they were written. */
function exactEvents(text: string, decode: Reading['decode'], trust: Trust): ReadonlyMap<number, AuditEvent> {
  return new Map(decode(text, trust, undefined, { parse: parseExactly }).events.map(({ record, event }) => [record, event]))
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
