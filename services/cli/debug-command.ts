import { testDetections } from '#detection'
import { readSettings } from './test-settings.ts'
import { tellBroken, tellTest } from './test-words.ts'
import { visible } from './words.ts'

/** `tripline debug ID TEST`: one test in full. Exit code 0 when it passed, 1 when not, 2 when there is no such test. */
export async function debugCommand(given: {
  readonly id: string
  readonly test: string
  readonly paths: readonly string[]
}): Promise<number> {
  const { id, test: name } = given
  const { paths: set, ignoreFiles: ignored, ignoreExtraKeys } = readSettings({ paths: given.paths }, process.env)
  const paths = set.length > 0 ? set : ['.']
  const reading = { ignored, extraKeys: ignoreExtraKeys ? 'ignored' : 'refused' } as const
  const run = (testNames: readonly string[]) => testDetections(paths, (each) => each.detection.id === id, { testNames, reading })
  const report = await run([name])
  const test = report.tested.flatMap(({ tests }) => tests)[0]
  if (test === undefined) {
    const named = tellBroken({ ...report, broken: report.broken.filter(({ message }) => message.startsWith(id)) })
    const names = report.tested.length === 0 ? [] : (await run([])).tested.flatMap(({ tests }) => tests.map((each) => each.name))
    const known = report.tested.length === 0 ? '' : `; its tests: ${names.join(', ') || 'none'}`
    const where = paths.join(', ')
    process.stderr.write(`${[visible(`${id}, ${name}: there is no such test in ${where}${known}`), ...named].join('\n')}\n`)
    return 2
  }
  process.stdout.write(`${[visible(id), ...tellTest({ ...test, alerts: true })].join('\n')}\n`)
  if (test.durationMs !== undefined) process.stdout.write(`\n${test.durationMs} ms\n`)
  return test.passed ? 0 : 1
}
