import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { gzipSync } from 'node:zlib'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openKafkaSource, openS3Source, openSqsSource, type Source } from '#ingest'
import { createIntake } from '#pipeline'
import { openStore, type Store } from '#store'
import { setClock } from '../contracts/store.ts'
import { account, aFolder, aRule, type Folder } from '../detection/world.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { needKafka, startKafka, untilThere, type Broker } from '../support/kafka.ts'
import { needMoto, startMoto, type Moto } from '../support/moto.ts'
import { run, startPostgres, type Postgres } from '../support/postgres.ts'
import { anEnvelope, aRecord } from '../support/records.ts'
import { startTripline } from '../support/tripline.ts'
import { until } from '../support/until.ts'

// The same events by SQS, Kafka and the trail's bucket at once, into one PostgreSQL.

const title = 'every way in at once'
const whole = process.env['TRIPLINE_JOURNEYS'] === 'whole'
const size = whole ? { events: 5_000, poison: 2_000, file: 20_000 } : { events: 100, poison: 90, file: 2_000 }
const region = 'us-east-1'
const bucket = 'org-trail'
const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' }
process.env['AWS_ACCESS_KEY_ID'] = 'testing'
process.env['AWS_SECRET_ACCESS_KEY'] = 'testing'
const postgres = await startPostgres(title)

/** Hands bodies over by the three ways, and reads them into a store of its own. */
interface Ways extends AsyncDisposable {
  readonly store: Store
  readonly url: string
  readonly line: InnerLine
  kafka(bodies: readonly (string | null)[]): Promise<void>
  sqs(bodies: readonly string[]): Promise<void>
  /** One file with these bytes, and its notification. */
  s3(bytes: Buffer): Promise<void>
  /** Resolves when everything that was sent is taken. */
  drained(): Promise<void>
}

describe.runIf(postgres !== null && needMoto(title) && needKafka(title))(title, { timeout: 900_000 }, () => {
  let moto: Moto
  let broker: Broker
  let s3: S3Client
  let sqs: SQSClient
  let rules: Folder
  let made = 0

  beforeAll(async () => {
    ;[moto, broker] = await Promise.all([startMoto(), startKafka()])
    s3 = new S3Client({ endpoint: moto.endpoint, region, forcePathStyle: true, credentials })
    sqs = new SQSClient({ endpoint: moto.endpoint, region, credentials })
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    // Ten findings, so that each takes many events.
    rules = await aFolder({
      'rule.ts': aRule('Rule', 'return true', { slots: 'dedup: (event) => String(event.eventID).slice(-1),' }),
    })
  })
  afterAll(async () => {
    s3?.destroy()
    sqs?.destroy()
    await Promise.all([moto?.stop(), broker?.stop(), postgres?.stop(), rules?.[Symbol.asyncDispose]()])
  })

  const call = (id: string, of = account): Record<string, unknown> =>
    aRecord({ account: of, source: 'ec2.amazonaws.com', name: 'RunInstances', id, extra: { readOnly: true } })
  const found = async (store: Store): Promise<number> =>
    (await store.findings.list({}, 1_000)).reduce((sum, { count }) => sum + count, 0)
  const queue = async (name: string): Promise<string> =>
    (await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout: '10' } }))).QueueUrl ?? ''
  const send = async (QueueUrl: string, bodies: readonly string[]): Promise<void> => {
    for (let from = 0; from < bodies.length; from += 10) {
      const Entries = bodies.slice(from, from + 10).map((MessageBody, index) => ({ Id: String(index), MessageBody }))
      await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
    }
  }
  const empty = async (QueueUrl: string): Promise<boolean> => {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }))
    return names.every((name) => Attributes?.[name] === '0')
  }
  const putFile = async (QueueUrl: string, key: string, bytes: Buffer): Promise<void> => {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }))
    const record = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: { bucket: { name: bucket }, object: { key } } }
    await send(QueueUrl, [JSON.stringify({ Records: [record] })])
  }
  const keyOf = (name: string): string => `AWSLogs/o-abc1234567/${account}/CloudTrail/${region}/2026/11/21/${name}.json.gz`

  async function openWays(): Promise<Ways> {
    made += 1
    const name = `ways-${process.pid}-${made}`
    const url = (await (postgres as Postgres).database()) ?? ''
    const store = await openStore({ url })
    const accounts = [{ id: account, regions: [region] }]
    const line = await startInnerLine({ endpoint: moto.endpoint, accounts, types: [], folders: [rules.path], workers: [], store })
    const configEntries = [{ name: 'max.message.bytes', value: '20000000' }]
    await broker.admin.createTopics({ topics: [{ topic: name, numPartitions: 12, replicationFactor: 1, configEntries }] })
    await untilThere(broker.admin, name)
    const producer = broker.client.producer()
    await producer.connect()
    const [fast, trail] = [await queue(name), await queue(`${name}-trail`)]
    const place = { region, endpoint: moto.endpoint, waitSeconds: 1, visibilitySeconds: 10, maxRetrySeconds: 1 }
    const sources: readonly Source[] = [
      openKafkaSource({ brokers: broker.brokers, groupId: name, topics: [name] }),
      openSqsSource({ ...place, queueUrl: fast, pollers: 2 }),
      openS3Source({ ...place, queueUrl: trail }),
    ]
    const stop = new AbortController()
    const running = sources.map((source) => source.run(createIntake({ ...line.parts, source: source.name }), stop.signal))
    let [sent, files] = [0, 0]
    const committed = async (): Promise<number> => {
      const [each] = await broker.admin.fetchOffsets({ groupId: name, topics: [name] })
      return (each?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
    }
    return {
      store,
      url,
      line,
      async kafka(bodies) {
        await producer.send({ topic: name, messages: bodies.map((value) => ({ value, partition: (sent += 1) % 12 })) })
      },
      sqs: (bodies) => send(fast, bodies),
      s3: (bytes) => putFile(trail, keyOf(`${name}-${(files += 1)}`), bytes),
      async drained() {
        const all = async (): Promise<boolean> => (await committed()) >= sent && (await empty(fast)) && (await empty(trail))
        // Between two of its counts moto lets a message come back.
        await until('all ways are empty', async () => (await all()) && (await all()), 600_000)
      },
      async [Symbol.asyncDispose]() {
        stop.abort()
        await Promise.all(running)
        await producer.disconnect()
        await line[Symbol.asyncDispose]()
        await store[Symbol.asyncDispose]()
      },
    }
  }

  test('each event comes ten times by three ways, some thirteen days late, and has its effect once', async () => {
    await using ways = await openWays()
    const events = Array.from({ length: size.events }, (_, index) => call(`event-${index}`))
    const slice = whole ? 500 : 100
    let deliveries = 0
    let startMb = 0
    const deliver = async (copies: Record<'kafka' | 'sqs' | 's3', number>): Promise<void> => {
      for (let from = 0; from < events.length; from += slice) {
        const some = events.slice(from, from + slice)
        const bodies = some.map((event) => JSON.stringify(anEnvelope(event)))
        for (let copy = 0; copy < copies.kafka; copy += 1) await ways.kafka(bodies.toReversed())
        for (let copy = 0; copy < copies.sqs; copy += 1) await ways.sqs(bodies)
        for (let copy = 0; copy < copies.s3; copy += 1) await ways.s3(gzipSync(JSON.stringify({ Records: some })))
        deliveries += some.length * (copies.kafka + copies.sqs + copies.s3)
        if (startMb === 0) {
          await ways.drained()
          startMb = residentMb()
        }
      }
    }
    // Five by Kafka, two by SQS, three in files.
    await deliver({ kafka: 4, sqs: 1, s3: 2 })
    await ways.drained()
    expect(await found(ways.store)).toBe(size.events)
    await setClock({ store: ways.store, sql: (statement) => run(ways.url, statement) }, '13 days')
    await ways.store.maintain()
    await deliver({ kafka: 1, sqs: 1, s3: 1 })
    await ways.drained()
    const grown = residentMb() - startMb
    process.stdout.write(`${size.events} events in ${deliveries} deliveries: resident memory grew by ${grown.toFixed(1)} MB\n`)
    expect(deliveries).toBe(size.events * 10)
    expect(await found(ways.store)).toBe(size.events)
    expect(ways.line.facts.get('events duplicate')).toBeGreaterThanOrEqual(deliveries - size.events)
    expect(await ways.store.quarantine.count({})).toBe(0)
    // One alert a finding, whatever came how often.
    const [told] = await run<{ alerts: string; findings: string }>(
      ways.url,
      'select (select count(*) from alerts) as alerts, (select count(*) from findings) as findings',
    )
    expect(told?.alerts).toBe(told?.findings)
    // In a small run most of it is what the code itself needs.
    expect(grown).toBeLessThan(whole ? 20 : 80)
  })

  test('poison and giants on every way end in quarantine with their reason, and hold nothing up', async () => {
    await using ways = await openWays()
    const children = evaluatorsOf(process.pid)
    const each = Math.floor(size.poison / 3)
    const good = Array.from({ length: size.poison }, (_, index) => call(`good-${index}`))
    const body = (index: number): string => JSON.stringify(anEnvelope(good[index] as Record<string, unknown>))
    const delay = monitorEventLoopDelay({ resolution: 5 })
    await ways.kafka([body(0)])
    await ways.drained()
    delay.enable()
    for (let from = 0; from < each; from += 30) {
      const some = Array.from({ length: Math.min(30, each - from) }, (_, index) => from + index)
      await ways.kafka(some.flatMap((index) => [poison(`k${index}`, index, true, call), body(index)]))
      await ways.sqs(some.flatMap((index) => [poison(`s${index}`, index, false, call), body(each + index)]))
      for (const index of some)
        await ways.s3(poisonFile(`t${index}`, index, good[each * 2 + index] as Record<string, unknown>, call))
    }
    await ways.drained()
    delay.disable()
    const stall = delay.max / 1e6
    const reasons = Object.fromEntries((await ways.store.quarantine.tally()).map(({ reason, count }) => [reason, count]))
    process.stdout.write(
      `${each * 3} poisonous among ${each * 3} good: stalled ${stall.toFixed(0)} ms at most, ${JSON.stringify(reasons)}\n`,
    )
    expect(await ways.store.quarantine.count({})).toBe(each * 3)
    expect(Object.keys(reasons).toSorted()).toEqual([
      'not-an-event',
      'not-json',
      'object-too-large',
      'object-unreadable',
      'too-deep',
      'too-large',
      'too-many-nodes',
      'unknown-account',
    ])
    // Of the files only those that were read have a good record, each third.
    const goodFiles = Array.from({ length: each }, (_, index) => index).filter((index) => index % 3 === 0).length
    expect(await found(ways.store)).toBe(each * 2 + goodFiles)
    expect(evaluatorsOf(process.pid)).toEqual(children)
    expect(stall).toBeLessThan(whole ? 100 : 2_000)
  })

  test('a reader that is killed in the middle of a file leaves nothing out and tells nothing twice', async () => {
    const url = (await (postgres as Postgres).database()) ?? ''
    const QueueUrl = await queue(`killed-${process.pid}`)
    const records = Array.from({ length: size.file }, (_, index) => call(`killed-${index}`))
    await putFile(QueueUrl, keyOf('killed'), gzipSync(JSON.stringify({ Records: records })))
    const folder = await mkdtemp(join(tmpdir(), 'tripline-killed-'))
    const file = join(folder, 'tripline.yaml')
    const config = {
      sources: [{ s3: { queueUrl: QueueUrl, region, endpoint: moto.endpoint } }],
      accounts: [{ id: account, name: 'shop', regions: [region] }],
      aws: { roleName: 'TriplineAudit', externalId: 'journeys-external-id', endpoint: moto.endpoint },
      fallback: 'security',
      detections: [rules.path],
    }
    await writeFile(file, JSON.stringify(config))
    const store = await openStore({ url })
    const dying = startTripline(file, { DATABASE_URL: url }, ['--only', 'ingest'])
    let reading = dying
    try {
      const before = await until('the file is half read', async () => (await found(store)) || null, 60_000)
      await dying.kill()
      const left = await found(store)
      reading = startTripline(file, { DATABASE_URL: url }, ['--only', 'ingest'])
      await until('the whole file is read', async () => (await found(store)) >= size.file && (await empty(QueueUrl)), 120_000)
      process.stdout.write(
        `killed after ${left} of ${size.file} records (${before} were seen), all of them counted once in the end\n`,
      )
      expect(left).toBeLessThan(size.file)
      expect(await found(store)).toBe(size.file)
      expect(await reading.end()).toBe(0)
    } finally {
      await dying.kill()
      await reading.kill()
      await store[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    }
  })
})

type Call = (id: string, of?: string) => Record<string, unknown>

/** Six kinds, by turns, none like another. Giants are larger than SQS takes. */
function poison(id: string, index: number, giants: boolean, call: Call): string {
  const kinds = [
    () => `{"eventID":"${id}", cut off`,
    () => JSON.stringify({ ...call(id), eventName: 7 }),
    () => `${'['.repeat(2_000)}"${id}"${']'.repeat(2_000)}`,
    () => JSON.stringify({ ...call(id), requestParameters: { list: Array.from({ length: 50_001 }, () => 0) } }),
    () => JSON.stringify(call(id, '999999999999')),
    () => (giants ? `"${id} ${'é'.repeat(530_000)}"` : `\u0000${id}`),
  ]
  return (kinds[index % kinds.length] as () => string)()
}

/** Files: one whose one bad record stands beside a good one, one that is no whole gzip, one that unpacks to too much. */
function poisonFile(id: string, index: number, good: Record<string, unknown>, call: Call): Buffer {
  if (index % 3 === 0) return gzipSync(JSON.stringify({ Records: [call(id, '999999999999'), good] }))
  const text = gzipSync(JSON.stringify({ Records: [call(id)] }))
  return index % 3 === 1 ? text.subarray(0, text.length - 20) : bomb
}
const bomb = gzipSync(`{"Records":[${' '.repeat(40_000_000)}]}`)

function residentMb(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss() / 1_048_576
}

/** The Node.js processes that a process has started. */
function evaluatorsOf(pid: number): readonly string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return children.filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('processes/evaluator.ts'))
}
