import { testDetections, type TestReport } from '#detection'
import { nearest } from '#runtime'
import { tellBroken, tellTest } from './test-words.ts'
import { visible } from './words.ts'

/** `tripline debug ID TEST`: one test in full. Exit code 0 when it passed, 1 when not, 2 when there is no such test. */
export async function debugCommand(given: {
  readonly id: string
  readonly test: string
  readonly paths: readonly string[]
}): Promise<number> {
  const { id, test: name, paths } = given
  const known = new Set<string>()
  const run = (testNames: readonly string[]): Promise<TestReport> =>
    testDetections(
      paths.length > 0 ? paths : ['.'],
      ({ detection }) => {
        known.add(detection.id)
        return detection.id === id
      },
      { testNames, reading: { ignored: [], extraKeys: 'refused' } },
    )
  const report = await run([name])
  const test = report.tested.flatMap(({ tests }) => tests)[0]
  if (test === undefined) {
    const isKnown = known.has(id)
    const there = isKnown ? (await run([])).tested.flatMap(({ tests }) => tests.map((each) => each.name)) : [...known]
    const like = nearest(isKnown ? name : id, there).join(', ')
    const what = `${id}, ${name}: there is no such ${isKnown ? 'test' : 'detection'} in ${paths.join(', ') || '.'}`
    const named = tellBroken({ ...report, broken: report.broken.filter(({ message }) => message.startsWith(id)) })
    process.stderr.write(`${[visible(like === '' ? what : `${what}; there is ${like}`), ...named].join('\n')}\n`)
    return 2
  }
  process.stdout.write(`${[visible(id), ...tellTest({ ...test, alerts: true })].join('\n')}\n`)
  if (test.durationMs !== undefined) process.stdout.write(`\n${test.durationMs} ms\n`)
  return test.passed ? 0 : 1
}
