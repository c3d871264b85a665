import { createEvaluator, type Evaluator } from '#detection'
import { decode, IngestError, readFiles, readLogSchemas, type Carried, type FileRecord, type LogSchema, type Trust } from '#ingest'
import { nearest } from '#runtime'
import { shippedSchemas } from '../processes/config-logs.ts'
import { visible } from './words.ts'

export interface BenchmarkOptions {
  /** The rule. */
  readonly id: string
  /** Recorded events. */
  readonly files: readonly string[]
  readonly detections: readonly string[]
  readonly iterations: number
  readonly logType?: string
  readonly schemas: readonly string[]
  /** False: a Python rule is asked about every event. */
  readonly index?: boolean
  readonly json: boolean
}

const batchSize = 200
/** The batches that took longest, whose events are then judged one by one. */
const slowBatches = 2
const slowestNamed = 5
const triesEach = 3

interface Iteration {
  readonly events: number
  readonly matches: number
  readonly failures: number
  readonly readMs: number
  readonly judgeMs: number
}
interface Batch {
  readonly ms: number
  readonly records: readonly FileRecord[]
}

/**
 * `tripline benchmark ID FILE…`: how long one rule takes over recorded events. Exit code 0; 1 when it failed on one of them or cannot be
 * loaded; 2 for misuse.
 */
export async function benchmarkCommand(options: BenchmarkOptions): Promise<number> {
  const schemas = await readLogSchemas([shippedSchemas, ...options.schemas])
  const log = schemas.find(({ name }) => name === options.logType) ?? null
  if (options.logType !== undefined && log === null)
    return misuse(`--log-type: given ${options.logType}; allowed: a log type that a schema declares`)
  const trust: Trust = { accounts: null, regions: null, times: 'any', schemas }
  const { id } = options
  const iterations = Math.max(1, options.iterations)
  const folders = options.detections
  await using evaluator = await createEvaluator({ folders, disabled: ['*', `!${id}`], trust, index: options.index ?? true })
  const refused = refusalOf(id, evaluator)
  if (refused !== null) return refused
  const judge = (records: readonly FileRecord[]) =>
    evaluator.judgeBodies(
      records.map(({ body }) => body),
      log === null ? undefined : { logType: log.name },
    )
  const all: Iteration[] = []
  let slow: readonly Batch[] = []
  try {
    for (let count = 1; count <= iterations; count += 1) {
      const { iteration, slowest } = await measure(options.files, { log, trust, judge })
      all.push(iteration)
      slow = slowest
      tellIteration(count, iteration, options.json)
    }
    const slowest = await slowestOf(slow, judge)
    for (const { ms, record } of slowest) tellSlow(ms, record, { trust, log, json: options.json })
  } catch (error) {
    if (!(error instanceof IngestError)) throw error
    return misuse(error.message)
  }
  tellSummary(id, all, options.json)
  return all.some(({ failures }) => failures > 0) ? 1 : 0
}

/** Null when the rule is there and runs; else says why not. */
function refusalOf(id: string, { detections, notRun, broken }: Evaluator): number | null {
  const kind = detections.find((each) => each.id === id)?.kind
  if (kind === 'rule') return null
  if (kind === 'policy')
    return misuse(
      `benchmark: given ${id}, a policy; allowed: a rule. \`tripline upload --dry-run\` runs policies over what is stored`,
    )
  const idle = notRun.find((each) => each.id === id)
  if (idle !== undefined) return misuse(`benchmark: given ${id}, which is not run: ${idle.reason}`)
  for (const { file, message } of broken) process.stderr.write(`${visible(`not loaded: ${file}: ${message}`)}\n`)
  const ids = notRun.map((each) => each.id)
  return misuse(
    `benchmark: given ${id}, and there is no such rule; allowed: such as ${nearest(id, ids).join(', ')}`,
    broken.length > 0 ? 1 : 2,
  )
}

interface Measuring {
  readonly log: LogSchema | null
  readonly trust: Trust
  readonly judge: (records: readonly FileRecord[]) => ReturnType<Evaluator['judgeBodies']>
}

/** Reads all files once and judges what they hold; keeps the batches that took longest. */
async function measure(
  files: readonly string[],
  { log, trust, judge }: Measuring,
): Promise<{ readonly iteration: Iteration; readonly slowest: readonly Batch[] }> {
  const sums = { events: 0, matches: 0, failures: 0, readMs: 0, judgeMs: 0 }
  let slowest: readonly Batch[] = []
  const carried: Carried | undefined = log === null ? undefined : { logType: log.name }
  const take = async (records: readonly FileRecord[]): Promise<void> => {
    if (records.length === 0) return
    const begun = performance.now()
    const judged = await judge(records)
    const ms = performance.now() - begun
    sums.judgeMs += ms
    for (const { body } of records) sums.events += decode(body, trust, carried).events.length
    for (const { matches, failures } of judged.flatMap((each) => each.records)) {
      sums.matches += matches.length
      sums.failures += failures.length
    }
    slowest = [...slowest, { ms, records }].toSorted((a, b) => b.ms - a.ms).slice(0, slowBatches)
  }
  let batch: FileRecord[] = []
  let readFrom = performance.now()
  for await (const record of readFiles(files, log)) {
    batch.push(record)
    if (batch.length < batchSize) continue
    sums.readMs += performance.now() - readFrom
    await take(batch)
    batch = []
    readFrom = performance.now()
  }
  sums.readMs += performance.now() - readFrom
  await take(batch)
  return { iteration: sums, slowest }
}

interface Slow {
  readonly ms: number
  readonly record: FileRecord
}

/** The events that took longest by themselves, the way to the rule's process and back included; each the best of some tries. */
async function slowestOf(batches: readonly Batch[], judge: Measuring['judge']): Promise<readonly Slow[]> {
  const all: Slow[] = []
  for (const record of batches.flatMap(({ records }) => records)) {
    const times: number[] = []
    for (let time = 0; time < triesEach; time += 1) {
      const begun = performance.now()
      await judge([record])
      times.push(performance.now() - begun)
    }
    all.push({ ms: Math.min(...times), record })
  }
  return all.toSorted((a, b) => b.ms - a.ms).slice(0, slowestNamed)
}

function tellIteration(number: number, { events, matches, failures, readMs, judgeMs }: Iteration, json: boolean): void {
  const eventsPerSecond = Math.round((events * 1_000) / judgeMs)
  if (json)
    print(
      JSON.stringify({
        iteration: number,
        events,
        matches,
        failures,
        readMs: round(readMs),
        judgeMs: round(judgeMs),
        eventsPerSecond,
      }),
    )
  else
    print(
      `${number}: read ${round(readMs)} ms, judged ${round(judgeMs)} ms, ${eventsPerSecond} events/s, ${events} events, ${matches} matches, ${failures} failures`,
    )
}

function tellSlow(
  ms: number,
  { file, index, body }: FileRecord,
  { trust, log, json }: Omit<Measuring, 'judge'> & { json: boolean },
): void {
  const [first] = decode(body, trust, log === null ? undefined : { logType: log.name }).events
  const event = first === undefined ? null : { id: first.event.id, name: first.event.name }
  if (json) print(JSON.stringify({ slow: `${file}#${index}`, ms: round(ms), event }))
  else print(visible(`slow: ${round(ms)} ms  ${file}#${index}  ${event === null ? 'no event' : `${event.name} ${event.id}`}`))
}

function tellSummary(detection: string, all: readonly Iteration[], json: boolean): void {
  const medianOf = (figure: (each: Iteration) => number): number => {
    const sorted = all.map(figure).toSorted((a, b) => a - b)
    return round(sorted[Math.floor(sorted.length / 2)] ?? 0)
  }
  const [readMs, judgeMs] = [medianOf((each) => each.readMs), medianOf((each) => each.judgeMs)]
  const { events = 0, matches = 0, failures = 0 } = all[0] ?? {}
  const eventsPerSecond = judgeMs === 0 ? 0 : Math.round((events * 1_000) / judgeMs)
  const summary = { detection, iterations: all.length, events, matches, failures, readMs, judgeMs, eventsPerSecond }
  if (json) print(JSON.stringify({ summary }))
  else print(visible(`${detection}: median of ${all.length}: read ${readMs} ms, judged ${judgeMs} ms, ${eventsPerSecond} events/s`))
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function misuse(message: string, code = 2): number {
  process.stderr.write(`${visible(message)}\n`)
  return code
}
