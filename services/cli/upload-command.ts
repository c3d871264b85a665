import { resolve } from 'node:path'
import { line } from '#alerting'
import {
  DetectionError,
  linesOfLeftOut,
  openBundleFolder,
  readBundle,
  testDetections,
  withoutFiles,
  type BundleContent,
  type BundleFolder,
  type TestReport,
  type TestResult,
} from '#detection'
import { logTypes } from '#model'
import { foresee, type Foreseen } from '#pipeline'
import { openStore, type NewBundle, type Store } from '#store'
import { readConfig, type Config } from '../processes/config.ts'
import { imagineDetections } from '../processes/detections.ts'
import { actOf, needBundles } from './bundles-command.ts'
import { lackOf, withoutPlace } from './test-command.ts'
import { readSettings, type GivenSettings, type TestSettings } from './test-settings.ts'
import { counted } from './words.ts'

export interface UploadOptions {
  readonly folder: string
  readonly config: string
  /** Upload although tests fail, and without what is invalid. */
  readonly force: boolean
  /** Only say what would open and close. */
  readonly dryRun: boolean
  readonly by?: string
  readonly message?: string
  readonly json: boolean
  /** How the folder is read and tested, where not by `.panther_settings.yml`. */
  readonly settings?: Pick<GivenSettings, 'ignoreFiles' | 'ignoreExtraKeys' | 'minimumTests'>
}

type Detections = NewBundle['detections']

const mostNamed = 10
/** Of failures and of invalid items, so many fit a screen. */
const mostLines = 30

/**
 * `tripline upload DIR`: runs the tests of all detections in a folder, keeps the folder as a bundle and makes it count. Exit code 1, and
 * nothing written, when a test fails or an item is invalid (unless forced: then what is invalid is left out), or there is no detection.
 */
export async function uploadCommand(options: UploadOptions): Promise<number> {
  const config = await readConfig(options.config, process.env)
  needBundles(config, options.config)
  const settings = readSettings({ ...options.settings, paths: [options.folder] }, process.env)
  const content = await readBundle(options.folder, settings.ignoreFiles).catch((error: unknown) => {
    if (!(error instanceof DetectionError) || error.code !== 'refused') throw error
    return error.message.split('\n')
  })
  if (!('files' in content)) return refuseFiles(content, options.json)
  await using tested = await testContent(content, settings, options.force)
  const { copy, report, leftOut } = tested
  const failed = failuresOf(report, settings)
  const invalid = [...leftOut, ...report.broken]
  tellFailures(failed, invalid, options)
  tellNotRun(report, config, options.json)
  const detections = report.tested
    .map(({ detection: { id, kind, fingerprint } }) => ({ id, kind, fingerprint }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const counts = {
    files: tested.content.files.length,
    detections: detections.length,
    tests: report.tested.reduce((sum, { tests }) => sum + tests.length, 0),
    testsFailed: failed.length,
    invalid: itemsOf(invalid),
    notRun: report.notRun.length + report.idle.length,
  }
  const why = refusalOf({ ...counts, invalid: itemsOf(report.broken) }, options.force)
  if (why !== null) return refuse(why, counts, options.json)
  await using store = await openStore(config.store)
  const before = (await store.bundles.get((await store.bundles.active()).number))?.detections ?? []
  const changes = changesBetween(before, detections)
  if (options.dryRun) {
    const foreseen = await tellForeseen(config, store, copy.path, options.json)
    if (options.json) print({ summary: { uploaded: false, ...counts, ...changes, ...foreseen } })
    else {
      process.stderr.write(
        `${wordsOf(changes)}; would open ${foreseen.opens}, close ${foreseen.closes}, and ${foreseen.unknown} verdicts would be unknown. `,
      )
      process.stderr.write('Nothing was written. Rules are about events to come: see `tripline replay`.\n')
    }
    return 0
  }
  const act = actOf(options, resolve(options.folder), failed.length + leftOut.length > 0)
  const { number, added, activated } = await store.bundles.add({ ...tested.content, detections }, act)
  const { digest } = tested.content
  if (options.json) print({ summary: { uploaded: true, bundle: number, added, activated, digest, ...counts, ...changes } })
  else {
    const without = leftOut.length === 0 ? '' : `, without ${counted(itemsOf(leftOut), 'invalid item')}`
    process.stdout.write(
      activated
        ? `Bundle ${number} counts${added ? '' : ' again'}${without}: ${wordsOf(changes)}. Each running process switches within 5 seconds.\n`
        : `Bundle ${number} has the same content and counts already${without}.\n`,
    )
  }
  return 0
}

interface Tested extends AsyncDisposable {
  readonly content: BundleContent
  readonly copy: BundleFolder
  readonly report: TestReport
  /** What was invalid and is no longer in the content. */
  readonly leftOut: TestReport['broken']
}

/** Tests what is kept, whatever happens to the folder meanwhile; forced, again without what was invalid, until nothing is. */
async function testContent(content: BundleContent, settings: TestSettings, force: boolean): Promise<Tested> {
  const copy = await openBundleFolder(content)
  try {
    const extraKeys = settings.ignoreExtraKeys ? 'ignored' : 'refused'
    const reading = { ignored: [], extraKeys, startedIn: null } as const
    const found = await testDetections([copy.path], () => true, { testNames: [], reading })
    const named = (text: string): string => text.replaceAll(`${copy.path}/`, '').replaceAll(copy.path, '.')
    const broken = found.broken.map(({ file, message }) => ({ file: named(file), message: named(message) }))
    const notes = found.notes.map(({ file, message }) => ({ file: named(file), message: named(message) }))
    const own = found.tested.map((each) => Object.assign(each, { tests: each.tests.map((test) => renamed(test, named)) }))
    const wrong = force ? filesOf(broken, content) : new Set<string>()
    if (wrong.size > 0) {
      await copy[Symbol.asyncDispose]()
      const rest = await testContent(withoutFiles(content, wrong), settings, force)
      return { ...rest, leftOut: [...broken, ...rest.leftOut], [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() }
    }
    const report = { ...found, tested: own, broken, notes }
    return { content, copy, report, leftOut: [], [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose]() }
  } catch (error) {
    await copy[Symbol.asyncDispose]()
    throw error
  }
}

function renamed(test: TestResult, named: (text: string) => string): TestResult {
  return test.message === null ? test : { ...test, message: named(test.message) }
}

/** The files of broken items: of code in Python its specification too, which by custom has the same name. */
function filesOf(broken: TestReport['broken'], { files }: BundleContent): ReadonlySet<string> {
  const wrong = new Set(broken.map(({ file }) => withoutPlace(file)))
  const stems = new Set([...wrong].filter((file) => file.endsWith('.py')).map(stemOf))
  return new Set(
    files.map(({ path }) => path).filter((path) => wrong.has(path) || (stems.has(stemOf(path)) && !path.endsWith('.ts'))),
  )
}

function stemOf(path: string): string {
  return path.replace(/\.[^./]+$/u, '')
}

function itemsOf(broken: TestReport['broken']): number {
  return new Set(broken.map(({ file }) => stemOf(withoutPlace(file)))).size
}

function refuseFiles(refused: readonly string[], json: boolean): number {
  for (const each of refused) if (json) print({ invalid: each })
  if (!json) printSome(refused.map((each) => `INVALID ${line(each, 1_000)}`))
  return refuse(`${counted(refused.length, 'file')} cannot be part of a bundle`, {}, json)
}

function refuse(why: string, counts: Readonly<Record<string, number>>, json: boolean): number {
  process.stderr.write(`Not uploaded: ${line(why, 1_000)}.\n`)
  if (json) print({ summary: { uploaded: false, refused: why, ...counts } })
  return 1
}

interface Failure {
  readonly detection: string
  readonly test: string
  readonly message: string
}

/** The tests that failed, and the tests that are not there where some must be. */
function failuresOf({ tested }: TestReport, { minimumTests }: TestSettings): readonly Failure[] {
  return tested.flatMap(({ detection: { id: detection }, tests }) => {
    const lacks = lackOf(tests, minimumTests)
    const failed = tests.filter(({ passed }) => !passed)
    return [
      ...failed.map(({ name: test, message }) => ({ detection, test, message: message ?? '' })),
      ...(lacks === null ? [] : [{ detection, test: 'tests', message: lacks }]),
    ]
  })
}

function tellFailures(failed: readonly Failure[], invalid: TestReport['broken'], { json }: UploadOptions): void {
  if (json) {
    for (const each of failed) print(each)
    for (const { file, message } of invalid) print({ invalid: file, message })
    return
  }
  printSome(failed.map(({ detection, test, message }) => `FAIL ${line(detection, 200)}: ${line(test, 200)}: ${line(message, 500)}`))
  printSome(invalid.map(({ file, message }) => `INVALID ${line(file, 400)}: ${line(message, 1_000)}`))
}

/** What would count and not run, and what has nothing to look at here, one line a reason. */
function tellNotRun({ tested, notRun, idle, notes }: TestReport, { logSchemas }: Config, json: boolean): void {
  const declared = new Set<string>([...logTypes, ...logSchemas.map(({ name }) => name)])
  const unheard = tested.filter(
    ({ enabled, detection }) => enabled && detection.logTypes.length > 0 && !detection.logTypes.some((each) => declared.has(each)),
  )
  const all = [
    ...notRun,
    ...idle,
    ...unheard.map(({ detection: { id, file } }) => {
      return { id, file, kind: 'rule', reason: 'no schema declares a log type of it, so nothing of it is ever seen' }
    }),
  ]
  for (const each of linesOfLeftOut({ notRun: all, notes })) process.stderr.write(`${line(each, 1_000)}\n`)
  if (json) for (const { id, kind, reason } of all) print({ notRun: id, kind, message: reason })
}

/** For people, what fits a screen. */
function printSome(lines: readonly string[]): void {
  for (const each of lines.slice(0, mostLines)) process.stdout.write(`${each}\n`)
  if (lines.length > mostLines) process.stdout.write(`and ${lines.length - mostLines} more: see --json\n`)
}

function refusalOf({ detections, testsFailed = 0, invalid = 0 }: Readonly<Record<string, number>>, force: boolean): string | null {
  if (invalid > 0 && force) return `${counted(invalid, 'item')} cannot be left out`
  if (detections === 0) return invalid > 0 ? `${counted(invalid, 'item')} invalid` : 'there is no detection in it'
  const wrong = [
    ...(invalid > 0 ? [`${counted(invalid, 'item')} invalid`] : []),
    ...(testsFailed > 0 ? [`${counted(testsFailed, 'test')} failed`] : []),
  ]
  if (wrong.length === 0 || force) return null
  return `${wrong.join(', ')}; \`--force\` uploads all the same${invalid > 0 ? ', without what is invalid' : ''}`
}

interface Changes {
  readonly new: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/** Against the bundle that counts. */
function changesBetween(before: Detections, after: Detections): Changes {
  const was = new Map(before.map(({ id, fingerprint }) => [id, fingerprint]))
  const is = new Set(after.map(({ id }) => id))
  return {
    new: after.filter(({ id }) => !was.has(id)).map(({ id }) => id),
    changed: after.filter(({ id, fingerprint }) => was.has(id) && was.get(id) !== fingerprint).map(({ id }) => id),
    removed: before.filter(({ id }) => !is.has(id)).map(({ id }) => id),
  }
}

function wordsOf({ new: added, changed, removed }: Changes): string {
  return `${added.length} new, ${changed.length} changed, ${removed.length} removed`
}

/** What findings of policies would become over the stored inventory, by detection. */
async function tellForeseen(
  config: Config,
  store: Store,
  folder: string,
  json: boolean,
): Promise<{ readonly opens: number; readonly closes: number; readonly unknown: number }> {
  await using evaluator = await imagineDetections(config, folder)
  const byDetection = new Map<string, Foreseen[]>()
  for await (const each of foresee({ store, evaluator })) {
    const known = byDetection.get(each.detectionId)
    if (known === undefined) byDetection.set(each.detectionId, [each])
    else known.push(each)
  }
  const all = { opens: 0, closes: 0, unknown: 0 }
  for (const [detection, foreseen] of [...byDetection].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const own = { opens: 0, closes: 0, unknown: 0 }
    for (const { what } of foreseen) own[what] += 1
    for (const what of ['opens', 'closes', 'unknown'] as const) all[what] += own[what]
    if (json) print({ detection, ...own, findings: foreseen })
    else
      process.stdout.write(
        `${line(detection, 200)}: opens ${own.opens}, closes ${own.closes}, unknown ${own.unknown}\n${named(foreseen)}`,
      )
  }
  return all
}

function named(foreseen: readonly Foreseen[]): string {
  const lines = foreseen.slice(0, mostNamed).map(({ what, how, severity, resource: { accountId, region, id }, title }) => {
    const word = `${what}${how === null ? '' : ` (${how})`}`
    return `    ${word.padEnd(20)} ${severity.padEnd(8)} ${accountId} ${region} ${line(id, 300)}: ${line(title, 200)}`
  })
  if (foreseen.length > mostNamed) lines.push(`    and ${foreseen.length - mostNamed} more: see --json`)
  return `${lines.join('\n')}\n`
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
