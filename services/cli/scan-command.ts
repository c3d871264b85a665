import { randomUUID } from 'node:crypto'
import { beginScan } from '#pipeline'
import { ConfigError, sleep } from '#runtime'
import { openStore, type ScanProgress, type Store } from '#store'
import { readConfig, type Config } from '../processes/config.ts'
import { inventoryOf, runTripline, type Role } from '../processes/run.ts'

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
  return progress.every(({ status, unread }) => status === 'done' && unread.length === 0) ? 0 : 1
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

/** How far it is, on stderr: a bar on a terminal, else a line now and then. */
function progressBar(json: boolean): { show(progress: readonly ScanProgress[]): void; end(): void } {
  const terminal = process.stderr.isTTY && !json
  let saidAt = Number.NEGATIVE_INFINITY
  return {
    show(progress) {
      const text = wordsOf(progress)
      if (terminal) process.stderr.write(`\r\u001B[2K${text}`)
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

function wordsOf(progress: readonly ScanProgress[]): string {
  const [parts, listedParts, listed, waiting, unread] = [
    sum(progress, (each) => each.parts),
    sum(progress, (each) => each.listedParts + each.unread.length),
    sum(progress, (each) => each.listed),
    sum(progress, (each) => each.waiting),
    sum(progress, (each) => each.unread.length),
  ]
  const looked = Math.max(0, listed - waiting)
  // Half of the bar for listing, half for looking: how much there is to look at is known only at the end of the first.
  const share = (listedParts / Math.max(1, parts) + (looked / Math.max(1, listed)) * (listedParts / Math.max(1, parts))) / 2
  const full = Math.round(share * 30)
  const bad = unread === 0 ? '' : `, ${unread} not readable`
  return `[${'█'.repeat(full)}${'·'.repeat(30 - full)}] ${listedParts} of ${parts} listings, ${looked} of ${listed} resources${bad}`
}

function report(progress: readonly ScanProgress[], json: boolean): void {
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  for (const { accountId, id, status, listed, unread } of progress) {
    if (json) {
      print(JSON.stringify({ accountId, scan: id, done: status === 'done', resources: listed, unread }))
      continue
    }
    print(`Account ${accountId}: ${listed} resources looked at${status === 'done' ? '' : ', stopped before the end (it goes on)'}.`)
    for (const { type, region, cause, detail } of unread) print(`  not readable: ${type} in ${region} (${cause}): ${detail}`)
  }
  const summary = {
    accounts: progress.length,
    resources: sum(progress, ({ listed }) => listed),
    unread: sum(progress, ({ unread }) => unread.length),
  }
  if (json) print(JSON.stringify({ summary }))
}

function sum<Each>(list: readonly Each[], of: (each: Each) => number): number {
  return list.reduce((total, each) => total + of(each), 0)
}
