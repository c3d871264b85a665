import { existsSync } from 'node:fs'
import { createEvaluator, linesOfLeftOut, type Evaluator } from '#detection'
import { decode, IngestError, readFiles, readLogSchemas, type Carried, type FileRecord, type Trust } from '#ingest'
import type { AuditEvent, RuleMatch } from '#model'
import { nearest } from '#runtime'
import { shippedSchemas } from '../processes/config-logs.ts'
import { counted, visible } from './words.ts'

export interface ReplayOptions {
  readonly files: readonly string[]
  /** Folders or files of detections. */
  readonly detections: readonly string[]
  /** The files are records of this log; CloudTrail's and findings where left out. */
  readonly logType?: string
  /** Folders or files of schemas, beside those that come with Tripline. */
  readonly schemas: readonly string[]
  /** False: Python rules are asked about every event. */
  readonly index?: boolean
  readonly json: boolean
}

/** Recorded events come from any account and any time: nobody is told of them. */
const anything: Trust = { accounts: null, regions: null, times: 'any' }
const batchSize = 200
/** Rejected records that are named. */
const mostRejected = 20

/**
 * `tripline replay FILE…`: recorded CloudTrail through the rules, each match printed. Exit code 0 when there is nothing to say, 1 when
 * a rule matched, failed or could not be loaded or a record was rejected, 2 when a file cannot be read.
 */
export async function replayCommand(options: ReplayOptions): Promise<number> {
  const begun = performance.now()
  const report = createReport(options.json)
  const missing = options.detections.filter((path) => !existsSync(path))
  if (missing.length > 0) {
    say(`replay: --detections: given ${missing.join(', ')}, which is not there; allowed: folders or files of detections`)
    return 2
  }
  const schemas = await readLogSchemas([shippedSchemas, ...options.schemas])
  const log = schemas.find(({ name }) => name === options.logType) ?? null
  if (options.logType !== undefined && log === null) {
    const names = nearest(
      options.logType,
      schemas.map(({ name }) => name),
    )
    say(`replay: --log-type: given ${options.logType}; allowed: a log type that a schema declares, as ${names.join(', ')}`)
    return 2
  }
  const reading: Reading = { trust: { ...anything, schemas }, ...(log === null ? {} : { carried: { logType: log.name } }) }
  await using evaluator = await createEvaluator({ folders: options.detections, trust: reading.trust, index: options.index ?? true })
  for (const { file, message } of evaluator.broken) say(`not loaded: ${file}: ${message}`)
  for (const each of linesOfLeftOut(evaluator)) say(each)
  try {
    let batch: FileRecord[] = []
    for await (const record of readFiles(options.files, log)) {
      batch.push(record)
      if (batch.length === batchSize) {
        await replay(evaluator, batch, reading, report)
        batch = []
      }
    }
    await replay(evaluator, batch, reading, report)
  } catch (error) {
    if (!(error instanceof IngestError)) throw error
    say(`replay: ${error.message}`)
    return 2
  }
  const { events, rejected, matches, failures } = report.counts
  const seconds = (performance.now() - begun) / 1_000
  const eventsPerSecond = Math.round(events / seconds)
  const notRun = evaluator.notRun.length
  report.summary({ events, rejected, matches, failures, notRun, seconds: Number(seconds.toFixed(3)), eventsPerSecond })
  return matches + rejected + failures + evaluator.broken.length > 0 ? 1 : 0
}

/** What the bodies are taken for. */
interface Reading {
  readonly trust: Trust
  readonly carried?: Carried
}

async function replay(
  evaluator: Evaluator,
  batch: readonly FileRecord[],
  { trust, carried }: Reading,
  report: Report,
): Promise<void> {
  if (batch.length === 0) return
  const judgements = new Map(
    (
      await evaluator.judgeBodies(
        batch.map(({ body }) => body),
        carried,
      )
    ).map((each) => [each.body, each.records]),
  )
  for (const [index, { file, index: place, body }] of batch.entries()) {
    const judged = judgements.get(index)
    // The evaluator answers for every body that was rejected or matters; of the others only their number is wanted.
    if (judged === undefined) report.counts.events += 1
    else {
      const { events, rejected } = decode(body, trust, carried)
      report.counts.events += events.length
      for (const { reason, detail } of rejected) report.rejected(`${file}#${place}: ${reason}: ${detail}`)
      for (const { record, event } of events) {
        const { matches = [], failures = [] } = judged.find((each) => each.record === record) ?? {}
        for (const match of matches) report.match(match, event)
        for (const { detectionId, reason, message } of failures)
          report.failure(`${detectionId} on ${event.id}: ${reason}: ${message}`)
      }
    }
  }
}

interface Report {
  readonly counts: { events: number; rejected: number; matches: number; failures: number }
  match(match: RuleMatch, event: AuditEvent): void
  rejected(what: string): void
  failure(what: string): void
  summary(figures: Record<string, number>): void
}

/** For people. */
function say(line: string): void {
  process.stderr.write(`${visible(line)}\n`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function createReport(json: boolean): Report {
  const counts = { events: 0, rejected: 0, matches: 0, failures: 0 }
  return {
    counts,
    match({ detectionId: detection, severity, title, dedup }, event) {
      counts.matches += 1
      const { id: eventId, accountId: account, region } = event
      const eventTime = event.time.toISOString()
      if (json) print(JSON.stringify({ detection, severity, title, dedup, eventId, eventTime, account, region }))
      else print(visible(`${eventTime}  ${severity.padEnd(8)}  ${detection}  ${account} ${region}  ${title}`))
    },
    rejected(what) {
      counts.rejected += 1
      if (counts.rejected <= mostRejected) say(`rejected: ${what}`)
      if (counts.rejected === mostRejected + 1) say('rejected: and more; they are counted')
    },
    failure(what) {
      counts.failures += 1
      say(`failed: ${what}`)
    },
    summary(figures) {
      if (json) print(JSON.stringify({ summary: figures }))
      else {
        const { events = 0, rejected = 0, matches = 0, seconds = 0, eventsPerSecond = 0 } = figures
        say(
          `${counted(events, 'event')}, ${rejected} rejected, ${counted(matches, 'match', 'matches')} in ${seconds.toFixed(1)} s (${eventsPerSecond} events/s)`,
        )
      }
    },
  }
}
