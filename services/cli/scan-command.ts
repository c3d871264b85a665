import { randomUUID } from 'node:crypto'
import { line } from '#alerting'
import { beginScan } from '#pipeline'
import { ConfigError, sleep } from '#runtime'
import { openStore, type ScanProgress, type Store } from '#store'
import { readConfig, type Config } from '../processes/config.ts'
import type { Role } from '../processes/roles.ts'
import { inventoryOf, runTripline } from '../processes/run.ts'
import { counted } from './words.ts'

export interface ScanOptions {
  readonly config: string
  readonly account?: string
  readonly region?: string
  readonly type?: string
  readonly json: boolean
}

const pollMs = 500
/** What a scan needs when nothing else runs that would do it. */
const own: ReadonlySet<Role> = new Set(['scan', 'refresh', 'judge'])

/**
 * `tripline scan`: asks for a scan and waits for it. Running processes do the work; where none is alive, this one does. Exit code 0
 * when everything was read, 1 when something was not, 2 for misuse.
 */
export async function scanCommand(options: ScanOptions, stop: AbortSignal): Promise<number> {
  const config = await readConfig(options.config, process.env)
  const accounts = chosen(config, options)
  let progress: readonly ScanProgress[]
  if (config.store.url !== undefined && (await othersWork(config))) {
    await using store = await openStore(config.store)
    progress = await scan(store, config, accounts, options, stop)
  } else {
    progress = await scanHere(config, accounts, options, stop)
  }
  report(progress, options.json)
  return progress.every(({ status, unread, unlooked }) => status === 'done' && unread.length + unlooked === 0) ? 0 : 1
}

function chosen(config: Config, { account, region, type }: ScanOptions): Config['accounts'] {
  const misuse = (option: string, given: string, allowed: readonly string[]): ConfigError =>
    new ConfigError('invalid', `${option}: given ${given}; allowed: ${allowed.join(', ')}`)
  const accounts = config.accounts.filter(({ id }) => account === undefined || id === account)
  if (accounts.length === 0)
    throw misuse(
      '--account',
      account ?? '',
      config.accounts.map(({ id }) => id),
    )
  const regions = [...new Set(['global', ...accounts.flatMap((each) => each.regions)])]
  if (region !== undefined && !regions.includes(region)) throw misuse('--region', region, regions)
  const { types } = inventoryOf(config, () => 1)
  if (type !== undefined && !types.includes(type)) throw misuse('--type', type, types)
  return accounts
}

async function othersWork(config: Config): Promise<boolean> {
  await using store = await openStore(config.store)
  return (await store.workers.alive('refresh')) > 0
}

/** Runs the scan in this process, and whatever else waits. */
async function scanHere(
  config: Config,
  accounts: Config['accounts'],
  options: ScanOptions,
  stop: AbortSignal,
): Promise<readonly ScanProgress[]> {
  const over = new AbortController()
  const result = Promise.withResolvers<readonly ScanProgress[]>()
  // It is waited for below; the reason may come before.
  result.promise.catch(() => undefined)
  await runTripline(config, {
    only: own,
    stop: AbortSignal.any([stop, over.signal]),
    onReady: ({ store }) => {
      scan(store, config, accounts, options, stop)
        .then(result.resolve, result.reject)
        .finally(() => over.abort())
    },
  })
  return result.promise
}

async function scan(
  store: Store,
  config: Config,
  accounts: Config['accounts'],
  options: ScanOptions,
  stop: AbortSignal,
): Promise<readonly ScanProgress[]> {
  const inventory = inventoryOf(config, () => 1)
  const key = randomUUID()
  const { region, type } = options
  const scope = { ...(region === undefined ? {} : { region }), ...(type === undefined ? {} : { type }) }
  const ids: string[] = []
  for (const account of accounts) {
    const id = await beginScan({ store, inventory }, account, { kind: 'request', key, ...scope })
    if (id !== null) ids.push(id)
  }
  const bar = progressBar(options.json)
  for (;;) {
    const progress = await store.scans.progress(ids)
    bar.show(progress)
    if (stop.aborted || progress.every(({ status }) => status === 'done')) {
      bar.end()
      return progress
    }
    await sleep(pollMs, stop)
  }
}

/** How far it is, on stderr: a bar on a terminal, else a line of words now and then. */
function progressBar(json: boolean): { show(progress: readonly ScanProgress[]): void; end(): void } {
  const terminal = process.stderr.isTTY && !json
  let saidAt = Number.NEGATIVE_INFINITY
  return {
    show(progress) {
      const { share, text } = wordsOf(progress)
      if (terminal) process.stderr.write(`\r\u001B[2K${barOf(share)} ${text}`)
      else if (performance.now() - saidAt > 5_000) {
        saidAt = performance.now()
        process.stderr.write(`${text}\n`)
      }
    },
    end() {
      if (terminal) process.stderr.write('\n')
    },
  }
}

function wordsOf(progress: readonly ScanProgress[]): { share: number; text: string } {
  const [parts, listedParts, listed, waiting, unread, unlooked] = [
    sum(progress, (each) => each.parts),
    sum(progress, (each) => each.listedParts + each.unread.length),
    sum(progress, (each) => each.listed),
    sum(progress, (each) => each.waiting),
    sum(progress, (each) => each.unread.length),
    sum(progress, (each) => each.unlooked),
  ]
  const looked = Math.max(0, listed - waiting)
  // Half of the bar for listing, half for looking: how much there is to look at is known only at the end of the first.
  const share = (listedParts / Math.max(1, parts) + (looked / Math.max(1, listed)) * (listedParts / Math.max(1, parts))) / 2
  const bad = unread + unlooked === 0 ? '' : `, not readable: ${counted(unread, 'listing')}, ${counted(unlooked, 'resource')}`
  return { share, text: `${listedParts} of ${counted(parts, 'listing')}, ${looked} of ${counted(listed, 'resource')}${bad}` }
}

function barOf(share: number): string {
  const full = Math.round(share * 30)
  return `[${'█'.repeat(full)}${'·'.repeat(30 - full)}]`
}

function report(progress: readonly ScanProgress[], json: boolean): void {
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  for (const { accountId, id, status, listed, unread, unlooked, firstUnlooked } of progress) {
    if (json) {
      const resources = { count: unlooked, first: firstUnlooked }
      print(JSON.stringify({ accountId, scan: id, done: status === 'done', resources: listed, unread, unreadResources: resources }))
      continue
    }
    const looked = counted(Math.max(0, listed - unlooked), 'resource')
    print(`Account ${accountId}: ${looked} looked at${status === 'done' ? '' : ', stopped before the end (it goes on)'}.`)
    for (const { type, region, cause, detail } of unread) print(`  cannot be listed: ${type} in ${region} (${cause}): ${detail}`)
    if (unlooked > 0) print(`  ${counted(unlooked, 'resource')} cannot be read:`)
    for (const { type, id: resource, region, cause, detail } of firstUnlooked)
      print(`    ${type} ${line(resource, 300)} in ${region} (${cause}): ${line(detail, 500)}`)
    if (unlooked > firstUnlooked.length) print(`    and ${unlooked - firstUnlooked.length} more`)
  }
  const summary = {
    accounts: progress.length,
    resources: sum(progress, ({ listed }) => listed),
    unread: sum(progress, ({ unread }) => unread.length),
    unreadResources: sum(progress, ({ unlooked }) => unlooked),
  }
  if (json) print(JSON.stringify({ summary }))
}

function sum<Each>(list: readonly Each[], of: (each: Each) => number): number {
  return list.reduce((total, each) => total + of(each), 0)
}
