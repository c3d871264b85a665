import { CreateQueueCommand, ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { startFauxqs, type FauxqsServer } from 'fauxqs'
import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openSqsSource, type BatchHandler, type Message, type SqsSourceOptions } from '#ingest'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { needMoto, credentialsOf, startMoto } from '../support/moto.ts'
import { until } from '../support/until.ts'

process.env['AWS_ACCESS_KEY_ID'] = 'testing'
process.env['AWS_SECRET_ACCESS_KEY'] = 'testing'

let server: FauxqsServer
let client: SQSClient
let made = 0
let queue: { name: string; url: string }

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false })
  client = new SQSClient({ region: 'us-east-1', endpoint: server.address })
})
afterAll(async () => {
  client.destroy()
  await server.stop()
})
beforeEach(() => {
  made += 1
  queue = { name: `queue-${made}`, url: server.createQueue(`queue-${made}`).queueUrl }
})

const taken: BatchHandler = () => Promise.resolve(new Set())

async function send(bodies: readonly string[]): Promise<void> {
  for (let at = 0; at < bodies.length; at += 10) {
    const Entries = bodies.slice(at, at + 10).map((MessageBody, index) => ({ Id: String(index), MessageBody }))
    await client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }))
  }
}

/** How many messages are in the queue, waiting or handed out. */
function left(): number {
  const { ready, delayed, inflight } = server.inspectQueue(queue.name)?.messages ?? { ready: [], delayed: [], inflight: [] }
  return ready.length + delayed.length + inflight.length
}

/** A source at work; disposing it stops it and waits for its end. */
function run(handle: BatchHandler, options: Partial<SqsSourceOptions> = {}) {
  const stop = new AbortController()
  const source = openSqsSource({ queueUrl: queue.url, region: 'us-east-1', endpoint: server.address, waitSeconds: 1, ...options })
  const ended = source.run(handle, stop.signal)
  return {
    source,
    async stop() {
      stop.abort()
      await ended
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await ended
    },
  }
}

const numbers = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `body ${index}`)

describe('an SQS source', () => {
  test('hands over every message once and deletes it after the handler', async () => {
    await send(numbers(95))
    const seen: string[] = []
    await using _ = run((batch) => {
      expect(new Set(batch.map(({ id }) => id)).size).toBe(batch.length)
      seen.push(...batch.map(({ body }) => body))
      return taken(batch)
    })
    await until('an empty queue', () => left() === 0)
    expect(seen.toSorted()).toEqual(numbers(95).toSorted())
  })

  test('deletes nothing while the handler is at work', async () => {
    await send(['one'])
    const gate = Promise.withResolvers<ReadonlySet<string>>()
    const called = Promise.withResolvers<void>()
    await using _ = run(() => {
      called.resolve()
      return gate.promise
    })
    await called.promise
    expect(left()).toBe(1)
    gate.resolve(new Set())
    await until('an empty queue', () => left() === 0)
  })

  test('merges what several polls bring while all handlers are busy', async () => {
    const sizes: number[] = []
    const gate = Promise.withResolvers<void>()
    await send(['first'])
    await using _ = run(
      async (batch) => {
        sizes.push(batch.length)
        await gate.promise
        return new Set()
      },
      { concurrency: 1, pollers: 2, batchSize: 25 },
    )
    await until('the first call', () => sizes.length === 1)
    await send(numbers(20))
    await until('all are received', () => server.inspectQueue(queue.name)?.messages.inflight.length === 21)
    gate.resolve()
    await until('an empty queue', () => left() === 0)
    expect(sizes).toEqual([1, 20])
  })

  test('a named message comes again and the others do not', async () => {
    await send(['good', 'bad', 'fine'])
    const seen: string[] = []
    await using _ = run((batch) => {
      seen.push(...batch.map(({ body }) => body))
      const first = seen.filter((body) => body === 'bad').length < 2
      return Promise.resolve(new Set(first ? batch.filter(({ body }) => body === 'bad').map(({ id }) => id) : []))
    })
    await until('an empty queue', () => left() === 0)
    expect(seen.toSorted()).toEqual(['bad', 'bad', 'fine', 'good'])
  })

  test('a failed handler loses nothing, however often it fails', async () => {
    await send(['poison'])
    let calls = 0
    await using _ = run(
      (batch) => {
        calls += 1
        if (calls < 7) return Promise.reject(new Error('unknown'))
        return taken(batch)
      },
      { maxRetrySeconds: 1 },
    )
    await until('an empty queue', () => left() === 0)
    expect(calls).toBe(7)
  })

  test('a failed message waits before it comes again, longer each time', async () => {
    await send(['poison'])
    const at: number[] = []
    await using _ = run((batch) => {
      at.push(performance.now())
      return at.length < 3 ? Promise.reject(new Error('unknown')) : taken(batch)
    })
    await until('an empty queue', () => left() === 0)
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(500)
    expect((at[2] ?? 0) - (at[1] ?? 0)).toBeGreaterThan(900)
  })

  test('a message stays hidden while it is worked on for longer than its visibility', async () => {
    await send(['slow'])
    let calls = 0
    await using _ = run(
      async () => {
        calls += 1
        // Renewed three times a second: twice as long as the message would be hidden.
        await until('the deadline moved on', deadlineMoves(7))
        return new Set()
      },
      { visibilitySeconds: 1, pollers: 2 },
    )
    await until('an empty queue', () => left() === 0)
    expect(calls).toBe(1)
  })

  test('receives no more than it can start soon when handlers are slow', async () => {
    await send(numbers(100))
    const gate = Promise.withResolvers<void>()
    const begun: Message[] = []
    await using _ = run(
      async (batch) => {
        begun.push(...batch)
        await gate.promise
        return new Set()
      },
      { concurrency: 1, batchSize: 5, pollers: 4 },
    )
    await until('the first call', () => begun.length > 0)
    await until('the others wait in the queue', () => (server.inspectQueue(queue.name)?.messages.ready.length ?? 0) >= 80)
    gate.resolve()
    await until('an empty queue', () => left() === 0)
  })

  test('on stop it gives back at once what was not started, and finishes what was', async () => {
    await send(numbers(12))
    const gate = Promise.withResolvers<void>()
    let calls = 0
    const running = run(
      async () => {
        calls += 1
        await gate.promise
        return new Set()
      },
      { concurrency: 1, batchSize: 1, pollers: 2 },
    )
    await until(
      'a handler runs while others wait',
      () => calls === 1 && (server.inspectQueue(queue.name)?.messages.inflight.length ?? 0) > 1,
    )
    const stopped = running.stop()
    await until('the unstarted are back', () => (server.inspectQueue(queue.name)?.messages.inflight.length ?? 0) === 1)
    gate.resolve()
    await stopped
    expect(calls).toBe(1)
    expect(left()).toBe(11)
    expect(server.inspectQueue(queue.name)?.messages.ready.length).toBe(11)
  })

  test('a handler that hangs does not hold the stop for longer than the drain', async () => {
    await send(['stuck'])
    const called = Promise.withResolvers<void>()
    const running = run(
      () => {
        called.resolve()
        return Promise.withResolvers<ReadonlySet<string>>().promise
      },
      { drainMs: 300 },
    )
    await called.promise
    const begun = performance.now()
    await running.stop()
    expect(performance.now() - begun).toBeLessThan(3_000)
    expect(left()).toBe(1)
  })

  test('an idle long poll does not hold the stop', async () => {
    const running = run(taken, { waitSeconds: 20 })
    await until('polls wait', () => running.source.healthy())
    const begun = performance.now()
    await running.stop()
    expect(performance.now() - begun).toBeLessThan(1_000)
  })

  test('is not healthy before a poll has ended well', async () => {
    const proxy = await startFaultProxy(server.address)
    proxy.inject({}, { kind: 'reset' })
    await using running = run(taken, { endpoint: proxy.endpoint, waitSeconds: 20 })
    await until('a failed poll', () => proxy.seen.length > 0)
    expect(running.source.healthy()).toBe(false)
    proxy.clear()
    await until('a poll that ends well', () => running.source.healthy())
    await running.stop()
    await proxy.stop()
  })

  test('waits while SQS is away and goes on when it is back', async () => {
    const proxy = await startFaultProxy(server.address)
    proxy.inject({}, { kind: 'reset' }, 6)
    await send(['late'])
    const seen: string[] = []
    await using running = run(
      (batch) => {
        seen.push(...batch.map(({ body }) => body))
        return taken(batch)
      },
      { endpoint: proxy.endpoint, pollers: 4 },
    )
    await until('an empty queue', () => seen.includes('late') && left() === 0)
    await running.stop()
    await proxy.stop()
    expect(seen).toEqual(['late'])
  })

  test('a failed deletion is tried again, and nothing is handed over twice', async () => {
    const proxy = await startFaultProxy(server.address)
    proxy.inject({ operation: 'DeleteMessageBatch' }, { kind: 'reset' }, 2)
    await send(numbers(10))
    const seen: string[] = []
    await using running = run(
      (batch) => {
        seen.push(...batch.map(({ body }) => body))
        return taken(batch)
      },
      { endpoint: proxy.endpoint },
    )
    await until('an empty queue', () => left() === 0)
    await running.stop()
    await proxy.stop()
    expect(seen.toSorted()).toEqual(numbers(10).toSorted())
  })

  test('entries of a deletion that fail alone are tried again', async () => {
    const proxy = await startFaultProxy(server.address)
    const Failed = [{ Id: '0', Code: 'InternalError', SenderFault: false }]
    proxy.inject(
      { operation: 'DeleteMessageBatch' },
      { kind: 'text', status: 200, body: JSON.stringify({ Successful: [], Failed }) },
      1,
    )
    await send(['one'])
    await using running = run(taken, { endpoint: proxy.endpoint })
    await until('an empty queue', () => left() === 0)
    await running.stop()
    await proxy.stop()
    expect(left()).toBe(0)
  })

  test('a server that accepts and never answers does not silence the source for ever', async () => {
    let connections = 0
    const deaf = createServer(() => (connections += 1))
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
    const address = deaf.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await using running = run(taken, { endpoint: `http://127.0.0.1:${port}`, waitSeconds: 0, pollers: 1 })
    await until('it polls again', () => connections >= 2)
    await running.stop()
    deaf.close()
  })
})

/** True once the visibility deadline of the queue's first message in flight has moved so many times. */
function deadlineMoves(times: number): () => boolean {
  const seen = new Set<number>()
  return () => {
    const [first] = server.inspectQueue(queue.name)?.messages.inflight ?? []
    if (first !== undefined) seen.add(first.visibilityDeadline)
    return seen.size >= times
  }
}

describe.runIf(needMoto('the SQS source against moto'))('the SQS source against moto', () => {
  test('reads, retries and deletes as on AWS', async () => {
    const moto = await startMoto()
    try {
      const credentials = await credentialsOf(moto.endpoint, '111111111111')
      const there = new SQSClient({ region: 'eu-west-1', endpoint: moto.endpoint, credentials })
      const created = await there.send(new CreateQueueCommand({ QueueName: 'events' }))
      const queueUrl = created.QueueUrl ?? ''
      const Entries = numbers(10).map((MessageBody, index) => ({ Id: String(index), MessageBody }))
      await there.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }))
      Object.assign(process.env, {
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_SESSION_TOKEN: credentials.sessionToken,
      })
      const seen: string[] = []
      const stop = new AbortController()
      const source = openSqsSource({ queueUrl, region: 'eu-west-1', endpoint: moto.endpoint, waitSeconds: 1 })
      const ended = source.run((batch) => {
        seen.push(...batch.map(({ body }) => body))
        const again = batch.filter(({ body }) => body === 'body 3' && seen.filter((each) => each === body).length === 1)
        return Promise.resolve(new Set(again.map(({ id }) => id)))
      }, stop.signal)
      await until('all and one twice', () => seen.length === 11)
      stop.abort()
      await ended
      expect(seen.toSorted()).toEqual([...numbers(10), 'body 3'].toSorted())
      const rest = await there.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 1 }))
      expect(rest.Messages ?? []).toEqual([])
      there.destroy()
    } finally {
      await moto.stop()
    }
  })
})
