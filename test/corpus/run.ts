import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readPythonRepository } from '../../services/detection/python/repository.ts'
import { compare, type Difference } from './compare.ts'
import { prepareEnvironment, versions } from './environment.ts'
import { readGuards } from './guards.ts'
import { judgeAll } from './measure.ts'
import { askTool, askTripline } from './verdicts.ts'

// `npm run corpus`: public detections, several hundred, judged by Panther's own command and by `tripline test`, verdict by verdict. Takes the
// rules from a public package, which holds them as classes, and writes them as files into a folder that it removes at the end. Needs
// Python 3.11 and pip; nothing of it is part of the tests.

/** Differences that we know, each with its reason. */
const known: readonly (readonly [kind: Difference['kind'], what: string, why: string])[] = [
  [
    'words',
    'GitHub.Repo.RulesetModified-prototype',
    'its dedup says nothing: here the title stands in, there one text for all its alerts',
  ],
]

const environment = await prepareEnvironment()
const folder = await mkdtemp(join(tmpdir(), 'tripline-corpus-'))
try {
  const convert = join(import.meta.dirname, 'convert.py')
  const { stdout } = await promisify(execFile)(environment.python, [convert, folder])
  say(`${versions}: ${stdout.trim()}`)
  const repository = readPythonRepository(folder)
  const ids = new Set(repository.detections.map(({ id }) => id))

  const ours = await askTripline(folder)
  const tool = [await askTool(environment, folder, ids, 0), await askTool(environment, folder, ids, 1)]
  for (const [name, verdicts] of [
    ['the tool', tool[0]],
    ['tripline', ours],
  ] as const) {
    const tests = [...(verdicts?.tests.values() ?? [])].flat()
    const passed = tests.filter((test) => test.passed).length
    say(
      `${name}: ${verdicts?.tests.size} detections, ${passed} of ${tests.length} tests passed, ${verdicts?.invalid.size} invalid, ${verdicts?.seconds.toFixed(1)} s`,
    )
  }
  const differences = compare(tool, ours)
  for (const { kind, what, said } of differences) {
    const why = known.find((each) => each[0] === kind && each[1] === what)?.[2]
    say(`${why === undefined ? 'DIFFERENT' : 'known'} ${kind}: ${what}: ${said}${why === undefined ? '' : ` (${why})`}`)
  }
  const unknown = differences.filter(({ kind, what }) => !known.some((each) => each[0] === kind && each[1] === what))

  say(await readGuards(repository))
  const [indexed, plain] = [await judgeAll(folder, repository, true), await judgeAll(folder, repository, false)]
  const lost = plain.matches.filter((match) => !new Set(indexed.matches).has(match))
  for (const match of lost) say(`LOST with the index: ${match}`)
  say(
    `index: ${indexed.matches.length} matches with it, ${plain.matches.length} without, ${lost.length} lost; ` +
      `${Math.round(indexed.judgeCpuMs)} ms of processor time with it, ${Math.round(plain.judgeCpuMs)} ms without`,
  )
  say(
    `one evaluator process with ${indexed.loaded} rules: ready in ${(indexed.startMs / 1_000).toFixed(1)} s (${(indexed.startCpuMs / 1_000).toFixed(1)} s of processor time), ${Math.round(indexed.residentMb)} MB`,
  )
  say(`${unknown.length} unknown differences, ${lost.length} lost matches`)
  process.exitCode = unknown.length + lost.length > 0 || plain.matches.length < 500 ? 1 : 0
} finally {
  await rm(folder, { recursive: true, force: true })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
