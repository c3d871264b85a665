import { hostname, userInfo } from 'node:os'
import { line } from '#alerting'
import { ConfigError } from '#runtime'
import { openStore, type BundleAct, type BundleRow } from '#store'
import { readConfig, type Config } from '../processes/config.ts'
import { counted } from './words.ts'

export interface BundlesOptions {
  readonly config: string
  readonly history: boolean
  readonly limit: number
  readonly json: boolean
}
export interface RollbackOptions {
  readonly config: string
  /** The bundle to go back to; 0: none; the one before, where left out. */
  readonly number?: number
  readonly by?: string
  readonly message?: string
  readonly json: boolean
}

const mostLetters = 1_000

/** `tripline bundles`: what was uploaded, newest first, and which of it counts; or everything that was done, newest first. */
export async function bundlesCommand({ config: file, history, limit, json }: BundlesOptions): Promise<number> {
  const config = await readConfig(file, process.env)
  await using store = await openStore(config.store)
  const [active, rows] = [await store.bundles.active(), await store.bundles.list(limit)]
  if (history) {
    for (const act of await store.bundles.acts(limit)) {
      const what = act.number === 0 ? 'no bundle' : `bundle ${act.number}`
      print(json ? JSON.stringify({ act }) : `${act.at.toISOString()}  ${act.how} to ${what} by ${wordsOf(act)}`)
    }
  } else for (const row of rows) print(json ? JSON.stringify({ bundle: told(row) }) : tell(row).join('\n'))
  if (json) print(JSON.stringify({ summary: { bundles: rows.length, active: active.number, followed: config.followsBundles } }))
  else {
    const now = active.number === 0 ? 'none counts: the folders of the configuration alone' : `bundle ${active.number} counts`
    const unused = config.followsBundles ? '' : `; ${file} follows none, since its \`detections\` do not name \`bundle\``
    process.stderr.write(`${counted(rows.length, 'bundle')}; ${now}${unused}\n`)
  }
  return 0
}

/** `tripline rollback [N]`: an older bundle counts again. Exit code 1 when there is none to go back to. */
export async function rollbackCommand(options: RollbackOptions): Promise<number> {
  const config = await readConfig(options.config, process.env)
  needBundles(config, options.config)
  await using store = await openStore(config.store)
  const done = await store.bundles.goBack(options.number ?? null, actOf(options, null, false))
  if (done === null) {
    const { number } = options
    process.stderr.write(
      number === undefined ? 'There is no bundle to go back from.\n' : `There is no bundle ${number}; see \`tripline bundles\`.\n`,
    )
    if (options.json) print(JSON.stringify({ summary: { active: (await store.bundles.active()).number, switched: false } }))
    return 1
  }
  if (options.json) print(JSON.stringify({ summary: { active: done.number, switched: done.activated } }))
  else {
    const what = done.number === 0 ? 'No bundle counts' : `Bundle ${done.number} counts`
    print(done.activated ? `${what}: each running process switches within 5 seconds.` : `${what} already.`)
  }
  return 0
}

/** Who does it, as far as this machine knows, and what they say of it. */
export function actOf(
  { by, message }: { readonly by?: string; readonly message?: string },
  origin: string | null,
  forced: boolean,
): BundleAct {
  const cut = (text: string): string => text.slice(0, mostLetters)
  return { by: cut(by ?? `${userName()}@${hostname()}`), message: message === undefined ? null : cut(message), origin, forced }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user id without a name, as in a container.
    return String(process.getuid?.() ?? 'unknown')
  }
}

/** Uploading what no process would run is a mistake. */
export function needBundles({ followsBundles }: Config, file: string): void {
  if (followsBundles) return
  throw new ConfigError(
    'invalid',
    `${file}: detections: given no \`bundle\`, so that no bundle would run; allowed: \`detections: [shipped, bundle]\`, or \`[bundle]\` alone`,
  )
}

function told({ detections, ...row }: BundleRow): Omit<BundleRow, 'detections'> & { readonly detections: number } {
  return { ...row, detections: detections.length }
}

function tell(row: BundleRow): readonly string[] {
  const counts = `${counted(row.detections.length, 'detection')} in ${counted(row.files, 'file')}, ${row.digest.slice(0, 12)}`
  const first = `${row.active ? '*' : ' '} ${String(row.number).padStart(3)}  ${row.uploadedAt.toISOString()}  ${counts}`
  return [first, `         by ${wordsOf(row)}`]
}

function wordsOf({ by, origin, message, forced }: BundleAct): string {
  const from = origin === null ? '' : ` from ${line(origin, 300)}`
  return `${line(by, 200)}${from}${forced ? ', forced' : ''}${message === null ? '' : `: ${line(message, 500)}`}`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
