import { openBundles } from './bundle.ts'
import { evaluatorDefaults } from './create-evaluator.ts'
import { frameKinds } from './frames.ts'
import type { Broken } from './load.ts'
import type { LoadedDetection, TestResult, TestsAnswer } from './protocol.ts'
import { openRunner } from './runner.ts'

export interface TestedDetection extends LoadedDetection {
  readonly tests: readonly TestResult[]
}
export interface TestReport {
  readonly tested: readonly TestedDetection[]
  /** Left out by `wanted`. */
  readonly skipped: number
  readonly broken: readonly Broken[]
}

/** Runs the tests inside detections, in an evaluator process like any other call of theirs. */
export async function testDetections(
  folders: readonly string[],
  wanted: (detection: LoadedDetection) => boolean,
): Promise<TestReport> {
  const trust = { accounts: [], regions: [], times: 'checked' as const }
  await using runner = await openRunner({ ...evaluatorDefaults, role: 'all', bundles: openBundles(folders), trust })
  const { detections, broken } = runner.loaded
  const chosen = detections.filter(wanted)
  const ids = chosen.map(({ detection }) => detection.id)
  const results = (await runner.run(frameKinds.tests, ids)) as TestsAnswer
  const tested = chosen.map((each, index) => ({ ...each, tests: results[index] ?? [] }))
  return { tested, skipped: detections.length - chosen.length, broken }
}
