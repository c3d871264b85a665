import { writeSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { DetectionFailure, JsonObject, Outcome } from '#model'
import { isOff } from './off.ts'
import { createCaller, type Caller } from './caller.ts'
import type { Loaded, LoadedPolicy } from './definition.ts'
import { createEngine, runPolicy, type Engine } from './engine.ts'
import { createSyncReader, decodeTexts, frameKinds, writeFrame } from './frames.ts'
import { judgeBodies, type Reading } from './judge-bodies.ts'
import { cut } from './limits.ts'
import { loadDetections } from './load.ts'
import { lockDown } from './lockdown.ts'
import type { Known } from './look-up.ts'
import { createOrphanWatch } from './orphan.ts'
import type { AgainAnswer, BatchHead, LoadRequest, ResourcesAnswer, TestsAnswer, Wanting } from './protocol.ts'
import { runTest, testAt } from './run-test.ts'

const consoleBytesPerBatch = 64 * 1024

/**
 * The evaluator process: loads what the first frame names, then answers batch after batch until its input ends. It reads
 * and writes its pipes synchronously, so nothing of a detection ever runs outside its own call.
 */
export async function serveEvaluator({ decode, touches, sessionOf }: Reading): Promise<void> {
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
  const own = loaded
    .filter(({ kind }) => request.role === 'all' || kind === request.role)
    .map((each) => orOff(each, request.disabled))
  const detections = own.map(({ detection, enabled, slots }) => ({ detection, enabled, slots }))
  writeFrame(1, frameKinds.loaded, { detections, broken })

  const engine = createEngine(own)
  const watched = createOrphanWatch(request.orphanMs)
  for (let frame = read(); frame !== null; frame = read()) {
    const { kind, content } = frame
    const { head, texts } = decodeTexts(content)
    consoleLeft = consoleBytesPerBatch
    const answer = watched(() => {
      const how = JSON.parse(head) as BatchHead
      const caller = createCaller(how, now, (id) => {
        speaker = id
      })
      if (kind === frameKinds.bodies) {
        return judgeBodies(texts, {
          engine,
          caller,
          decode,
          touches,
          sessionOf,
          trust: request.trust,
          carried: how.carried,
        })
      }
      if (kind === frameKinds.resources) return judgeResources(texts, how.only, engine, caller)
      return kind === frameKinds.again ? judgeAgain(texts, engine, caller) : runTests(texts, engine, caller)
    })
    writeFrame(1, frameKinds.answer, answer)
  }
}

interface Given {
  readonly type: string
  readonly id: string
  readonly attributes: JsonObject
}
const nothingRead: Known = () => undefined

/** Each text is a resource. */
function judgeResources(
  texts: readonly string[],
  only: readonly string[] | undefined,
  engine: Engine,
  caller: Caller,
): ResourcesAnswer {
  return texts.map((text, item) => {
    const resource = JSON.parse(text) as Given
    const policies = engine.policiesFor(resource.type)
    const asked = only === undefined ? policies : policies.filter(({ detection }) => only.includes(detection.id))
    return asked.map((policy) => ask(policy, resource, nothingRead, item, caller))
  })
}

/** The first text is pairs of ids and attributes, each other one the id of a policy and a resource. */
function judgeAgain([first = '[]', ...texts]: readonly string[], engine: Engine, caller: Caller): AgainAnswer {
  const known = new Map(JSON.parse(first) as readonly (readonly [id: string, JsonObject | null])[])
  return texts.map((text, item) => {
    const [id, resource] = JSON.parse(text) as readonly [string, Given]
    const policy = engine.policiesFor(resource.type).find(({ detection }) => detection.id === id)
    if (policy === undefined) throw new TypeError(`no policy ${id}`)
    return ask(policy, resource, (other) => known.get(other), item, caller)
  })
}

function ask(policy: LoadedPolicy, { id, attributes }: Given, known: Known, item: number, caller: Caller): Outcome | Wanting {
  const said = caller.call<Outcome | Wanting | DetectionFailure>(policy, item, 0, () => {
    const run = runPolicy(policy, { id }, attributes, known)
    return run.wants.length === 0 ? run : { answer: { detectionId: policy.detection.id, wants: run.wants }, complaints: [] }
  })
  return 'reason' in said ? { detectionId: said.detectionId, outcome: 'unknown', failure: said } : said
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

function orOff(loaded: Loaded, disabled: readonly string[]): Loaded {
  return isOff(loaded.detection.id, disabled) ? { ...loaded, enabled: false } : loaded
}
