import type { AuditEvent, DetectionFailure, RuleMatch } from '#model'
import type { Decoded, Trust } from '#ingest'
import type { Caller } from './caller.ts'
import { runRule, type Engine } from './engine.ts'
import type { RecordJudgement } from './evaluator.ts'
import type { BodiesAnswer } from './protocol.ts'

/** What judging needs of other rooms: only verified events reach a rule. */
export interface Reading {
  readonly decode: (body: string, trust: Trust) => Decoded
  readonly touches: (event: AuditEvent) => readonly unknown[]
}
export interface BodyParts extends Reading {
  readonly engine: Engine
  readonly caller: Caller
  readonly trust: Trust
}

/** Decodes, verifies and judges raw bodies; answers those that matter. */
export function judgeBodies(bodies: readonly string[], { engine, caller, decode, touches, trust }: BodyParts): BodiesAnswer {
  const answer: [number, RecordJudgement[]][] = []
  for (let body = 0; body < bodies.length; body += 1) {
    caller.tick()
    const { events, rejected } = decode(bodies[body] ?? '', trust)
    let matters = rejected.length > 0
    const records: RecordJudgement[] = []
    for (const { record, event } of events) {
      const rules = engine.rulesFor(event.source, event.name)
      if (rules.length > 0) {
        const matches: RuleMatch[] = []
        const failures: DetectionFailure[] = []
        for (const rule of rules) {
          const said = caller.call(rule, body, record, () => runRule(rule, event.record))
          if (said === null) continue
          if ('reason' in said) failures.push(said)
          else matches.push(said)
        }
        if (matches.length > 0 || failures.length > 0) records.push({ record, matches, failures })
      }
      matters ||= records.length > 0 || touches(event).length > 0
    }
    if (matters) answer.push([body, records])
  }
  return answer
}
