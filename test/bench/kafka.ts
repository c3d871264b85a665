import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { gunzipSync } from 'node:zlib'
import kafkajs from 'kafkajs'
import { endedAlert, findingAlert, repeatedAlert, summaries } from '#alerting'
import { createEvaluator, type Evaluator } from '#detection'
import { decode, openKafkaSource, sessionOf, touches, type Source } from '#ingest'
import { createIntake, type Observe } from '#pipeline'
import { createBell } from '#runtime'
import { openStore, type Store } from '#store'
import type { Figure } from '../../services/cli/bench-command.ts'
import { placesOf } from '../../services/processes/run.ts'
import { startKafka, untilThere, type Broker } from '../support/kafka.ts'
import { startPostgres, type Postgres } from '../support/postgres.ts'
import { processorTimes, type ProcessorTimes } from '../support/processor.ts'
import { aRouter } from '../support/routing.ts'
import { until } from '../support/until.ts'

const fixtures = new URL('../fixtures/cloudtrail/', import.meta.url)
const topic = 'cloudtrail'
const partitions = 12
const copies = 96
const rounds = 3
const names = new Map([[process.pid, 'our process']])
/** Each copy of the recorded hours is of another account, and a partition's key is the account, as docs/kafka.md advises. */
const accounts = Array.from({ length: copies }, (_, index) => String(300_000_000_001 + index))

/**
 * Events a second from a broker through the whole intake (verified, the shipped rules run, written to PostgreSQL, committed) against a bare
 * kafkajs consumer that only parses, in turns over the same recorded events. Medians are told, and where the time goes.
 */
export async function bench(): Promise<{ name: string; figures: Figure[] }> {
  const [broker, postgres] = await Promise.all([startKafka(), startPostgres('the benchmark')])
  if (postgres === null) throw new Error('the benchmark needs PostgreSQL')
  try {
    const events = await fill(broker)
    const bare: number[] = []
    const whole: Run[] = []
    // The first round only warms up.
    for (let round = 0; round <= rounds; round += 1) {
      const parsed = await parseOnly(broker, events, `bare-${round}`)
      const run = await intake(broker, postgres, events, `intake-${round}`)
      process.stderr.write(`round ${round}: bare ${Math.round(parsed)} events/s, intake ${Math.round(run.perSecond)} events/s\n`)
      if (round === 0) continue
      bare.push(parsed)
      whole.push(run)
    }
    const ratios = whole.map(({ perSecond }, index) => perSecond / (bare[index] ?? Number.NaN))
    const run = whole.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(whole.length / 2)] as Run
    const share = (run.effects / events) * 100
    const of = `a bare kafkajs consumer that parses (${Math.round(median(bare))} events/s); ${events} recorded events, ${share.toFixed(0)} % with an effect; ${cpus().length} cores, which the broker and PostgreSQL share`
    const figures: Figure[] = [
      {
        name: `through the whole intake: ${Math.round(run.perSecond)} events/s`,
        value: median(ratios),
        unit: 'times',
        of,
        aim: '0.25',
      },
      ...run.spent.map(({ name, ms }) => ({ name, value: (ms * 1_000) / events, unit: 'µs an event', of: 'processor time' })),
      ...run.waits.map(({ name, ms, calls }) => ({
        name,
        value: ms / calls,
        unit: 'ms a call',
        of: `elapsed time, ${calls} calls of ${Math.round(events / run.batches)} events in the mean`,
      })),
    ]
    return { name: 'kafka', figures }
  } finally {
    await Promise.all([broker.stop(), postgres.stop()])
  }
}

/** Fills the topic with the recorded events, a copy of them for each account; returns how many there are. */
async function fill(broker: Broker): Promise<number> {
  await broker.admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }] })
  await untilThere(broker.admin, topic)
  const samples = await readSamples()
  const recorded = String(samples[0]?.['recipientAccountId'])
  const producer = broker.client.producer()
  await producer.connect()
  const time = new Date(Date.now() - 60_000).toISOString()
  let sent = 0
  for (const [index, account] of accounts.entries()) {
    const messages = samples.map((sample) => {
      const text = JSON.stringify({ ...sample, eventID: randomUUID(), eventTime: `${time.slice(0, 19)}Z` })
      // Keys of sessions are of one account too.
      const value = text.replaceAll(recorded, account).replaceAll(/(A[SK]IA)..../gu, `$1${account.slice(-4)}`)
      return { key: account, value, partition: index % partitions }
    })
    await producer.send({ topic, messages })
    sent += messages.length
  }
  await producer.disconnect()
  return sent
}

async function readSamples(): Promise<readonly Record<string, unknown>[]> {
  const files = (await readdir(fixtures)).filter((file) => file.endsWith('.json.gz')).toSorted()
  const texts = await Promise.all(files.map(async (file) => gunzipSync(await readFile(new URL(file, fixtures))).toString()))
  return texts.flatMap((text) => (JSON.parse(text) as { Records: Record<string, unknown>[] }).Records)
}

/** What one would write with kafkajs alone: every message of every batch is parsed, offsets are committed now and then. */
async function parseOnly(broker: Broker, events: number, groupId: string): Promise<number> {
  const client = new kafkajs.Kafka({ clientId: 'bare', brokers: [...broker.brokers], logLevel: kafkajs.logLevel.NOTHING })
  const consumer = client.consumer({ groupId })
  let [parsed, from, to] = [0, 0, 0]
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    eachBatch({ batch }) {
      from ||= performance.now()
      for (const { value } of batch.messages) if (JSON.parse(String(value)) !== null) parsed += 1
      to = performance.now()
      return Promise.resolve()
    },
  })
  await until('all are parsed', () => parsed >= events, 120_000)
  await consumer.disconnect()
  return (events * 1_000) / (to - from)
}

interface Run {
  readonly perSecond: number
  readonly effects: number
  readonly batches: number
  /** Processor time by process. */
  readonly spent: readonly { readonly name: string; readonly ms: number }[]
  /** What a handler call waits for, by step. */
  readonly waits: readonly { readonly name: string; readonly ms: number; readonly calls: number }[]
}

async function intake(broker: Broker, postgres: Postgres, events: number, groupId: string): Promise<Run> {
  await using store = await openStore({ url: await postgres.database() })
  const trust = { accounts, regions: null, times: 'checked' } as const
  await using evaluator = await createEvaluator({ folders: ['rules', 'policies'], trust })
  const clock = createStopwatch()
  let effects = 0
  const observe: Observe = {
    events: (outcome, count) => (effects += outcome === 'touched' || outcome === 'matched' ? count : 0),
    quarantined(reason) {
      throw new Error(`quarantined: ${reason}`)
    },
    fetched: () => undefined,
    fetchFailed: () => undefined,
    detectionFailed: () => undefined,
    delivered: () => undefined,
  }
  const judgeBodies: Evaluator['judgeBodies'] = (bodies) => clock.time('the evaluator', evaluator.judgeBodies(bodies))
  const timed: Evaluator = { ...evaluator, judgeBodies }
  const handle = createIntake({
    store: timedStore(store, clock),
    evaluators: { lend: (work) => work(timed) },
    trust,
    decode,
    touches,
    sessionOf,
    tell: { route: aRouter({ fallback: 'operators' }), findingAlert, endedAlert, repeatedAlert, summaries },
    places: placesOf({ accounts: [] }),
    bells: { refresh: createBell(), deliver: createBell(), scan: createBell() },
    observe,
    source: 'bench',
  })
  const stop = new AbortController()
  const source: Source = openKafkaSource({ brokers: broker.brokers, groupId, topics: [topic] })
  let [from, batches, handled] = [0, 0, 0]
  let before: ProcessorTimes | null = null
  const running = source.run(async (batch) => {
    from ||= performance.now()
    before ??= processorTimes(names)
    const failed = await clock.time('a handler call', handle(batch))
    batches += 1
    handled += batch.length - failed.size
    return failed
  }, stop.signal)
  await until('all are handled', () => handled >= events, 300_000)
  await until('all is committed', async () => {
    const [found] = await broker.admin.fetchOffsets({ groupId, topics: [topic] })
    return (found?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0) >= events
  })
  const to = performance.now()
  const spent = processorTimes(names).since(before ?? processorTimes(names))
  stop.abort()
  await running
  return { perSecond: (events * 1_000) / (to - from), effects, batches, spent, waits: clock.said() }
}

interface Stopwatch {
  time<T>(name: string, work: Promise<T>): Promise<T>
  said(): Run['waits']
}

function createStopwatch(): Stopwatch {
  const spent = new Map<string, { ms: number; calls: number }>()
  return {
    async time(name, work) {
      const begun = performance.now()
      try {
        return await work
      } finally {
        const so = spent.get(name) ?? { ms: 0, calls: 0 }
        spent.set(name, { ms: so.ms + performance.now() - begun, calls: so.calls + 1 })
      }
    },
    said: () => [...spent].map(([name, { ms, calls }]) => ({ name, ms, calls })),
  }
}

function timedStore(store: Store, clock: Stopwatch): Store {
  return { ...store, transaction: (work) => clock.time('a transaction', store.transaction(work)) }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
