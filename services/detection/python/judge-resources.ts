import type { JsonObject, Outcome } from '#model'
import { matchesPattern } from '../engine.ts'
import { frameKinds, writeFrame } from '../frames.ts'
import type { ResourcesAnswer } from '../protocol.ts'
import { createCalls } from './calls.ts'
import type { PythonParts } from './judge-bodies.ts'
import type { PythonOutcome } from './protocol.ts'
import { violation } from './words.ts'

interface Given {
  readonly type: string
  readonly id: string
  readonly attributes: JsonObject
}

/** Each text is a resource; one outcome a policy that looks at its type, suppressed ones pass. */
export function judgePythonResources(texts: readonly string[], parts: PythonParts): ResourcesAnswer {
  const { python, rules, batch, beat } = parts
  const calls = createCalls(parts)
  return texts.map((text, item) => {
    beat()
    const { type, id, attributes } = JSON.parse(text) as Given
    const outcomes: Outcome[] = []
    const asked: number[] = []
    for (const number of rules.policiesFor(type)) {
      const { detection } = rules.all[number] as (typeof rules.all)[number]
      if (batch.only !== undefined && !batch.only.includes(detection.id)) continue
      const refused = calls.refused({ detectionId: detection.id, item, record: 0 })
      if (refused !== null) outcomes.push({ detectionId: detection.id, outcome: 'unknown', failure: refused })
      else if (detection.suppressions.some((pattern) => matchesPattern(pattern, id)))
        outcomes.push({ detectionId: detection.id, outcome: 'pass', validUntil: null, lookedUp: [] })
      else asked.push(number)
    }
    const groups = calls.careful ? asked.map((number) => [number]) : asked.length === 0 ? [] : [asked]
    for (const numbers of groups) {
      const detectionId = rules.all[numbers[0] ?? 0]?.detection.id ?? ''
      if (batch.announce) writeFrame(1, frameKinds.at, { detectionId, item, record: 0 })
      const said = JSON.parse(python.judgeResources(JSON.stringify([[numbers, id, attributes]]))) as readonly (readonly [
        number,
        PythonOutcome,
      ])[][]
      for (const [number, outcome] of said[0] ?? []) outcomes.push(read(number, outcome))
    }
    return outcomes
  })

  function read(number: number, said: PythonOutcome): Outcome {
    const { detection } = rules.all[number] as (typeof rules.all)[number]
    const detectionId = detection.id
    if ('failure' in said) return { detectionId, outcome: 'unknown', failure: calls.failure(detectionId, said.failure) }
    const holds = { validUntil: null, lookedUp: said.asked }
    if ('wrongType' in said)
      return { detectionId, outcome: 'unknown', failure: calls.failure(detectionId, ['wrong-type', said.wrongType]) }
    if ('pass' in said) return { detectionId, outcome: 'pass', ...holds }
    return { detectionId, outcome: 'fail', violations: [violation(detection, said)], ...holds }
  }
}
