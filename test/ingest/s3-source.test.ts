import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { createGzip, gzipSync } from 'node:zlib'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openS3Source, readLogSchemas, type BatchHandler, type Message, type S3SourceOptions } from '#ingest'
import { createIntake, retryQuarantined } from '#pipeline'
import { openNotificationReader } from '../../services/ingest/s3-source.ts'
import { account, aFolder, aRule } from '../detection/world.ts'
import { freshStore } from '../support/database.ts'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { startInnerLine } from '../support/inner-line.ts'
import { needMoto, startMoto, type Moto } from '../support/moto.ts'
import { aRecord, anEnvelope } from '../support/records.ts'
import { until } from '../support/until.ts'

const region = 'us-east-1'
const bucket = 'org-trail'
const title = 'the S3 source against moto'

process.env['AWS_ACCESS_KEY_ID'] = 'testing'
process.env['AWS_SECRET_ACCESS_KEY'] = 'testing'

describe.runIf(needMoto(title))(title, { timeout: 120_000 }, () => {
  let moto: Moto
  let proxy: FaultProxy
  let s3: S3Client
  let sqs: SQSClient
  let queueUrl: string
  let made = 0

  beforeAll(async () => {
    moto = await startMoto()
    proxy = await startFaultProxy(moto.endpoint)
    s3 = new S3Client({ endpoint: moto.endpoint, region, forcePathStyle: true })
    sqs = new SQSClient({ endpoint: moto.endpoint, region })
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  })
  beforeEach(async () => {
    proxy.clear()
    made += 1
    const Attributes = { VisibilityTimeout: '3' }
    queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: `trail-${made}`, Attributes }))).QueueUrl ?? ''
  })
  afterAll(async () => {
    s3.destroy()
    sqs.destroy()
    await proxy.stop()
    await moto.stop()
  })

  const keyOf = (name: string, kind = 'CloudTrail'): string =>
    `AWSLogs/o-abc1234567/${account}/${kind}/${region}/2026/11/21/${name}.json.gz`
  const call = (id: string): Record<string, unknown> =>
    aRecord({ account, source: 'ec2.amazonaws.com', name: 'RunInstances', id, extra: { readOnly: true } })
  const packed = (records: readonly unknown[]): Buffer => gzipSync(JSON.stringify({ Records: records }))
  const put = async (Key: string, Body: Buffer): Promise<void> => {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))
  }
  const notice = (key: string, name = 'ObjectCreated:Put'): unknown => ({
    Records: [{ eventSource: 'aws:s3', eventName: name, s3: { bucket: { name: bucket }, object: { key } } }],
  })
  const send = async (message: unknown): Promise<void> => {
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) }))
  }
  const empty = async (): Promise<boolean> => {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }))
    return names.every((name) => Attributes?.[name] === '0')
  }
  const optionsOf = (own: Partial<S3SourceOptions> = {}): S3SourceOptions => ({
    queueUrl,
    region,
    endpoint: moto.endpoint,
    waitSeconds: 1,
    visibilitySeconds: 3,
    maxRetrySeconds: 1,
    ...own,
  })
  /** A source at work until its queue is empty. */
  const drain = async (handle: BatchHandler, own: Partial<S3SourceOptions> = {}): Promise<void> => {
    const stop = new AbortController()
    const ended = openS3Source(optionsOf(own)).run(handle, stop.signal)
    // Between two of its counts moto lets a message come back: empty is what is so twice.
    await until('an empty queue', async () => (await empty()) && (await wait(200, true)) && (await empty()), 90_000)
    stop.abort()
    await ended
  }
  /** Takes everything; what it was handed stands in `seen`. */
  const collector = (): { seen: Message[]; handle: BatchHandler } => {
    const seen: Message[] = []
    const handle: BatchHandler = (batch) => {
      seen.push(...batch)
      return Promise.resolve(new Set())
    }
    return { seen, handle }
  }
  const idsOf = (seen: readonly Message[]): readonly string[] =>
    seen.map(({ body }) => String((JSON.parse(body) as Record<string, unknown>)['eventID'])).toSorted()

  test('reads other logs by the beginnings of their keys, line by line, with whose they are and from where', async () => {
    const schemas = await readLogSchemas(['services/ingest/schemas'])
    const named = (prefix: string, name: string) => schemas.flatMap((schema) => (schema.name === name ? [{ prefix, schema }] : []))
    const byPrefix = [...named('logs/s3/', 'AWS.S3ServerAccess'), ...named('AWSLogs/', 'AWS.VPCFlow')]
    const flow = await readFile('test/fixtures/logs/vpc-flow.log')
    const flowKey = `AWSLogs/${account}/vpcflowlogs/eu-west-1/2026/11/21/${account}_vpcflowlogs_eu-west-1_fl-1.log.gz`
    await put(flowKey, gzipSync(flow))
    await put('logs/s3/2026-11-21-00-00-38-EXAMPLE', await readFile('test/fixtures/logs/s3-access.log'))
    await put('logs/other/1', Buffer.from('x'))
    for (const key of [flowKey, 'logs/s3/2026-11-21-00-00-38-EXAMPLE', 'logs/other/1', 'logs/s3/']) await send(notice(key))
    const { seen, handle } = collector()
    await drain(handle, { logs: { accounts: [account], byPrefix } })
    const carried = Map.groupBy(seen, ({ only }) => `${only?.by} ${only?.carries?.accountId} ${only?.carries?.region}`)
    expect([...carried].map(([what, messages]) => `${what}: ${messages.length}`).toSorted()).toEqual([
      `prefix AWSLogs/ ${account} eu-west-1: 4`,
      `prefix logs/s3/ ${account} undefined: 2`,
    ])
    const [header = '', first = ''] = flow.toString().split('\n')
    expect(seen.map(({ body }) => body)).toContain(`${header}\n${first}`)
  })

  test('reads the objects of every kind of notification, and skips in silence what is no CloudTrail file', async () => {
    const wrapped = (message: unknown): unknown => ({ Type: 'Notification', TopicArn: 't', Message: JSON.stringify(message) })
    const ofBus = (key: string): unknown => ({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name: bucket }, object: { key } },
    })
    for (const name of ['a', 'b', 'c', 'd', 'e']) await put(keyOf(name), packed([call(`${name}1`), call(`${name}2`)]))
    await put(keyOf('digest', 'CloudTrail-Digest'), gzipSync('{"digest":1}'))
    await send(notice(keyOf('a')))
    await send(wrapped(notice(keyOf('b'))))
    await send(ofBus(keyOf('c')))
    await send(wrapped(ofBus(keyOf('d'))))
    await send(wrapped({ s3Bucket: bucket, s3ObjectKey: [keyOf('e')] }))
    await send(notice(keyOf('digest', 'CloudTrail-Digest')))
    await send(notice(keyOf('a'), 'ObjectRemoved:Delete'))
    await send({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: bucket })
    await send({ hello: 'world' })
    const { seen, handle } = collector()
    await drain(handle, { buckets: [bucket] })
    const records = seen.filter(({ refused }) => refused === undefined)
    expect(idsOf(records)).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'd1', 'd2', 'e1', 'e2'])
    expect(seen.flatMap(({ refused }) => refused?.reason ?? [])).toEqual(['not-a-notification'])
  })

  test('only of the buckets that are named', async () => {
    await send(notice(keyOf('a')))
    const { seen, handle } = collector()
    await drain(handle, { buckets: ['another'] })
    expect(seen).toMatchObject([{ refused: { reason: 'not-a-notification', detail: expect.stringContaining(bucket) as string } }])
  })

  test('a file of 50,000 records in 20 MB is streamed with little memory, and hidden for as long as it takes', async () => {
    const count = 50_000
    const file = await largeFile(count, call)
    await put(keyOf('large'), file)
    await send(notice(keyOf('large')))
    const used = (): number => {
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }
    const before = used()
    let [most, records, letters, slow] = [before, 0, 0, 0]
    const sampling = setInterval(() => (most = Math.max(most, used())), 10)
    const begun = performance.now()
    await drain(async (batch) => {
      most = Math.max(most, used())
      records += batch.length
      for (const { body } of batch) letters += body.length
      // Longer than the visibility of its notification.
      if (slow < 20) await wait(200)
      slow += 1
      return new Set()
    })
    clearInterval(sampling)
    const grown = (most - before) / 1024 / 1024
    const seconds = (performance.now() - begun) / 1_000
    process.stdout.write(
      `${records} records, ${(file.length / 1e6).toFixed(0)} MB packed, ${(letters / 1e6).toFixed(0)} MB unpacked, in ${seconds.toFixed(1)} s; heap and buffers grew by ${grown.toFixed(0)} MB at most, resident ${(process.memoryUsage.rss() / 1024 / 1024).toFixed(0)} MB\n`,
    )
    expect(records).toBe(count)
    expect(grown).toBeLessThan(120)
  })

  test('a gzip bomb is refused at once', async () => {
    await put(keyOf('bomb'), gzipSync(`{"Records":[${' '.repeat(200_000_000)}]}`))
    await send(notice(keyOf('bomb')))
    const { seen, handle } = collector()
    await drain(handle)
    expect(seen).toMatchObject([
      { refused: { reason: 'object-too-large', detail: expect.stringContaining('allowed: 100 times') as string } },
    ])
  })

  test('an object that is not there, may not be read, or is cut off is tried again, then told apart', async () => {
    await put(keyOf('cut'), packed([call('cut')]).subarray(0, 40))
    for (const name of ['missing', 'cut']) await send(notice(keyOf(name)))
    const { seen, handle } = collector()
    await drain(handle)
    expect(seen.map(({ refused }) => String(refused?.reason)).toSorted()).toEqual(['object-missing', 'object-unreadable'])

    // The proxy passes text only.
    const late = keyOf('late').replace('.gz', '')
    await put(late, Buffer.from(JSON.stringify({ Records: [call('late')] })))
    await send(notice(late))
    proxy.inject({ service: 's3' }, { kind: 'denied' }, 1)
    const second = collector()
    await drain(second.handle, { bucketEndpoint: proxy.endpoint })
    expect(idsOf(second.seen)).toEqual(['late'])

    await send(notice(late))
    proxy.inject({ service: 's3' }, { kind: 'denied' })
    const third = collector()
    await drain(third.handle, { bucketEndpoint: proxy.endpoint })
    expect(third.seen).toMatchObject([{ refused: { reason: 'object-denied' } }])
  })

  test('what came by the fast path, by a reader that died in the middle and by another has its effects once', async () => {
    const count = 1_000
    await using store = await freshStore()
    await using rules = await aFolder({ 'rule.ts': aRule('Rule', 'return true') })
    await using line = await startInnerLine({
      endpoint: moto.endpoint,
      accounts: [{ id: account, regions: [region] }],
      types: ['AWS.S3.Bucket'],
      folders: [rules.path],
      workers: [],
      store,
    })
    const intake = createIntake({ ...line.parts, source: queueUrl })
    const records = Array.from({ length: count }, (_, index) => call(`event-${index}`))
    await intake(
      records
        .slice(0, 50)
        .map((each, index) => ({ id: String(index), body: JSON.stringify(anEnvelope(each)), receivedAt: new Date() })),
    )
    const found = async (): Promise<number> => (await store.findings.list({}, 10)).reduce((sum, each) => sum + each.count, 0)
    expect(await found()).toBe(50)

    await put(keyOf('all'), packed(records))
    await send(notice(keyOf('all')))
    const stop = new AbortController()
    let batches = 0
    const dying: BatchHandler = async (batch) => {
      batches += 1
      if (batches <= 2) return intake(batch)
      stop.abort()
      return new Promise(() => undefined)
    }
    await openS3Source(optionsOf({ drainMs: 100 })).run(dying, stop.signal)
    expect(await found()).toBe(400)
    expect(await empty()).toBe(false)
    await drain(intake)
    expect(await found()).toBe(count)
    expect(await store.quarantine.count({})).toBe(0)
  })

  test('a notification in quarantine is retried once its object may be read', async () => {
    await using store = await freshStore()
    await using rules = await aFolder({ 'rule.ts': aRule('Rule', 'return true') })
    const accounts = [{ id: account, regions: [region] }]
    await using line = await startInnerLine({
      endpoint: moto.endpoint,
      accounts,
      types: ['AWS.S3.Bucket'],
      folders: [rules.path],
      workers: [],
      store,
    })
    const shut = keyOf('shut').replace('.gz', '')
    await put(shut, Buffer.from(JSON.stringify({ Records: [call('shut')] })))
    await send(notice(shut))
    proxy.inject({ service: 's3' }, { kind: 'denied' })
    await drain(createIntake({ ...line.parts, source: queueUrl }), { bucketEndpoint: proxy.endpoint })
    const retry = async () => {
      const [row] = await store.quarantine.list(10)
      if (row === undefined) throw new Error('nothing to retry')
      await using reader = await openNotificationReader(optionsOf({ bucketEndpoint: proxy.endpoint }), new AbortController().signal)
      return retryQuarantined(line.parts, row, reader.reads)
    }
    expect(await retry()).toMatchObject({ outcome: 'kept', why: expect.stringContaining('object-denied') as string })
    proxy.clear()
    expect(await retry()).toEqual({ outcome: 'taken', why: '' })
    expect(await store.quarantine.count({})).toBe(0)
    expect(await store.findings.list({}, 10)).toMatchObject([{ detectionId: 'Rule', count: 1 }])
  })
})

/** A CloudTrail file whose records hold what does not pack. */
async function largeFile(count: number, call: (id: string) => Record<string, unknown>): Promise<Buffer> {
  const gzip = createGzip({ level: 1 })
  const chunks: Buffer[] = []
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise((resolve) => gzip.on('end', resolve))
  gzip.write('{"Records":[')
  for (let index = 0; index < count; index += 1) {
    const record = { ...call(`large-${index}`), requestParameters: { data: randomBytes(350).toString('base64') } }
    if (!gzip.write(`${index === 0 ? '' : ','}${JSON.stringify(record)}`))
      await new Promise((resolve) => gzip.once('drain', resolve))
  }
  gzip.end(']}')
  await ended
  return Buffer.concat(chunks)
}
