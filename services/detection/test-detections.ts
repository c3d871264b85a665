import { dirname, extname, resolve } from 'node:path'
import { openBundles } from './bundle.ts'
import { evaluatorDefaults } from './create-evaluator.ts'
import { frameKinds } from './frames.ts'
import type { Broken } from './load.ts'
import type { LoadedDetection, TestResult, TestsAnswer } from './protocol.ts'
import { loadPython } from './python/load.ts'
import type { ReadOptions } from './python/read-items.ts'
import type { NotRun } from './python/repository.ts'
import { testPython } from './python/test-python.ts'
import { openRunner } from './runner.ts'

export interface TestedDetection extends LoadedDetection {
  readonly tests: readonly TestResult[]
}
export interface TestReport {
  readonly tested: readonly TestedDetection[]
  /** Left out by `wanted`. */
  readonly skipped: number
  readonly broken: readonly Broken[]
  /** What Panther's layout has and Tripline does not run, each with its reason. */
  readonly notRun: readonly NotRun[]
  /** What is tested and would not run, each with its reason. */
  readonly idle: readonly NotRun[]
  /** What authors may not expect of what is used. */
  readonly notes: readonly Broken[]
}
export interface Testing {
  /** The only tests to run; all where empty. */
  readonly testNames: readonly string[]
  readonly reading: ReadOptions
}

const trust = { accounts: [], regions: [], times: 'checked' as const }
const everything: Testing = { testNames: [], reading: { ignored: [], extraKeys: 'refused' } }

/** Runs the tests inside detections of both languages, in evaluator processes like any other call of theirs. */
export async function testDetections(
  paths: readonly string[],
  wanted: (detection: LoadedDetection) => boolean,
  { testNames, reading }: Testing = everything,
): Promise<TestReport> {
  // Names a path that is not there.
  openBundles(paths)
  const scripts = paths.filter((path) => !['.py', '.yml', '.yaml', '.json'].includes(extname(path)))
  const own = await testScripts(scripts, wanted, testNames)
  const others = await testPanther(paths, wanted, { testNames, reading })
  const ids = new Set(own.tested.map(({ detection }) => detection.id))
  const twins = others.tested.filter(({ detection }) => ids.has(detection.id))
  return {
    ...others,
    tested: [...own.tested, ...others.tested.filter((each) => !twins.includes(each))],
    skipped: own.skipped + others.skipped,
    broken: onceEach([
      ...own.broken,
      ...others.broken,
      ...twins.map(({ detection: { id, file } }) => ({ file, message: `id ${id} is taken by a detection in TypeScript` })),
    ]),
  }
}

/** What both readers of a folder name is one. */
function onceEach(broken: readonly Broken[]): readonly Broken[] {
  return [...new Map(broken.map((each) => [`${each.file}|${each.message}`, each])).values()]
}

type Part = Pick<TestReport, 'tested' | 'skipped' | 'broken'>

async function testScripts(
  paths: readonly string[],
  wanted: (detection: LoadedDetection) => boolean,
  testNames: readonly string[],
): Promise<Part> {
  if (paths.length === 0) return { tested: [], skipped: 0, broken: [] }
  await using runner = await openRunner({ ...evaluatorDefaults, role: 'all', bundles: openBundles(paths), trust })
  const { detections, broken } = runner.loaded
  const chosen = detections.filter(wanted)
  const ids = chosen.map(({ detection }) => detection.id)
  const results = (await runner.run(frameKinds.tests, ids)) as TestsAnswer
  const isAsked = ({ name }: TestResult): boolean => testNames.length === 0 || testNames.includes(name)
  const tested = chosen.map((each, index) => ({ ...each, tests: (results[index] ?? []).filter(isAsked) }))
  return { tested, skipped: detections.length - chosen.length, broken }
}

/** What stands in Panther's layout. A Python file stands for the items that name it. */
async function testPanther(
  paths: readonly string[],
  wanted: (detection: LoadedDetection) => boolean,
  { testNames, reading }: Testing,
): Promise<TestReport> {
  const codes = new Set(paths.filter((path) => extname(path) === '.py').map((path) => resolve(path)))
  const others = paths.filter((path) => extname(path) !== '.py')
  const folders = [...others, ...new Set([...codes].map((path) => dirname(path)))]
  const found = loadPython({ folders, bundle: null, disabled: [], reading })
  const isOther = (file: string): boolean => others.some((path) => file.startsWith(resolve(path)))
  const here = found.detections.filter(({ loaded, module }) => codes.has(module.file) || isOther(loaded.detection.file))
  const chosen = here.filter(({ loaded }) => wanted(loaded))
  const { tested, broken } = await testPython(found, chosen, { trust, testNames })
  const isBeside = (file: string): boolean => [...codes].some((code) => file.startsWith(code.slice(0, -'py'.length)))
  return {
    tested,
    skipped: here.length - chosen.length,
    broken: [...found.broken.filter(({ file }) => others.length > 0 || isBeside(file)), ...broken],
    notRun: others.length > 0 ? found.notRun : [],
    idle: found.idle.filter(({ id, kind }) => kind === 'datamodel' || chosen.some(({ loaded }) => loaded.detection.id === id)),
    notes: found.notes.filter(({ file }) => isOther(file)),
  }
}
