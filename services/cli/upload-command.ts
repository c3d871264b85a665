import { resolve } from 'node:path'
import { line } from '#alerting'
import { DetectionError, openBundleFolder, readBundle, testDetections, type TestReport } from '#detection'
import { foresee, type Foreseen } from '#pipeline'
import { openStore, type NewBundle, type Store } from '#store'
import { readConfig, type Config } from '../processes/config.ts'
import { imagineDetections } from '../processes/detections.ts'
import { actOf, needBundles } from './bundles-command.ts'
import { counted } from './words.ts'

export interface UploadOptions {
  readonly folder: string
  readonly config: string
  /** Upload although tests fail. */
  readonly force: boolean
  /** Only say what would open and close. */
  readonly dryRun: boolean
  readonly by?: string
  readonly message?: string
  readonly json: boolean
}

type Detections = NewBundle['detections']

const mostNamed = 10

/**
 * `tripline upload DIR`: runs the tests of all detections in a folder, keeps the folder as a bundle and makes it count. Exit code 1, and
 * nothing written, when a test fails (unless forced), a file cannot be loaded, or there is no detection.
 */
export async function uploadCommand(options: UploadOptions): Promise<number> {
  const config = await readConfig(options.config, process.env)
  needBundles(config, options.config)
  const content = await readBundle(options.folder).catch((error: unknown) => {
    if (!(error instanceof DetectionError) || error.code !== 'refused') throw error
    return error.message
  })
  if (typeof content === 'string') return refuse(content, {}, options.json)
  // What is tested is what is kept, whatever happens to the folder meanwhile.
  await using copy = await openBundleFolder(content)
  const report = await testDetections([copy.path], () => true)
  const failed = tellTests(report, copy.path, options)
  const { tested, broken } = report
  const detections = tested
    .map(({ detection: { id, kind, fingerprint } }) => ({ id, kind, fingerprint }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const counts = {
    files: content.files.length,
    detections: detections.length,
    tests: testsOf(report),
    testsFailed: failed,
    invalid: broken.length,
  }
  const why = refusalOf(counts, options.force)
  if (why !== null) {
    return refuse(why, counts, options.json)
  }
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
  const act = actOf(options, resolve(options.folder), failed > 0)
  const { number, added, activated } = await store.bundles.add({ ...content, detections }, act)
  if (options.json)
    print({ summary: { uploaded: true, bundle: number, added, activated, digest: content.digest, ...counts, ...changes } })
  else if (activated)
    process.stdout.write(
      `Bundle ${number} counts${added ? '' : ' again'}: ${wordsOf(changes)}. Each running process switches within 5 seconds.\n`,
    )
  else process.stdout.write(`Bundle ${number} has the same content and counts already.\n`)
  return 0
}

function refuse(why: string, counts: Readonly<Record<string, number>>, json: boolean): number {
  process.stderr.write(`Not uploaded: ${line(why, 1_000)}.\n`)
  if (json) print({ summary: { uploaded: false, refused: why, ...counts } })
  return 1
}

/** Says what failed; how many tests. */
function tellTests({ tested, broken }: TestReport, folder: string, { json }: UploadOptions): number {
  const named = (text: string): string => text.replaceAll(`${folder}/`, '').replaceAll(folder, '.')
  let failed = 0
  for (const { detection, tests } of tested)
    for (const { name, message } of tests.filter(({ passed }) => !passed)) {
      failed += 1
      if (json) print({ detection: detection.id, test: name, message })
      else process.stdout.write(`FAIL ${line(detection.id, 200)}: ${line(name, 200)}: ${line(message ?? '', 500)}\n`)
    }
  for (const { file, message } of broken) {
    if (json) print({ invalid: named(file), message: named(message) })
    else process.stdout.write(`INVALID ${line(named(file), 400)}: ${line(named(message), 1_000)}\n`)
  }
  return failed
}

function testsOf({ tested }: TestReport): number {
  return tested.reduce((sum, { tests }) => sum + tests.length, 0)
}

function refusalOf({ detections, testsFailed, invalid }: Readonly<Record<string, number>>, force: boolean): string | null {
  if ((invalid ?? 0) > 0) return `${counted(invalid ?? 0, 'file')} cannot be loaded`
  if (detections === 0) return 'there is no detection in it'
  if ((testsFailed ?? 0) > 0 && !force) return `${counted(testsFailed ?? 0, 'test')} failed; \`--force\` uploads all the same`
  return null
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
