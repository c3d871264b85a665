import { styleText } from 'node:util'
import type { TestReport, TestResult } from '#detection'
import type { Outcome } from './test-command.ts'
import { counted, visible, visibleLines } from './words.ts'

/** A detection with its tests; of a test in Python that expects an alert each function, of another one what decides. */
export function tellOutcome({ detection, lacks, tests }: Outcome, failuresOnly: boolean): string {
  const lines = tests.filter(({ passed }) => !passed || !failuresOnly).flatMap(tellTest)
  return [visible(detection), ...lines, ...(lacks === null ? [] : [`\t${mark(false)} ${lacks}`])].join('\n')
}

export function tellTest({ name, alerts, passed, message, functions, printed }: TestResult): readonly string[] {
  const head = `\t${mark(passed)} ${visible(name)}`
  if (functions === undefined || functions.length === 0) return message === null ? [head] : [head, `\t\t${visibleLines(message)}`]
  const shown = alerts ? functions : functions.slice(0, 1)
  const said = (printed ?? '').split('\n').filter((line) => line !== '')
  return [
    head,
    ...shown.map((each) => `\t\t${mark(each.passed)} [${each.name}] ${oneLine(each.error ?? each.output ?? '')}`),
    ...said.map((line) => `\t\t| ${visible(line)}`),
  ]
}

export function tellBroken({ broken }: TestReport): readonly string[] {
  return broken.map(
    ({ file, message }) => `${styleText('red', '[INVALID]')} ${visible(file)}\n\t${visibleLines(message).replaceAll('\n', '\n\t')}`,
  )
}

const kindWords: Readonly<Record<string, string>> = {
  pack: 'pack',
  lookup_table: 'lookup table',
  saved_query: 'saved query',
  scheduled_query: 'scheduled query',
  scheduled_prompt: 'scheduled prompt',
}

/** What was not run: detections by name, what is no detection as one line a kind. */
export function tellNotRun({ notRun, notes }: TestReport): readonly string[] {
  const byKind = new Map<string, { count: number; reason: string }>()
  const lines: string[] = []
  for (const { id, kind, reason } of notRun) {
    if (kindWords[kind] === undefined) lines.push(`${styleText('yellow', '[SKIPPED]')} ${visible(id)}\n\t${visible(reason)}`)
    else byKind.set(kind, { count: (byKind.get(kind)?.count ?? 0) + 1, reason })
  }
  for (const [kind, { count, reason }] of byKind) lines.push(`not run: ${counted(count, kindWords[kind] ?? kind)}; ${reason}`)
  for (const { file, message } of notes) lines.push(`note: ${visible(file)}: ${visible(message)}`)
  return lines
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

function mark(good: boolean): string {
  return styleText(good ? 'green' : 'red', good ? '[PASS]' : '[FAIL]')
}

function oneLine(text: string): string {
  return visible(text.replaceAll(/\s*\n\s*/gu, ' '))
}
