import { join, relative } from 'node:path'
import { styleText } from 'node:util'
import { resourceTypes, severities } from '#model'
import { nearest } from '#runtime'
import { DetectionError, testDetections, type LoadedDetection, type TestedDetection, type TestReport } from '#detection'
import { counted } from './words.ts'

/** The detections that come with Tripline, wherever it is started. */
const shipped = ['policies', 'rules'].map((folder) => relative('', join(import.meta.dirname, '../..', folder)))

export interface TestOptions {
  /** Folders or files; those that come with Tripline where empty. */
  readonly paths: readonly string[]
  /** `Severity=HIGH,CRITICAL` or `Severity!=INFO`; a detection must meet all. */
  readonly filter: readonly string[]
  /** A detection needs this many tests, and from 2 on both verdicts among them. */
  readonly minimumTests: number
  readonly showFailuresOnly: boolean
  readonly json: boolean
}

/** `tripline test`: runs the tests inside detections. Exit code 0 when all passed, 1 when not or when there was nothing to test, 2 for misuse. */
export async function testCommand(options: TestOptions): Promise<number> {
  const wanted = readFilters(options.filter)
  if (typeof wanted === 'string') return misuse(wanted)
  const paths = options.paths.length > 0 ? options.paths : shipped
  let report: TestReport
  try {
    report = await testDetections(paths, wanted)
  } catch (error) {
    if (error instanceof DetectionError && error.code === 'unreadable') return misuse(error.message)
    throw error
  }
  const outcomes = report.tested.map((each) => outcomeOf(each, options.minimumTests))
  const tests = outcomes.flatMap((each) => each.tests)
  const summary = {
    detections: outcomes.length + report.broken.length + report.skipped,
    passed: outcomes.filter(({ passed }) => passed).length,
    failed: outcomes.filter(({ passed }) => !passed).length,
    invalid: report.broken.length,
    skipped: report.skipped,
    tests: tests.length,
    testsPassed: tests.filter(({ passed }) => passed).length,
    testsFailed: tests.filter(({ passed }) => !passed).length,
  }
  const shown = outcomes.filter(({ passed }) => !passed || !options.showFailuresOnly)
  if (options.json) {
    for (const outcome of shown) print(JSON.stringify(outcome))
    for (const { file, message } of report.broken) print(JSON.stringify({ invalid: file, message }))
    print(JSON.stringify({ summary }))
  } else {
    for (const outcome of shown) print(tellOutcome(outcome, options.showFailuresOnly))
    for (const { file, message } of report.broken) print(`${mark(false, 'INVALID')} ${file}\n\t${message.replaceAll('\n', '\n\t')}`)
    print(tellSummary(paths, summary))
  }
  return summary.failed + summary.invalid > 0 || summary.passed === 0 ? 1 : 0
}

interface Outcome {
  readonly detection: string
  readonly file: string
  readonly passed: boolean
  /** Why it failed though its tests passed. */
  readonly lacks: string | null
  readonly tests: TestedDetection['tests']
}

function outcomeOf({ detection, tests }: TestedDetection, minimum: number): Outcome {
  const lacks = lackOf(tests, minimum)
  const { id, file } = detection
  return { detection: id, file, passed: lacks === null && tests.every(({ passed }) => passed), lacks, tests }
}

function lackOf(tests: TestedDetection['tests'], minimum: number): string | null {
  if (tests.length < minimum) return `has ${tests.length} tests; allowed: at least ${minimum}`
  const verdicts = new Set(tests.map(({ alerts }) => alerts))
  if (minimum >= 2 && verdicts.size < 2) return 'has tests for one verdict only; allowed: some that alert and some that stay silent'
  return null
}

/** The names that users know from Panther, for our slots. */
const slotNames: Readonly<Record<string, string>> = { analysistype: 'kind', policyid: 'id', ruleid: 'id' }

const truth = ['true', 'false']
/** What may be filtered by, in small letters, each with its values; null: any. */
const filterValues: Readonly<Record<string, readonly string[] | null>> = {
  id: null,
  displayname: null,
  kind: ['policy', 'rule'],
  severity: severities,
  status: ['Experimental', 'Stable', 'Deprecated', 'Staged'],
  resourcetypes: resourceTypes,
  logtypes: null,
  tags: null,
  destinations: null,
  createdby: null,
  enabled: truth,
  createalert: truth,
}

/** A test for detections, or what is wrong with a filter. */
function readFilters(filters: readonly string[]): ((detection: LoadedDetection) => boolean) | string {
  const tests: ((detection: LoadedDetection) => boolean)[] = []
  for (const filter of filters) {
    const [, name, not, values] = /^([A-Za-z]+)(!?)=(.+)$/u.exec(filter) ?? []
    if (name === undefined || values === undefined) return `--filter: given ${filter}; allowed: KEY=VALUE[,VALUE…] or KEY!=VALUE`
    const slot = slotNames[name.toLowerCase()] ?? name.toLowerCase()
    const allowed = filterValues[slot]
    if (allowed === undefined)
      return `--filter: given ${filter}; allowed keys: ${[...Object.keys(filterValues), ...Object.keys(slotNames)].join(', ')}`
    const wanted = new Set(values.toLowerCase().split(','))
    const unknown = allowed === null ? [] : [...wanted].filter((value) => !allowed.some((each) => each.toLowerCase() === value))
    if (allowed !== null && unknown.length > 0)
      return `--filter: given ${filter}, in which ${unknown.join(', ')} is no value of ${name}; allowed: ${nearest(unknown[0] ?? '', allowed, 6).join(', ')}`
    tests.push(({ slots }) => {
      const value = Object.entries(slots).find(([key]) => key.toLowerCase() === slot)?.[1]
      const has = [value].flat().some((each) => wanted.has(String(each).toLowerCase()))
      return has === (not === '')
    })
  }
  return (detection) => tests.every((test) => test(detection))
}

function tellOutcome({ detection, lacks, tests }: Outcome, failuresOnly: boolean): string {
  const lines = tests
    .filter(({ passed }) => !passed || !failuresOnly)
    .map(
      ({ name, passed, message }) =>
        `\t${mark(passed, passed ? 'PASS' : 'FAIL')} ${name}${message === null ? '' : `\n\t\t${message}`}`,
    )
  return [detection, ...lines, ...(lacks === null ? [] : [`\t${mark(false, 'FAIL')} ${lacks}`])].join('\n')
}

function tellSummary(paths: readonly string[], summary: Readonly<Record<string, number>>): string {
  const { passed, failed, invalid, skipped, tests, testsPassed } = summary
  return (
    `\n${paths.join(', ')}: ${counted(passed ?? 0, 'detection')} passed, ${failed} failed, ${invalid} invalid, ${skipped} skipped; ` +
    `${testsPassed} of ${tests} tests passed${summary['detections'] === 0 ? ' (nothing to test)' : ''}`
  )
}

function mark(good: boolean, word: string): string {
  return styleText(good ? 'green' : 'red', `[${word}]`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function misuse(message: string): number {
  process.stderr.write(`${message}\n`)
  return 2
}
