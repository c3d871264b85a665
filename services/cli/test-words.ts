import { styleText } from 'node:util'
import { linesOfLeftOut, type TestReport, type TestResult } from '#detection'
import type { Outcome } from './test-command.ts'
import { counted, visible } from './words.ts'

/** A detection with its tests; of a test in Python that expects an alert each function, of another one what decides. */
export function tellOutcome({ detection, lacks, tests }: Outcome, failuresOnly: boolean): string {
  const lines = tests.filter(({ passed }) => !passed || !failuresOnly).flatMap(tellTest)
  return [visible(detection), ...lines, ...(lacks === null ? [] : [`\t${mark(false)} ${lacks}`])].join('\n')
}

export function tellTest({ name, alerts, passed, message, functions, printed }: TestResult): readonly string[] {
  const head = `\t${mark(passed)} ${visible(name)}`
  if (functions === undefined || functions.length === 0) return message === null ? [head] : [head, `\t\t${visible(message)}`]
  const main = functions[0]
  // Where no alert is expected the others do not count, unless one of them is why the test failed.
  const counts = alerts || (!passed && main?.passed === true)
  const shown = inOrder(functions).filter((each) => each === main || (counts && (alerts || !each.passed)))
  const said = (printed ?? '').split('\n').filter((line) => line !== '')
  return [
    head,
    ...shown.map((each) => `\t\t${mark(each.passed)} [${shownName(each.name)}] ${oneLine(each.error ?? each.output ?? '')}`),
    ...said.map((line) => `\t\t| ${visible(line)}`),
  ]
}

/** As Panther's own command shows them: what was decided, what an alert would say, where it would go. */
const order = ['title', 'dedup', 'alert_context', 'description', 'reference', 'severity', 'runbook', 'destinations', 'unique']

function inOrder(functions: NonNullable<TestResult['functions']>): NonNullable<TestResult['functions']> {
  return functions.toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name))
}

function shownName(name: string): string {
  return name === 'alert_context' ? 'alertContext' : name
}

export function tellBroken({ broken }: Pick<TestReport, 'broken'>): readonly string[] {
  return broken.map(
    ({ file, message }) => `${styleText('red', '[INVALID]')} ${visible(file)}\n\t${message.split('\n').map(visible).join('\n\t')}`,
  )
}

/** What was not run: detections by name, what is no detection as one line a kind. */
export function tellNotRun({ notRun, idle, notes }: TestReport): readonly string[] {
  const [detections, others] = [notRun.filter(isDetection), notRun.filter((each) => !isDetection(each))]
  return [
    ...detections.map(({ id, reason }) => `${styleText('yellow', '[SKIPPED]')} ${visible(id)}\n\t${reason}`),
    ...linesOfLeftOut({ notRun: [...others, ...idle.filter(isScheduled)], notes }).map(visible),
  ]
}

export function isDetection({ kind }: TestReport['notRun'][number]): boolean {
  return kind.endsWith('rule') || kind === 'policy'
}

/** What nobody can turn on here; others are off because their authors said so. */
export function isScheduled({ kind }: TestReport['notRun'][number]): boolean {
  return kind === 'scheduled_rule'
}

/** The tests that failed, each with the functions that are to blame. */
export function tellFailed(outcomes: readonly Outcome[]): readonly string[] {
  const failed = outcomes.filter(({ passed }) => !passed)
  if (!failed.some(({ tests }) => tests.some(({ functions }) => functions !== undefined))) return []
  const lines = ['\nFailed:']
  for (const { detection, tests, lacks } of failed) {
    lines.push(`\t${visible(detection)}`)
    for (const test of tests) if (!test.passed) lines.push(`\t\t${visible(test.name)}${blame(test)}`)
    if (lacks !== null) lines.push(`\t\t${lacks}`)
  }
  return lines
}

function blame({ functions = [] }: TestResult): string {
  const names = functions.filter(({ passed }) => !passed).map(({ name }) => name)
  return names.length === 0 ? '' : `:${names.join(',')}`
}

export function tellSummary(paths: readonly string[], summary: Readonly<Record<string, number>>): string {
  const { passed, failed, invalid, skipped, tests, testsPassed } = summary
  return (
    `\n${paths.join(', ')}: ${counted(passed ?? 0, 'detection')} passed, ${failed} failed, ${invalid} invalid, ${skipped} skipped; ` +
    `${testsPassed} of ${tests} tests passed${summary['detections'] === 0 ? ' (nothing to test)' : ''}`
  )
}

export function mark(good: boolean): string {
  return styleText(good ? 'green' : 'red', good ? '[PASS]' : '[FAIL]')
}

function oneLine(text: string): string {
  return visible(text.replaceAll(/\s*\n\s*/gu, ' '))
}
