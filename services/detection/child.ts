import { writeSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { JsonObject, Outcome } from '#model'
import { createCaller, type Caller } from './caller.ts'
import { createEngine, runPolicy, type Engine } from './engine.ts'
import { createSyncReader, decodeTexts, frameKinds, writeFrame } from './frames.ts'
import { judgeBodies, type Reading } from './judge-bodies.ts'
import { cut } from './limits.ts'
import { loadDetections } from './load.ts'
import { lockDown } from './lockdown.ts'
import type { BatchHead, LoadRequest, ResourcesAnswer, TestsAnswer } from './protocol.ts'
import { runTest, testAt } from './run-test.ts'

const consoleBytesPerBatch = 64 * 1024

/**
 * The evaluator process: loads what the first frame names, then answers batch after batch until its input ends. It reads
 * and writes its pipes synchronously, so nothing of a detection ever runs outside its own call.
 */
export async function serveEvaluator({ decode, touches }: Reading): Promise<void> {
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
