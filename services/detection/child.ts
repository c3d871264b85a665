import { writeSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { AuditEvent, DetectionFailure, JsonObject, Outcome, RuleMatch } from '#model'
import type { Decoded, Trust } from '#ingest'
import { createEngine, runPolicy, runRule, type Engine, type Run } from './engine.ts'
import type { RecordJudgement } from './evaluator.ts'
import { createSyncReader, decodeTexts, frameKinds, writeFrame } from './frames.ts'
import { cut } from './limits.ts'
import { loadDetections } from './load.ts'
import { lockDown } from './lockdown.ts'
import type { BatchHead, BodiesAnswer, CallPlace, LoadRequest, ResourcesAnswer, TestsAnswer } from './protocol.ts'
import { runTest, testAt } from './run-test.ts'
import type { Loaded } from './definition.ts'

/** What the child needs of other rooms: only verified events reach a rule. */
export interface ChildParts {
  readonly decode: (body: string, trust: Trust) => Decoded
  readonly touches: (event: AuditEvent) => readonly unknown[]
}

const consoleBytesPerBatch = 64 * 1024
const busyAfterMs = 50

/**
 * The evaluator process: loads what the first frame names, then answers batch after batch until its input ends. It reads
 * and writes its pipes synchronously, so nothing of a detection ever runs outside its own call.
 */
export async function serveEvaluator({ decode, touches }: ChildParts): Promise<void> {
  const read = createSyncReader(0)
  const now = performance.now.bind(performance)
  let speaker = ''
  let consoleLeft = consoleBytesPerBatch
  lockDown((said) => {
    const line = `${JSON.stringify({ speaker, said: cut(said) })}\n`
    if (consoleLeft >= line.length) writeSync(2, line)
    consoleLeft -= line.length
  })

  const first = read()
  if (first === null) return
  const request = JSON.parse(decodeTexts(first.content).head) as LoadRequest
  const { loaded, broken } = await loadDetections({
    bundles: request.bundles,
    refused: new Map(request.refused),
    announce(file) {
      speaker = file
      writeFrame(1, frameKinds.loading, file)
    },
  })
  const own = loaded.filter(({ kind }) => request.role === 'all' || kind === request.role)
  const detections = own.map(({ detection, enabled, slots }) => ({ detection, enabled, slots }))
  writeFrame(1, frameKinds.loaded, { detections, broken })

  const engine = createEngine(own)
  for (let frame = read(); frame !== null; frame = read()) {
    const { head, texts } = decodeTexts(frame.content)
    consoleLeft = consoleBytesPerBatch
    const caller = createCaller(JSON.parse(head) as BatchHead, now, (id) => {
      speaker = id
    })
    if (frame.kind === frameKinds.bodies) {
      writeFrame(1, frameKinds.answer, judgeBodies(texts, { engine, caller, decode, touches, trust: request.trust }))
    } else if (frame.kind === frameKinds.resources) {
      writeFrame(1, frameKinds.answer, judgeResources(texts, engine, caller))
    } else writeFrame(1, frameKinds.answer, runTests(texts, engine, caller))
  }
}

/** Makes calls of detections, unless told not to, and keeps the parent informed. */
interface Caller {
  tick(): void
  call<Answer>(detection: Loaded, item: number, record: number, run: () => Run<Answer>): Answer | DetectionFailure
}

function createCaller(head: BatchHead, now: () => number, speak: (id: string) => void): Caller {
  const blamed = new Map(head.blamed.map((blame) => [placeKey(blame), blame.failure]))
  const parked = new Map(head.parked.map((failure) => [failure.detectionId, failure]))
  const careful = head.announce || blamed.size > 0 || parked.size > 0
  let saidAt = now()
  const tick = (): void => {
    const time = now()
    if (time - saidAt < busyAfterMs) return
    saidAt = time
    writeFrame(1, frameKinds.busy, null)
  }
  return {
    tick,
    call({ detection: { id } }, item, record, run) {
      tick()
      speak(id)
      if (careful) {
        const place = { detectionId: id, item, record }
        const failure = parked.get(id) ?? blamed.get(placeKey(place))
        if (failure !== undefined) return failure
        if (head.announce) writeFrame(1, frameKinds.at, place)
      }
      const { answer, complaints } = run()
      for (const complaint of complaints) console.warn(complaint)
      return answer
    },
  }
}

interface BodyParts extends ChildParts {
  readonly engine: Engine
  readonly caller: Caller
  readonly trust: Trust
}

function judgeBodies(bodies: readonly string[], { engine, caller, decode, touches, trust }: BodyParts): BodiesAnswer {
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

/** Each text is `{ ref, attributes }`. */
function judgeResources(texts: readonly string[], engine: Engine, caller: Caller): ResourcesAnswer {
  return texts.map((text, item) => {
    const { type, id, attributes } = JSON.parse(text) as { type: string; id: string; attributes: JsonObject }
    return engine.policiesFor(type).map((policy): Outcome => {
      const said = caller.call(policy, item, 0, () => runPolicy(policy, { id }, attributes))
      return 'reason' in said ? { detectionId: said.detectionId, outcome: 'unknown', failure: said } : said
    })
  })
}

/** Each text is the id of a detection; its tests are the records. */
function runTests(texts: readonly string[], engine: Engine, caller: Caller): TestsAnswer {
  return texts.map((id, item) => {
    const detection = engine.loaded.find((each) => each.detection.id === id)
    if (detection === undefined) return []
    return [...detection.tests.keys()].map((record) => {
      const said = caller.call(detection, item, record, () => runTest(detection, record))
      return 'reason' in said ? Object.assign(testAt(detection, record), { passed: false, message: said.message }) : said
    })
  })
}

function placeKey({ detectionId, item, record }: CallPlace): string {
  return `${item}|${record}|${detectionId}`
}
