import { tellBroken, tellTest } from './test-words.ts'
import { testDetections } from '#detection'

/** `tripline debug ID TEST`: one test in full. Exit code 0 when it passed, 1 when not, 2 when there is no such test. */
export async function debugCommand(given: {
  readonly id: string
  readonly test: string
  readonly paths: readonly string[]
}): Promise<number> {
  const { id, test: name, paths } = given
  const report = await testDetections(paths.length > 0 ? paths : ['.'], (each) => each.detection.id === id, {
    testNames: [name],
    reading: { ignored: [], extraKeys: 'refused' },
  })
  const test = report.tested.flatMap(({ tests }) => tests)[0]
  if (test === undefined) {
    const named = tellBroken({ ...report, broken: report.broken.filter(({ message }) => message.startsWith(id)) })
    process.stderr.write(`${[`${id}, ${name}: there is no such test in ${paths.join(', ') || '.'}`, ...named].join('\n')}\n`)
    return 2
  }
  process.stdout.write(`${[id, ...tellTest({ ...test, alerts: true })].join('\n')}\n`)
  if (test.durationMs !== undefined) process.stdout.write(`\n${test.durationMs} ms\n`)
  return test.passed ? 0 : 1
}
