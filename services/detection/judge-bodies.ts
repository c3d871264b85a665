import type { AuditEvent, DetectionFailure, RuleMatch } from '#model'
import type { Carried, Decoded, Trust } from '#ingest'
import type { Caller } from './caller.ts'
import type { LoadedRule } from './definition.ts'
import { ruleEventOf, runRule, type Engine } from './engine.ts'
import type { RecordJudgement } from './evaluator.ts'
import type { BodiesAnswer } from './protocol.ts'

/** What judging needs of other rooms: only verified events reach a rule. */
export interface Reading {
  readonly decode: (body: string, trust: Trust, carried?: Carried, how?: { readonly parse: (text: string) => unknown }) => Decoded
  readonly touches: (event: AuditEvent) => readonly unknown[]
  /** Who got a temporary key, when the event tells; null otherwise. */
  readonly sessionOf: (event: AuditEvent) => unknown
}
export interface BodyParts extends Reading {
  readonly engine: Engine
  readonly caller: Caller
  readonly trust: Trust
  /** What the bodies are, when they are no CloudTrail. */
  readonly carried?: Carried | undefined
}

/** Decodes, verifies and judges raw bodies; answers those that matter. */
export function judgeBodies(
  bodies: readonly string[],
  { engine, caller, decode, touches, sessionOf, trust, carried }: BodyParts,
): BodiesAnswer {
  const answer: [number, RecordJudgement[]][] = []
  // Counted loops: once the intrinsics are frozen, iterators cost as much as the rest of this.
  for (let body = 0; body < bodies.length; body += 1) {
    if (body % bodiesPerTick === 0) caller.tick()
    const { events, rejected } = decode(bodies[body] ?? '', trust, carried)
    let matters = rejected.length > 0
    const records: RecordJudgement[] = []
    for (let index = 0; index < events.length; index += 1) {
      const { record, event } = events[index] as Decoded['events'][number]
      const rules = engine.rulesFor(event)
      if (rules.length > 0) {
        const judgement = judgeRecord(rules, event, { body, record }, caller)
        if (judgement !== null) records.push(judgement)
      }
      matters ||= records.length > 0 || touches(event).length > 0 || sessionOf(event) !== null
    }
    if (matters) answer.push([body, records])
  }
  return answer
}

const bodiesPerTick = 8

/** What the rules that asked for an event say of it; null when none matched or failed. */
function judgeRecord(
  rules: readonly LoadedRule[],
  event: AuditEvent,
  { body, record }: { body: number; record: number },
  caller: Caller,
): RecordJudgement | null {
  const matches: RuleMatch[] = []
  const failures: DetectionFailure[] = []
  const known = ruleEventOf(event)
  for (let index = 0; index < rules.length; index += 1) {
    const rule = rules[index] as LoadedRule
    const said = caller.call(rule, body, record, () => runRule(rule, event.record, known))
    if (said === null) continue
    if ('reason' in said) failures.push(said)
    else matches.push(said)
  }
  return matches.length > 0 || failures.length > 0 ? { record, matches, failures } : null
}
