import type { Trust } from '#ingest'
import { evaluatorDefaults } from '../create-evaluator.ts'
import { DetectionError } from '../errors.ts'
import { frameKinds } from '../frames.ts'
import type { LoadedDetection, TestResult } from '../protocol.ts'
import { openRunner } from '../runner.ts'
import type { PythonFolders } from './load.ts'
import type { PythonTestResult } from './protocol.ts'
import type { PythonTest } from './repository.ts'

interface Tested {
  readonly tested: readonly (LoadedDetection & { readonly tests: readonly TestResult[] })[]
  readonly broken: readonly { readonly file: string; readonly message: string }[]
}

/** A call in a test is ended by the process itself after two seconds. */
const timeoutMs = 3_000

/** Runs the tests of detections in Python; a name that is not among `testNames`, where some are given, is left out. */
export async function testPython(
  { globals, dataModels }: Pick<PythonFolders, 'globals' | 'dataModels'>,
  detections: PythonFolders['detections'],
  { trust, testNames }: { readonly trust: Trust; readonly testNames: readonly string[] },
): Promise<Tested> {
  if (detections.length === 0) return { tested: [], broken: [] }
  const { memoryMb, loadTimeoutMs } = evaluatorDefaults
  const python = { globals, dataModels, detections, memoryMb, timeoutMs, loadTimeoutMs }
  await using runner = await openRunner({ ...evaluatorDefaults, role: 'all', bundles: [], trust, python })
  const loaded = new Set(runner.loaded.detections.map(({ detection }) => detection.id))
  const tested: Tested['tested'][number][] = []
  for (const { loaded: own, kind, tests } of detections) {
    const { id } = own.detection
    if (!loaded.has(id)) continue
    const chosen = tests.filter(({ name }) => testNames.length === 0 || testNames.includes(name))
    const texts = chosen.map(({ expected, given, mocks, destinations }) =>
      JSON.stringify({ id, expected, given, mocks, destinations }),
    )
    const results = texts.length === 0 ? [] : await runner.run(frameKinds.tests, texts, { timeoutMs }).catch(diedOf)
    const alerting = kind !== 'policy'
    tested.push({
      ...own,
      tests: chosen.map((each, index) => resultOf(each, alerting, (results as readonly PythonTestResult[])[index])),
    })
  }
  return { tested, broken: runner.loaded.broken }
}

/** The tests of a detection that ended its process, where nobody could say which. */
function diedOf(error: unknown): readonly PythonTestResult[] {
  if (error instanceof DetectionError && error.code === 'evaluator-failed') return []
  throw error
}

function resultOf({ name, expected }: PythonTest, alerting: boolean, said: PythonTestResult | undefined): TestResult {
  const alerts = expected === alerting
  if (said === undefined) return { name, alerts, passed: false, message: 'ended its evaluator process' }
  const [main] = said.functions
  const functions = said.functions.map((each) => {
    const passed = each.error === null && (each !== main || each.output === String(expected))
    return { ...each, passed }
  })
  const wrong = functions.find(({ passed }) => !passed)
  const words = wrong === undefined ? 'failed' : (wrong.error ?? `expected ${expected}, got ${wrong.output}`)
  const message = said.passed ? null : `${wrong?.name ?? 'test'}: ${words}`
  return { name, alerts, passed: said.passed, message, functions, printed: said.stdout, durationMs: said.ms }
}
