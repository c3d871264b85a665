import type { TestCase, TestModule, TestSuite } from 'vitest/node'

// What `npm test` runs: fetches what a laptop lacks, runs vitest with the arguments given, names what was skipped, and closes with the
// counts on a line of their own. With CI=true nothing may be skipped.

if (Number(process.versions.node.split('.')[0]) < 26) {
  process.stderr.write(
    `the tests need the Node that comes with Tripline (26); this is ${process.version}. Start them as \`npm test\`.\n`,
  )
  process.exit(2)
}
process.env['TRIPLINE_LOG'] ??= 'silent'
const ci = process.env['CI'] === 'true'

const { installMoto } = await import('./support/moto.ts')
const moto = installMoto()
if (!moto.ready) {
  process.stderr.write(`\nWithout moto, the tests that speak to AWS cannot run: ${moto.why}\n\n`)
  if (ci) process.exit(1)
}

const { needKafka } = await import('./support/kafka.ts')
needKafka('the tests against Kafka')

const { parseCLI, startVitest } = await import('vitest/node')
const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)])
const vitest = await startVitest('test', filter, { ...options, run: true, watch: false })
const modules = vitest.state.getTestModules()
const outside = vitest.state.getUnhandledErrors().length
await vitest.close()

const tests = modules.flatMap((module) => Array.from(module.children.allTests()))
const count = (state: string): number => tests.filter((test) => test.result().state === state).length
// A file or a hook that fails has no failed test to show for it.
const suites = modules.flatMap((module) => Array.from(module.children.allSuites()))
const broken = [...modules, ...suites].filter(failedByItself).length
const skipped = tests.filter((test) => test.result().state === 'skipped')
const failed = count('failed') + broken + outside

// Who asks for tests by name knows that the others do not run.
const chosen = options.testNamePattern !== undefined
if (skipped.length > 0 && !chosen) {
  const names = skipped.map((test) => `  ${test.module.relativeModuleId} > ${test.fullName}`)
  process.stderr.write(`\nSKIPPED, ${skipped.length} tests did not run:\n${names.join('\n')}\n`)
  if (ci) process.stderr.write('CI=true: nothing may be skipped\n')
}
process.stdout.write(`\n${count('passed')} passed, ${failed} failed, ${skipped.length} skipped\n`)
process.exitCode = failed > 0 || tests.length === 0 || (ci && skipped.length > 0 && !chosen) ? 1 : 0

function failedByItself(part: TestModule | TestSuite): boolean {
  const inside: readonly TestCase[] = [...part.children.allTests()]
  return part.errors().length > 0 || (part.state() === 'failed' && inside.every((test) => test.result().state !== 'failed'))
}
