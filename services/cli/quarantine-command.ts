import { line } from '#alerting'
import { drainQueue, IngestError, openNotificationReader, type BatchHandler } from '#ingest'
import { createIntake, retryQuarantined } from '#pipeline'
import { ConfigError } from '#runtime'
import { openStore, type QuarantineFilter, type QuarantineRow, type Store } from '#store'
import { readConfig, type Config } from '../processes/config.ts'
import { openIntake } from '../processes/run.ts'
import { queuesOf } from './check-aws.ts'
import { bindingOf, boundHandler, bucketLogsOf, sourceName } from '../processes/sources.ts'
import { wordsOf } from './check-finding.ts'
import { counted } from './words.ts'

interface Common {
  readonly config: string
  readonly json: boolean
}
export interface QuarantineListOptions extends Common {
  readonly reason?: string
  readonly limit: number
}
export interface QuarantineChoice extends Common {
  readonly ids: readonly string[]
  readonly reason?: string
  readonly all?: boolean
}
export interface RedriveOptions extends Common {
  readonly from: string
  /** The configured queue that it belongs to. */
  readonly for?: string
}

const pageSize = 50
const fewestLetters = 8

/** `tripline quarantine list`: what could not be used, newest first, and how much there is of each reason. */
export async function listQuarantine({ config, reason, limit, json }: QuarantineListOptions): Promise<number> {
  await using store = await storeOf(config)
  const filter = reason === undefined ? {} : { reason }
  const [rows, items, reasons] = [
    await store.quarantine.list(limit, filter),
    await store.quarantine.count(filter),
    await store.quarantine.tally(),
  ]
  for (const row of rows) print(json ? JSON.stringify({ item: withoutBody(row) }) : headOf(row).join('\n'))
  if (json) print(JSON.stringify({ summary: { items, shown: rows.length, reasons } }))
  else {
    const more = items > rows.length ? `, ${rows.length} shown; see more with --limit` : ''
    const each = reasons.map((one) => `${one.reason} ${one.count}`).join(', ')
    process.stderr.write(`${counted(items, 'item')} in quarantine${more}${each === '' ? '' : ` (${each})`}\n`)
  }
  return 0
}

/** `tripline quarantine show ID`: one item with its body. */
export async function showQuarantine({ ids, config, json }: QuarantineChoice): Promise<number> {
  await using store = await storeOf(config)
  const rows = await store.quarantine.list(2, { ids: checkedIds(ids) })
  const [row] = rows
  if (row === undefined || rows.length > 1) {
    process.stderr.write(
      row === undefined ? `No item is known by ${ids.join()}.\n` : `More than one item begins with ${ids.join()}.\n`,
    )
    if (json) print(JSON.stringify({ summary: { items: rows.length } }))
    return 1
  }
  if (json) print(`${JSON.stringify({ item: row })}\n${JSON.stringify({ summary: { items: 1 } })}`)
  else print([...headOf(row), '', line(row.body, row.body.length * 10)].join('\n'))
  return 0
}

/** `tripline quarantine retry`: hands items to intake again. Exit code 0 when none is left of those, 1 when some are. */
export async function retryQuarantine(options: QuarantineChoice, stop: AbortSignal): Promise<number> {
  const filter = chosen(options, 'give ids, --reason or --all')
  const config = await readConfig(options.config, process.env)
  await using store = await openStore(config.store)
  await using parts = await openIntake(config, store)
  await using readers = await openReaders(config, stop)
  await sayWhenNone(store, filter)
  const counts = { taken: 0, kept: 0, gone: 0 }
  let after: string | null = null
  for (;;) {
    const rows: readonly QuarantineRow[] = await store.quarantine.page(filter, after, pageSize)
    for (const row of rows) {
      if (stop.aborted) break
      const { outcome, why } = await retryQuarantined(parts, row, readers.of(row.source))
      counts[outcome] += 1
      if (options.json) print(JSON.stringify({ item: { id: row.id, outcome, why } }))
      else print(`${outcome.padEnd(5)} ${row.id}${why === '' ? '' : `  ${line(why, 500)}`}`)
    }
    after = rows.at(-1)?.id ?? null
    if (after === null || stop.aborted) break
  }
  if (options.json) print(JSON.stringify({ summary: counts }))
  else process.stderr.write(`${counts.taken} taken, ${counts.kept} stay in quarantine\n`)
  return counts.kept > 0 || stop.aborted ? 1 : 0
}

/** `tripline quarantine drop`: throws items away. */
export async function dropQuarantine(options: QuarantineChoice): Promise<number> {
  const filter = chosen(options, 'give ids or --reason')
  await using store = await storeOf(options.config)
  await sayWhenNone(store, filter)
  const dropped = await store.quarantine.drop(filter)
  if (options.json) print(JSON.stringify({ summary: { dropped } }))
  else process.stderr.write(`${counted(dropped, 'item')} dropped\n`)
  return 0
}

/**
 * `tripline quarantine redrive`: reads a dead-letter queue to its end through intake. What can be used is used, the rest is in quarantine
 * with its reason, and both are deleted there.
 */
export async function redriveQuarantine(options: RedriveOptions, stop: AbortSignal): Promise<number> {
  if (!/^https?:\/\//u.test(options.from) || !URL.canParse(options.from))
    throw new ConfigError(
      'invalid',
      `--from: given ${options.from}; allowed: the address of a queue, as https://sqs.eu-west-1.amazonaws.com/…`,
    )
  const config = await readConfig(options.config, process.env)
  const { queueUrl: source, region, endpoint } = sourceOf(config, options.for)
  await using store = await openStore(config.store)
  await using parts = await openIntake(config, store)
  await using readers = await openReaders(config, stop)
  const intake = createIntake({ ...parts, source })
  const configured = config.sources.find((each) => sourceName(each) === source)
  const only = configured === undefined ? null : bindingOf(configured, config)
  const handle = readers.of(source)?.(intake) ?? boundHandler(intake, only)
  const before = await store.quarantine.count({ source })
  const { taken, empty } = await drainQueue({ queueUrl: options.from, region, endpoint }, handle, stop).catch((cause: unknown) => {
    throw new IngestError('unreadable', `--from ${options.from}: cannot be read: ${wordsOf(cause)}`, { cause })
  })
  const quarantined = (await store.quarantine.count({ source })) - before
  if (options.json) print(JSON.stringify({ summary: { taken, empty, quarantined } }))
  else {
    const rest = empty ? 'the queue is empty' : 'the queue is not empty: something could not be taken, or this was stopped'
    process.stderr.write(`${counted(taken, 'message')} taken, ${rest}; ${quarantined} more in quarantine\n`)
  }
  return empty ? 0 : 1
}

function sourceOf(config: Config, queueUrl: string | undefined): ReturnType<typeof queuesOf>[number] {
  const known = queuesOf(config)
  const found = known.length === 1 && queueUrl === undefined ? known[0] : known.find((each) => each.queueUrl === queueUrl)
  if (found !== undefined) return found
  const allowed = known.map((each) => each.queueUrl).join(', ')
  throw new ConfigError('invalid', `--for: given ${queueUrl ?? 'nothing'}; allowed: ${allowed}`)
}

/** What reads the objects that the notifications of a source name; null for sources of records. */
async function openReaders(
  config: Config,
  stop: AbortSignal,
): Promise<AsyncDisposable & { of(source: string): ((handle: BatchHandler) => BatchHandler) | null }> {
  const readers = new Map<string, Awaited<ReturnType<typeof openNotificationReader>>>()
  for (const source of config.sources) {
    if (!('s3' in source)) continue
    const options = { ...source.s3, logs: bucketLogsOf(source.s3, config) }
    readers.set(source.s3.queueUrl, await openNotificationReader(options, stop))
  }
  return {
    of: (source) => readers.get(source)?.reads ?? null,
    async [Symbol.asyncDispose]() {
      for (const reader of readers.values()) await reader[Symbol.asyncDispose]()
    },
  }
}

async function storeOf(file: string): Promise<Store> {
  return openStore((await readConfig(file, process.env)).store)
}

/** Everything is never meant by leaving something out. */
function chosen({ ids, reason, all }: QuarantineChoice, words: string): QuarantineFilter {
  if (ids.length === 0 && reason === undefined && all !== true)
    throw new ConfigError('invalid', `quarantine: given nothing; ${words}`)
  return { ...(ids.length === 0 ? {} : { ids: checkedIds(ids) }), ...(reason === undefined ? {} : { reason }) }
}

/** A misspelled reason would look like a clean house. */
async function sayWhenNone(store: Store, filter: QuarantineFilter): Promise<void> {
  if (filter.reason === undefined || (await store.quarantine.count(filter)) > 0) return
  const reasons = (await store.quarantine.tally()).map((each) => `${each.reason} ${each.count}`).join(', ')
  process.stderr.write(
    `Nothing is there for ${line(filter.reason, 100)}; there is: ${reasons === '' ? 'nothing at all' : reasons}\n`,
  )
}

function checkedIds(ids: readonly string[]): readonly string[] {
  const short = ids.find((id) => id.length < fewestLetters)
  if (short === undefined) return ids
  throw new ConfigError(
    'invalid',
    `quarantine: given the id ${short}; allowed: an id, or its first ${fewestLetters} letters or more`,
  )
}

function withoutBody({ body, ...row }: QuarantineRow): Omit<QuarantineRow, 'body'> & { readonly bodyLetters: number } {
  return { ...row, bodyLetters: body.length }
}

function headOf({ id, reason, count, receivedAt, source, detail, cut }: QuarantineRow): readonly string[] {
  return [
    `${id}  ${reason}${count > 1 ? ` ×${count}` : ''}  ${receivedAt.toISOString()}`,
    `    ${line(source, 300)}${cut ? ' (only the beginning of its body was kept)' : ''}`,
    `    ${line(detail, 500)}`,
  ]
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
