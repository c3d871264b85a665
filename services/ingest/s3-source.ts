import { backoffMs, roomLogger, sleep } from '#runtime'
import type { RejectReason } from './decode.ts'
import { IngestError } from './ingest-error.ts'
import { limits } from './limits.ts'
import type { LogSchema } from './logs/log-schema.ts'
import { isTrailKey, readNotification, type NamedObject } from './read-notification.ts'
import type { Objects } from './s3-object.ts'
import { splitterOf } from './split-lines.ts'
import { createSplitter, type Splitter } from './split-records.ts'
import { openSqsSource, type SqsSourceOptions } from './sqs-source.ts'
import type { BatchHandler, Binding, Message, Source } from './source.ts'

export interface S3SourceOptions extends Pick<
  SqsSourceOptions,
  'queueUrl' | 'region' | 'endpoint' | 'pollers' | 'waitSeconds' | 'visibilitySeconds' | 'drainMs' | 'maxRetrySeconds'
> {
  /** Objects read at a time. */
  readonly concurrency?: number | undefined
  /** Only of these buckets; any when left out. */
  readonly buckets?: readonly string[] | undefined
  /** Another address for S3. */
  readonly bucketEndpoint?: string | undefined
  /** What its objects are, by the beginnings of their keys, longest first; those that none fits are CloudTrail's or nothing. */
  readonly logs?: BucketLogs | undefined
}
export interface BucketLogs {
  readonly accounts: readonly string[]
  readonly byPrefix: readonly { readonly prefix: string; readonly schema: LogSchema }[]
}

const log = roomLogger('ingest')
/** An object that is not there or may not be read is tried so often before its notification goes to quarantine. */
const tries = 3
/** What is handed over at once: so many records, or so many letters. */
const batch = { records: 200, letters: 2_000_000 } as const

/**
 * Reads the CloudTrail files, and other logs, that a bucket's notifications on an SQS queue name. A notification is deleted once every record of its
 * objects went through the handler, and hidden meanwhile; a crash in the middle reads the object again, which the inbox makes harmless.
 */
export function openS3Source(options: S3SourceOptions): Source & { healthy(): boolean } {
  const { concurrency = 2, ...rest } = options
  const queue = openSqsSource({ ...rest, concurrency, pollers: options.pollers ?? 1, batchSize: 1 })
  return {
    name: queue.name,
    healthy: () => queue.healthy(),
    async run(handle, stop) {
      await using reader = await openNotificationReader(options, stop)
      await queue.run(reader.reads(handle), stop)
    },
  }
}

/** A notification; queues say how often they handed it out, 1 for the first time. */
interface Notification extends Message {
  readonly receives?: number
}

/** What turns notifications into the records of their objects. */
export interface NotificationReader extends AsyncDisposable {
  /** The handler of notifications over the handler of records. */
  readonly reads: (handle: BatchHandler) => BatchHandler
}

export async function openNotificationReader(
  options: Pick<S3SourceOptions, 'region' | 'endpoint' | 'bucketEndpoint' | 'buckets' | 'logs'>,
  stop: AbortSignal,
): Promise<NotificationReader> {
  // Evaluator processes come through this door too and have no use for the SDK.
  const { openObjects } = await import('./s3-object.ts')
  const objects = openObjects({ region: options.region, endpoint: options.bucketEndpoint ?? options.endpoint })
  const buckets = options.buckets === undefined ? null : new Set(options.buckets)
  return {
    reads: (handle) => async (messages: readonly Notification[]) => {
      for (const message of messages) await readOne(message, { objects, buckets, logs: options.logs ?? noLogs, handle, stop })
      return new Set()
    },
    [Symbol.asyncDispose]: async () => objects.close(),
  }
}

const noLogs: BucketLogs = { accounts: [], byPrefix: [] }

interface Reading {
  readonly logs: BucketLogs
  readonly objects: Objects
  readonly buckets: ReadonlySet<string> | null
  readonly handle: BatchHandler
  readonly stop: AbortSignal
}

/** Throws when the notification must come again. */
async function readOne(message: Notification, reading: Reading): Promise<void> {
  const named = readNotification(message.body)
  if (named === null)
    return refuse(message, 'not-a-notification', 'the message is no news of a bucket; docs/s3.md has the forms', reading)
  const wanted = named.filter(({ key }) => formOf(key, reading.logs) !== null)
  const strange = wanted.find(({ bucket }) => reading.buckets?.has(bucket) === false)
  if (strange !== undefined)
    return refuse(message, 'not-a-notification', `given the bucket ${strange.bucket}; allowed: those under \`buckets\``, reading)
  const failed: IngestError[] = []
  for (const object of wanted) {
    try {
      await readObject(object, reading)
    } catch (error) {
      // The others of the notification are read all the same.
      if (!(error instanceof IngestError) || reasonOf(error) === null) throw error
      failed.push(error)
    }
  }
  const again = failed.find(({ retryable }) => retryable)
  if (again !== undefined && (message.receives ?? tries) < tries) throw again
  const [first] = failed
  const reason = first === undefined ? null : reasonOf(first)
  if (first !== undefined && reason !== null) await refuse(message, reason, first.message, reading)
}

/** Why an object's notification goes to quarantine; null for what passes by itself. */
function reasonOf({ code }: IngestError): RejectReason | null {
  if (code === 'gzip-bomb') return 'object-too-large'
  if (code === 'object-missing' || code === 'object-denied' || code === 'object-unreadable' || code === 'object-too-large')
    return code
  return null
}

async function refuse(
  { id, body, receivedAt }: Message,
  reason: RejectReason,
  detail: string,
  { handle, stop }: Reading,
): Promise<void> {
  log.warn({ reason, detail }, 'a notification goes to quarantine')
  await handOver(handle, [{ id, body, receivedAt, refused: { reason, detail } }], stop)
}

/** How an object is cut into records, and what these are; null for objects that are not read. */
interface Form {
  readonly splitter: () => Splitter
  readonly only: Binding | null
}

function formOf(key: string, { accounts, byPrefix }: BucketLogs): Form | null {
  const found = byPrefix.find(({ prefix }) => key.startsWith(prefix))
  const json = (): Splitter => createSplitter({ byLine: false, maxLetters: limits.bytes })
  if (found === undefined) return isTrailKey(key) ? { splitter: json, only: null } : null
  // A folder is an object of no bytes.
  if (key.endsWith('/')) return null
  const { name, parser } = found.schema
  const [, ofKey, region] = place.exec(key) ?? []
  const accountId = ofKey ?? (accounts.length === 1 ? accounts[0] : undefined)
  const carries = { logType: name, ...(accountId === undefined ? {} : { accountId }), ...(region === undefined ? {} : { region }) }
  const by = found.prefix === '' ? `logType ${name}` : `prefix ${found.prefix}`
  return { splitter: () => splitterOf(parser), only: { accounts, by, carries } }
}

/** `…/111122223333/vpcflowlogs/eu-west-1/…`, `…/111122223333/eu-west-1/…`: how AWS files what it delivers. */
const place = /(?:^|\/)(\d{12})\/(?:[\w-]+\/)?([a-z]{2,5}(?:-[a-z]{1,12}){1,3}-\d{1,2})\//u

async function readObject(object: NamedObject, { objects, logs, handle, stop }: Reading): Promise<void> {
  const form = formOf(object.key, logs)
  if (form === null) return
  const only = form.only === null ? {} : { only: form.only }
  let [records, letters, index]: [Message[], number, number] = [[], 0, 0]
  for await (const body of objects.records(object, form.splitter(), stop)) {
    records.push({ id: `${object.key}#${index}`, body, receivedAt: new Date(), ...only })
    letters += body.length
    index += 1
    if (records.length < batch.records && letters < batch.letters) continue
    await handOver(handle, records, stop)
    ;[records, letters] = [[], 0]
  }
  if (records.length > 0) await handOver(handle, records, stop)
}

/** Until everything of the batch is taken. Throws when it is not, or when stopped: then the notification comes again. */
async function handOver(handle: BatchHandler, messages: readonly Message[], stop: AbortSignal): Promise<void> {
  let left = messages
  for (let attempt = 0; attempt < tries && !stop.aborted; attempt += 1) {
    if (attempt > 0) await sleep(backoffMs(attempt - 1, 200, 2_000), stop)
    const again = await handle(left)
    left = left.filter(({ id }) => again.has(id))
    if (left.length === 0) return
  }
  throw new IngestError('not-taken', `${left.length} records were not taken, first ${left[0]?.id ?? ''}`, { retryable: true })
}
