import { writeSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { Script, createContext } from 'node:vm'
import { createSyncReader, decodeTexts, frameKinds, writeFrame } from '../frames.ts'
import type { Reading } from '../judge-bodies.ts'
import { cut } from '../limits.ts'
import type { BatchHead, LoadAnswer, LoadRequest } from '../protocol.ts'
import { createAdded } from './added.ts'
import { startInterpreter, type Interpreter } from './interpreter.ts'
import { judgePythonBodies } from './judge-bodies.ts'
import { judgePythonResources } from './judge-resources.ts'
import { createPlans } from './plans.ts'
import type { PythonSource, PythonTestResult } from './protocol.ts'
import { createPythonRules, type Guards } from './rules.ts'

const host = globalThis.process
const saidBytesPerBatch = 64 * 1024
const busyAfterMs = 50
/** A test may take this long: nobody waits for it but its author. */
const testMs = 2_000
/** No batch takes so long: one that does hangs where Python cannot be interrupted, and its parent is gone, or it would be killed. */
const longestBatchMs = 120_000

/**
 * The Python evaluator process: loads what the first frame names, then answers batch after batch until its input ends. It reads and
 * writes its pipes synchronously, so nothing of a detection ever runs outside its own call.
 */
export async function servePython({ decode }: Pick<Reading, 'decode'>): Promise<void> {
  const read = createSyncReader(0)
  const first = read()
  if (first === null) return
  const { head, texts } = decodeTexts(first.content)
  const request = JSON.parse(head) as LoadRequest
  const source = JSON.parse(texts[0] ?? 'null') as PythonSource
  const beat = createBeat()
  const python = await startInterpreter({ memoryMb: source.memoryMb, onBusy: beat.now, orphanMs: request.orphanMs })
  const added = createAdded()
  python.connect({
    announce: (file) => writeFrame(1, frameKinds.loading, file),
    ask(id) {
      writeFrame(1, frameKinds.ask, id)
      const answer = read()
      // The parent is gone.
      if (answer === null) return host.exit(1)
      const told = decodeTexts(answer.content).texts[0]
      return told === '' ? undefined : told
    },
    add: added.of,
    whole: added.whole,
  })
  const loaded = load(python, request, source)
  const rules = createPythonRules(loaded.detections, request.role === 'rule' ? guardsOf(python, source) : {})
  const plans = createPlans((text) => python.plan(text))
  const sayAll = createSayer(python)
  sayAll()
  writeFrame(1, frameKinds.loaded, loaded satisfies LoadAnswer)

  for (let frame = read(); frame !== null; frame = read()) {
    const { kind, content } = frame
    const { head: how, texts: given } = decodeTexts(content)
    const batch = JSON.parse(how) as BatchHead
    python.limit(kind === frameKinds.tests ? testMs : source.timeoutMs)
    const answer = ended(() => {
      if (kind === frameKinds.tests) return given.map((text) => (beat.now(), JSON.parse(python.runTest(text)) as PythonTestResult))
      const parts = { python, rules, plans, batch, source, beat: beat.tick }
      if (kind === frameKinds.bodies) return judgePythonBodies(given, { ...parts, added, decode, trust: request.trust })
      return judgePythonResources(given, parts)
    })
    sayAll()
    writeFrame(1, frameKinds.answer, answer)
  }
}

function load(python: Interpreter, { refused }: LoadRequest, source: PythonSource): LoadAnswer {
  const detections = source.detections.map(({ loaded, kind, module, summaryAttributes }) => ({
    id: loaded.detection.id,
    kind,
    module,
    spec: { summaryAttributes, createAlert: loaded.detection.createAlert },
  }))
  python.limit(source.loadTimeoutMs)
  const { globals, dataModels } = source
  const text = python.load(JSON.stringify({ refused, globals, dataModels, detections }))
  const said = JSON.parse(text) as {
    readonly loaded: readonly string[]
    readonly broken: readonly { readonly id: string; readonly file: string; readonly message: string }[]
    readonly caches: boolean
  }
  const ids = new Set(said.loaded)
  return {
    detections: source.detections.flatMap(({ loaded }) => (ids.has(loaded.detection.id) ? [loaded] : [])),
    broken: said.broken.map(({ id, file, message }) => ({ file, message: cut(`${id}: ${message}`) })),
    caches: said.caches,
  }
}

function guardsOf(python: Interpreter, { index, globals, dataModels, detections }: PythonSource): Guards {
  if (index === false) return {}
  const rules = detections
    .filter(({ kind }) => kind === 'rule')
    .map(({ loaded, module, mocked }) => ({
      id: loaded.detection.id,
      code: module.code,
      logTypes: loaded.detection.logTypes,
      mocked,
    }))
  return rules.length === 0 ? {} : (JSON.parse(python.guards(JSON.stringify({ rules, globals, dataModels }))) as Guards)
}

/** Tells the parent now and then that there is progress. */
function createBeat(): { readonly now: () => void; readonly tick: () => void } {
  const time = performance.now.bind(performance)
  let saidAt = time()
  const now = (): void => {
    saidAt = time()
    writeFrame(1, frameKinds.busy, null)
  }
  return { now, tick: () => void (time() - saidAt >= busyAfterMs && now()) }
}

/** What detections print, one JSON line each with the detection's name, some of every batch. */
function createSayer(python: Interpreter): () => void {
  return () => {
    let left = saidBytesPerBatch
    for (const [speaker, said] of python.spoken()) {
      const line = `${JSON.stringify({ speaker, said: cut(said.trimEnd()) })}\n`
      left -= line.length
      if (left >= 0) writeSync(2, line)
    }
  }
}

/** Runs work that ends: time is kept by a thread of Node's own, where neither Python nor its interrupt can. */
const within: { run: () => void } = { run() {} }
const [script, context] = [new Script('run()'), createContext(within)]
function ended<Answer>(work: () => Answer): Answer {
  const done: Answer[] = []
  within.run = () => done.push(work())
  try {
    script.runInContext(context, { timeout: longestBatchMs })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') host.exit(1)
    throw error
  }
  return done[0] as Answer
}
