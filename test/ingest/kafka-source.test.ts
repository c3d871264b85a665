import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inspectKafka, openKafkaSource, type BatchHandler, type KafkaSourceOptions, type Message } from '#ingest'
import { needKafka, startKafka, untilThere, type Broker } from '../support/kafka.ts'
import { until } from '../support/until.ts'

const { CompressionCodecs, CompressionTypes } = kafkajs
const title = 'a Kafka source against Apache Kafka 4'
const stuckMs = process.env['TRIPLINE_JOURNEYS'] === 'whole' ? 15_000 : 8_000
const taken: BatchHandler = () => Promise.resolve(new Set())
const numbers = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `body ${index}`)

describe.runIf(needKafka(title))(title, () => {
  let broker: Broker
  let made = 0
  beforeAll(async () => {
    broker = await startKafka()
  })
  afterAll(() => broker.stop())

  async function topic(numPartitions = 1, config: Record<string, string> = {}): Promise<string> {
    made += 1
    const name = `topic-${process.pid}-${made}`
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }))
    await broker.admin.createTopics({ topics: [{ topic: name, numPartitions, replicationFactor: 1, configEntries }] })
    await untilThere(broker.admin, name)
    return name
  }

  async function send(
    to: string,
    values: readonly (string | null)[],
    more: { partition?: number; key?: string } = {},
  ): Promise<void> {
    const producer = broker.client.producer()
    await producer.connect()
    await producer.send({ topic: to, messages: values.map((value) => ({ value, partition: 0, ...more })) })
    await producer.disconnect()
  }

  /** What the group has committed, by partition; -1 for nothing. */
  async function committed(of: string): Promise<readonly number[]> {
    const [found] = await broker.admin.fetchOffsets({ groupId: `group-${of}`, topics: [of] })
    return (found?.partitions ?? []).toSorted((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset))
  }

  /** A source at work; disposing it stops it and waits for its end. */
  function run(of: string, handle: BatchHandler, options: Partial<KafkaSourceOptions> = {}) {
    const stop = new AbortController()
    const source = openKafkaSource({ brokers: broker.brokers, groupId: `group-${of}`, topics: [of], ...options })
    const ended = source.run(handle, stop.signal)
    const end = async (): Promise<void> => {
      stop.abort()
      await ended
    }
    return { source, stop: end, [Symbol.asyncDispose]: end }
  }

  test('hands over every message once, what came before the group too, and commits after the handler', async () => {
    const name = await topic(3)
    for (const partition of [0, 1, 2]) await send(name, numbers(50), { partition })
    const seen: string[] = []
    await using _ = run(name, (batch) => {
      seen.push(...batch.map(({ id }) => id))
      return taken(batch)
    })
    await until('all is committed', async () => (await committed(name)).every((offset) => offset === 50))
    expect(new Set(seen).size).toBe(150)
    expect(seen.length).toBe(150)
  })

  test('commits nothing while the handler is at work, and a stopped source loses nothing', async () => {
    const name = await topic()
    await send(name, ['one'])
    const gate = Promise.withResolvers<ReadonlySet<string>>()
    const called = Promise.withResolvers<void>()
    const first = run(
      name,
      () => {
        called.resolve()
        return gate.promise
      },
      { drainMs: 500 },
    )
    await called.promise
    const begun = performance.now()
    await first.stop()
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect((await committed(name))[0]).toBeLessThan(1)
    gate.resolve(new Set())
    const seen: string[] = []
    await using _ = run(name, (batch) => {
      seen.push(...batch.map(({ body }) => body))
      return taken(batch)
    })
    await until('it is committed', async () => (await committed(name))[0] === 1)
    expect(seen).toEqual(['one'])
  })

  test('on stop it finishes what runs and commits it', async () => {
    const name = await topic()
    await send(name, ['slow'])
    const gate = Promise.withResolvers<ReadonlySet<string>>()
    const called = Promise.withResolvers<void>()
    const running = run(name, () => {
      called.resolve()
      return gate.promise
    })
    await called.promise
    const stopped = running.stop()
    gate.resolve(new Set())
    await stopped
    expect(await committed(name)).toEqual([1])
  })

  test('a named message comes again and holds the commit, and the others go on', async () => {
    const name = await topic()
    await send(name, ['good', 'bad', 'fine'])
    const seen: Message[] = []
    let isBad = true
    await using _ = run(name, (batch) => {
      seen.push(...batch)
      return Promise.resolve(new Set(batch.filter(({ body }) => body === 'bad' && isBad).map(({ id }) => id)))
    })
    await until('the bad one has come again', () => seen.filter(({ body }) => body === 'bad').length >= 2)
    await send(name, ['later'])
    await until('the later one is handled', () => seen.some(({ body }) => body === 'later'))
    expect(await committed(name)).toEqual([1])
    isBad = false
    await until('all is committed', async () => (await committed(name))[0] === 4)
    expect(seen.filter(({ body }) => body === 'bad').map(({ attempt }) => attempt)).toEqual(
      seen.filter(({ body }) => body === 'bad').map((_each, index) => index + 1),
    )
    expect(seen.filter(({ body }) => body !== 'bad').map(({ body }) => body)).toEqual(['good', 'fine', 'later'])
  })

  test('a failed handler loses nothing, however often it fails', async () => {
    const name = await topic()
    await send(name, ['poison'])
    let calls = 0
    await using _ = run(
      name,
      (batch) => {
        calls += 1
        return calls < 4 ? Promise.reject(new Error('unknown')) : taken(batch)
      },
      { maxRetrySeconds: 1 },
    )
    await until('it is committed', async () => (await committed(name))[0] === 1)
    expect(calls).toBe(4)
  })

  test('holds no more of a partition than it may while its handler is slow, and all of it in the end', async () => {
    const name = await topic()
    await send(name, numbers(300))
    const gate = Promise.withResolvers<void>()
    let handed = 0
    await using _ = run(
      name,
      async (batch) => {
        handed += batch.length
        await gate.promise
        return new Set()
      },
      { maxHeld: 20, batchSize: 10 },
    )
    await until('the first call', () => handed > 0)
    gate.resolve()
    await until('all is committed', async () => (await committed(name))[0] === 300)
    expect(handed).toBe(300)
  })

  test.each(['gzip', 'snappy', 'lz4', 'zstd'])('reads what the broker has packed with %s', async (codec) => {
    const name = await topic(1, { 'compression.type': codec })
    const bodies = Array.from(
      { length: 400 },
      (_, index) => `${index} ${'abc'.repeat(index % 90)} ${Math.sin(index)} ${'é'.repeat(index)}`,
    )
    await send(name, bodies)
    await send(name, ['short'])
    const seen: string[] = []
    await using _ = run(name, (batch) => {
      seen.push(...batch.map(({ body }) => body))
      return taken(batch)
    })
    await until('all is committed', async () => (await committed(name))[0] === 401)
    expect(seen).toEqual([...bodies, 'short'])
  })

  test('messages name the accounts that their topic and key are bound to, and the log that their topic carries', async () => {
    const name = await topic()
    await send(name, ['a'], { key: 'shop' })
    await send(name, ['b'], { key: 'bank' })
    await send(name, ['c'])
    const seen: Message[] = []
    const accountsByKey = { shop: ['111111111111'], bank: ['222222222222'] }
    await using _ = run(
      name,
      (batch) => {
        seen.push(...batch)
        return taken(batch)
      },
      { accountsByTopic: { [name]: ['111111111111'] }, accountsByKey, logTypesByTopic: { [name]: 'AWS.VPCFlow' } },
    )
    await until('all are there', () => seen.length === 3)
    expect(seen.map(({ only }) => only?.accounts)).toEqual([['111111111111'], [], []])
    expect(seen[2]?.only?.by).toBe(`topic ${name}, no key`)
    expect(seen.map(({ only }) => only?.carries)).toEqual([
      { logType: 'AWS.VPCFlow', accountId: '111111111111' },
      { logType: 'AWS.VPCFlow' },
      { logType: 'AWS.VPCFlow' },
    ])
  })

  test('a handler that is stuck for long on one of 12 partitions holds no other', { timeout: 90_000 }, async () => {
    const name = await topic(12)
    const producer = broker.client.producer()
    await producer.connect()
    const sentAt = new Map<string, number>()
    const waits: number[] = []
    const freed = new AbortController()
    const handled = new Set<string>()
    await using _ = run(name, async (batch) => {
      if (batch.some(({ body }) => body === 'stuck')) {
        await new Promise((resolve) => setTimeout(resolve, stuckMs))
        freed.abort()
      }
      for (const { body, id } of batch) {
        handled.add(body)
        const sent = sentAt.get(body)
        if (sent !== undefined && id.split('/')[1] !== '5') waits.push(performance.now() - sent)
      }
      return new Set()
    })
    await producer.send({
      topic: name,
      messages: Array.from({ length: 12 }, (_each, partition) => ({ value: `first ${partition}`, partition })),
    })
    await until('all partitions are read', () => handled.size === 12)
    await producer.send({ topic: name, messages: [{ value: 'stuck', partition: 5 }] })
    let sent = 0
    while (!freed.signal.aborted) {
      // Sixteen a round, the stuck partition among them.
      const messages = Array.from({ length: 16 }, (_each, index) => ({ value: `m${(sent += 1)}`, partition: index % 12 }))
      for (const { value } of messages) sentAt.set(value, performance.now())
      await producer.send({ topic: name, messages })
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await until('all is handled', () => handled.size === sent + 13)
    await producer.disconnect()
    waits.sort((a, b) => a - b)
    const [p50, p99, most] = [0.5, 0.99, 1].map((part) => Math.round(waits[Math.ceil(waits.length * part) - 1] ?? 0))
    process.stderr.write(
      `12 partitions, one stuck for ${stuckMs} ms: the other 11 p50 ${p50} ms, p99 ${p99} ms, max ${most} ms (${waits.length})\n`,
    )
    expect(waits.length).toBeGreaterThan(100)
    expect(most).toBeLessThan(stuckMs * 0.75)
  })

  test('a batch that unpacks to too much is told of message by message, and the next ones come', async () => {
    const name = await topic()
    await sendPacked(name, ['x'.repeat(70 * 1_048_576), 'its neighbour'])
    await send(name, ['after'])
    const seen: string[] = []
    await using _ = run(name, (batch) => {
      seen.push(...batch.map(({ body }) => body))
      return taken(batch)
    })
    await until('all is committed', async () => (await committed(name))[0] === 3)
    expect(seen).toEqual([expect.stringContaining('unreadable: '), expect.stringContaining('unreadable: '), 'after'])
  })

  test('an inspection says what is there, and what is not', async () => {
    const name = await topic(3)
    expect(await inspectKafka({ brokers: broker.brokers }, [name])).toEqual({ brokers: 1, partitions: { [name]: 3 } })
    await expect(inspectKafka({ brokers: broker.brokers }, ['no-such-topic'])).rejects.toThrow('does not host this topic')
    await expect(inspectKafka({ brokers: ['127.0.0.1:9'] }, [name])).rejects.toThrow('ECONNREFUSED')
  })

  test('waits for a topic that is not there, and is not healthy meanwhile', async () => {
    const name = `later-${process.pid}`
    const seen: string[] = []
    await using running = run(name, (batch) => {
      seen.push(...batch.map(({ body }) => body))
      return taken(batch)
    })
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(running.source.healthy()).toBe(false)
    await broker.admin.createTopics({ topics: [{ topic: name, numPartitions: 1, replicationFactor: 1 }] })
    await send(name, ['there'])
    await until('it is read', () => seen.includes('there'))
    expect(running.source.healthy()).toBe(true)
  })

  test('reads on from what is left when the broker has let go of what was next', async () => {
    const name = await topic()
    await send(name, numbers(10))
    await broker.admin.setOffsets({ groupId: `group-${name}`, topic: name, partitions: [{ partition: 0, offset: '2' }] })
    await broker.admin.deleteTopicRecords({ topic: name, partitions: [{ partition: 0, offset: '5' }] })
    const seen: string[] = []
    await using _ = run(name, (batch) => {
      seen.push(...batch.map(({ body }) => body))
      return taken(batch)
    })
    await until('all is committed', async () => (await committed(name))[0] === 10)
    expect(seen).toEqual(numbers(10).slice(5))
  })

  describe.runIf(process.env['KAFKA_BROKERS'] === undefined)('with logins', () => {
    test.each([
      ['scram-sha-256', false],
      ['scram-sha-512', false],
      ['plain', true],
    ] as const)('logs in by %s (TLS: %s)', async (mechanism, tls) => {
      const { logins } = broker
      if (logins === null) throw new Error('no logins')
      const name = await topic()
      await send(name, ['one'])
      const seen: string[] = []
      const options = {
        brokers: [tls ? logins.tls : logins.scram],
        ...(tls ? { ssl: { ca: logins.ca } } : {}),
        sasl: { mechanism, username: 'alice', password: logins.password },
      }
      await using _ = run(
        name,
        (batch) => {
          seen.push(...batch.map(({ body }) => body))
          return taken(batch)
        },
        options,
      )
      await until('it is read', () => seen.length === 1)
    })

    test('a wrong password keeps trying, is not healthy and stops at once', async () => {
      const name = await topic()
      const sasl = { mechanism: 'scram-sha-256', username: 'alice', password: 'wrong' } as const
      const running = run(name, taken, { brokers: [broker.logins?.scram ?? ''], sasl })
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      expect(running.source.healthy()).toBe(false)
      const begun = performance.now()
      await running.stop()
      expect(performance.now() - begun).toBeLessThan(10_000)
    })
  })

  /** Sends a batch in gzip; what the source brings to kafkajs only reads. */
  async function sendPacked(to: string, values: readonly string[]): Promise<void> {
    const before = CompressionCodecs[CompressionTypes.GZIP]
    CompressionCodecs[CompressionTypes.GZIP] = () =>
      ({ compress: ({ buffer }: { buffer: Buffer }) => promisify(gzip)(buffer) }) as never
    const producer = broker.client.producer()
    await producer.connect()
    try {
      await producer.send({
        topic: to,
        compression: CompressionTypes.GZIP,
        messages: values.map((value) => ({ value, partition: 0 })),
      })
    } finally {
      CompressionCodecs[CompressionTypes.GZIP] = before
      await producer.disconnect()
    }
  }
})
