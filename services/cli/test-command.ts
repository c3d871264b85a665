import { join, relative } from 'node:path'
import {
  DetectionError,
  testDetections,
  type LoadedDetection,
  type TestedDetection,
  type TestReport,
  type TestResult,
} from '#detection'
import type { TestSettings } from './test-settings.ts'
import { readFilters } from './test-filter.ts'
import { isDetection, isScheduled, tellBroken, tellFailed, tellNotRun, tellOutcome, tellSummary } from './test-words.ts'

/** The detections that come with Tripline, wherever it is started. */
const shipped = ['policies', 'rules'].map((folder) => relative('', join(import.meta.dirname, '../..', folder)))

export interface TestOptions extends TestSettings {
  /** Folders or files; those that come with Tripline where empty. */
  readonly paths: readonly string[]
  readonly json: boolean
}

/** `tripline test`: runs the tests inside detections. Exit code 0 when all passed, 1 when not or when there was nothing to test, 2 for misuse. */
export async function testCommand(options: TestOptions): Promise<number> {
  const wanted = readFilters(options.filter)
  if (typeof wanted === 'string') return misuse(wanted)
  const paths = options.paths.length > 0 ? options.paths : shipped
  const { testNames, ignoreFiles: ignored, ignoreExtraKeys, skipDisabledTests } = options
  let report: TestReport
  try {
    report = await testDetections(paths, (detection) => wanted(detection) && !(skipDisabledTests && isOff(detection)), {
      testNames,
      reading: { ignored, extraKeys: ignoreExtraKeys ? 'ignored' : 'refused' },
    })
  } catch (error) {
    if (error instanceof DetectionError && error.code === 'unreadable') return misuse(error.message)
    throw error
  }
  const isAsked = ({ tests }: TestedDetection): boolean => testNames.length === 0 || tests.length > 0
  const outcomes = report.tested.filter(isAsked).map((each) => outcomeOf(each, options))
  const tests = outcomes.flatMap((each) => each.tests)
  const unsupported = report.notRun.filter(isDetection)
  const invalid = new Set(report.broken.map(({ file }) => withoutPlace(file))).size
  const skipped = report.skipped + report.tested.length - outcomes.length + unsupported.length
  const summary = {
    detections: outcomes.length + invalid + skipped,
    passed: outcomes.filter(({ passed }) => passed).length,
    failed: outcomes.filter(({ passed }) => !passed).length,
    invalid,
    skipped,
    tests: tests.length,
    testsPassed: tests.filter(({ passed }) => passed).length,
    testsFailed: tests.filter(({ passed }) => !passed).length,
  }
  const shown = outcomes.filter(({ passed }) => !passed || !options.showFailuresOnly)
  if (options.sortTestResults) shown.sort((one, other) => (one.detection < other.detection ? -1 : 1))
  if (options.json) {
    for (const outcome of shown) print(JSON.stringify(outcome))
    for (const { file, message } of report.broken) print(JSON.stringify({ invalid: file, message }))
    for (const { id, kind, file, reason } of [...report.notRun, ...report.idle.filter(isScheduled)])
      print(JSON.stringify({ notRun: id, kind, file, message: reason }))
    for (const { file, message } of report.notes) print(JSON.stringify({ note: file, message }))
    print(JSON.stringify({ summary }))
  } else {
    for (const outcome of shown) print(tellOutcome(outcome, options.showFailuresOnly))
    for (const line of [...tellBroken(report), ...tellNotRun(report), ...tellFailed(outcomes)]) print(line)
    print(tellSummary(paths, summary))
  }
  return summary.failed + summary.invalid > 0 || summary.passed === 0 ? 1 : 0
}

function isOff({ enabled, slots }: LoadedDetection): boolean {
  return slots['Enabled'] === undefined ? !enabled : slots['Enabled'] === false
}

export interface Outcome {
  readonly detection: string
  readonly file: string
  readonly passed: boolean
  /** Why it failed though its tests passed. */
  readonly lacks: string | null
  readonly tests: readonly TestResult[]
}

function outcomeOf(
  { detection, tests: ran }: TestedDetection,
  { minimumTests, availableDestination }: Pick<TestSettings, 'minimumTests' | 'availableDestination'>,
): Outcome {
  const lacks = lackOf(ran, minimumTests)
  const { id, file } = detection
  const tests = ran.map((test) => withDestinations(test, availableDestination))
  return { detection: id, file, passed: lacks === null && tests.every(({ passed }) => passed), lacks, tests }
}

/** A test whose `destinations` are none of those that there are, where it is said which there are, fails if it expects an alert. */
function withDestinations(test: TestResult, available: readonly string[]): TestResult {
  const said = test.functions?.find(({ name }) => name === 'destinations')?.output ?? null
  if (available.length === 0 || said === null) return test
  const unknown = namesIn(said).filter((name) => name !== 'SKIP' && !available.includes(name))
  if (unknown.length === 0) return test
  const error = `${unknown.join(', ')}: no such destination; allowed: ${available.join(', ')}`
  const functions = (test.functions ?? []).map((each) =>
    each.name === 'destinations' ? { name: each.name, output: each.output, passed: false, error } : each,
  )
  if (!test.alerts) return { ...test, functions }
  return { ...test, functions, passed: false, message: test.message ?? `destinations: ${error}` }
}

function namesIn(json: string): readonly string[] {
  const given: unknown = JSON.parse(json)
  return Array.isArray(given) ? given.map(String) : []
}

/** A specification may have several mistakes, and is one invalid item. */
export function withoutPlace(file: string): string {
  return file.replace(/:\d+:\d+$/u, '')
}

export function lackOf(tests: readonly TestResult[], minimum: number): string | null {
  if (tests.length < minimum) return `has ${tests.length} tests; allowed: at least ${minimum}`
  const verdicts = new Set(tests.map(({ alerts }) => alerts))
  if (minimum >= 2 && verdicts.size < 2) return 'has tests for one verdict only; allowed: some that alert and some that stay silent'
  return null
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function misuse(message: string): number {
  process.stderr.write(`${message}\n`)
  return 2
}
