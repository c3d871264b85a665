import { backoffMs, createBell, roomLogger, sleep } from '#runtime'
import { nameOf } from './ingest-error.ts'
import type { Held, Queue } from './sqs-queue.ts'
import type { BatchHandler, Source } from './source.ts'

const log = roomLogger('ingest')

export interface SqsSourceOptions {
  readonly queueUrl: string
  readonly region?: string | undefined
  readonly endpoint?: string | undefined
  /** Long polls at a time. */
  readonly pollers?: number | undefined
  /** Handler calls at a time. */
  readonly concurrency?: number | undefined
  /** Most messages in one handler call. */
  readonly batchSize?: number | undefined
  readonly waitSeconds?: number | undefined
  /** A message that we hold is hidden for so long, renewed every third of it: what a killed process held comes again after it. */
  readonly visibilitySeconds?: number | undefined
  /** After the stop, handlers have so long to end. */
  readonly drainMs?: number | undefined
  /** The longest wait before a failed message comes again; the first is 1 s. */
  readonly maxRetrySeconds?: number | undefined
}

/** A source is unhealthy until a poll has ended well, and when none has for so long, or for its wait and half as much. */
const silenceMs = 30_000

/**
 * Reads an SQS queue until stopped. A message is held from its receipt: its visibility is renewed until it is settled, by deletion
 * when the handler took it, by a growing retry delay when it did not. Nothing is ever dropped here: what fails for ever goes where
 * the queue's own redrive policy sends it. Polls go on, further and further apart, when SQS is away.
 */
export function openSqsSource(options: SqsSourceOptions): Source & { healthy(): boolean } {
  const { queueUrl, pollers = 4, concurrency = 4, batchSize = 50, waitSeconds = 20, visibilitySeconds = 10 } = options
  const { drainMs = 8_000, maxRetrySeconds = 30 } = options
  let lastPoll: number | null = null

  return {
    name: queueUrl,
    healthy: () => lastPoll !== null && Date.now() - lastPoll < Math.max(silenceMs, waitSeconds * 1_500),

    async run(handle, stop) {
      // Evaluator processes come through this door too and have no use for the SDK.
      const { openQueue } = await import('./sqs-queue.ts')
      const queue = openQueue({ ...options, waitSeconds, visibilitySeconds })
      const desk = createDesk(queue, handle, { concurrency, batchSize, maxRetrySeconds })
      const hears: Hears = {
        heard: () => lastPoll !== null,
        answered: () => (lastPoll = Date.now()),
        failed: createOnce(),
      }
      const renewal = setInterval(() => void desk.renew(visibilitySeconds), (visibilitySeconds * 1_000) / 3)
      try {
        await Promise.all(Array.from({ length: pollers }, () => poll(queue, desk, hears, stop)))
        await desk.close(drainMs)
      } finally {
        clearInterval(renewal)
        queue.close()
      }
    },
  }
}

/** What the pollers of a queue tell of it. */
interface Hears {
  heard(): boolean
  answered(): void
  failed(error: string, failures: number): void
}

/** One line of the log for what several pollers meet at once. */
function createOnce(): Hears['failed'] {
  let said = { error: '', at: Number.NEGATIVE_INFINITY }
  return (error, failures) => {
    if (said.error === error && performance.now() - said.at < 1_000) return
    said = { error, at: performance.now() }
    log.warn({ failures, error }, 'poll failed, will poll again')
  }
}

/** One poller. Receives only while what it may bring can be started soon. */
async function poll(queue: Queue, desk: Desk, hears: Hears, stop: AbortSignal): Promise<void> {
  let failures = 0
  while (!stop.aborted) {
    if (!desk.reserve()) {
      await desk.room.wait(1_000, stop)
      // A full desk is no silence of the queue.
      hears.answered()
      continue
    }
    try {
      // The first answers at once: until then nobody knows whether the queue can be read.
      const messages = await queue.receive(stop, hears.heard() ? undefined : 0)
      failures = 0
      hears.answered()
      desk.take(messages)
    } catch (error) {
      if (!stop.aborted) {
        failures += 1
        hears.failed(nameOf(error), failures)
        await sleep(backoffMs(failures - 1, 1_000, 30_000), stop)
      }
    } finally {
      desk.release()
    }
  }
}

/** What is received and not yet settled: waiting in order, then in a handler call. */
interface Desk {
  readonly room: { wait(ms: number, stop: AbortSignal): Promise<void> }
  /** Books the place for one poll's messages; false when they could not be started within a second. */
  reserve(): boolean
  release(): void
  take(messages: readonly Held[]): void
  renew(seconds: number): Promise<void>
  /** Gives back what has not been started, and waits for the rest. */
  close(drainMs: number): Promise<void>
}

function createDesk(
  queue: Queue,
  handle: BatchHandler,
  options: { concurrency: number; batchSize: number; maxRetrySeconds: number },
): Desk {
  const { concurrency, batchSize, maxRetrySeconds } = options
  const room = createBell()
  const held = new Set<Held>()
  /** Handler calls under way, with their beginning. */
  const running = new Map<Promise<void>, number>()
  let waiting: Held[] = []
  let polls = 0
  let closed = false
  /** How long handler calls take, smoothed; decides how many messages can be started within a second. */
  let handlerMs = 1_000
  let renewing: Promise<unknown> = Promise.resolve()

  function startable(): number {
    const oldest = Math.min(...running.values())
    const turns = Math.min(1_000 / Math.max(handlerMs, running.size === 0 ? 1 : Date.now() - oldest, 1), 4)
    const most = Math.floor((concurrency - running.size) * batchSize + running.size * batchSize * turns)
    return running.size < concurrency ? Math.max(most, 10) : most
  }

  function start(): void {
    if (closed) return
    while (running.size < concurrency && waiting.length > 0) {
      const batch = waiting.slice(0, batchSize)
      waiting = waiting.slice(batchSize)
      const done = work(batch).finally(() => {
        running.delete(done)
        start()
        room.ring()
      })
      running.set(done, Date.now())
    }
  }

  async function work(batch: readonly Held[]): Promise<void> {
    const begun = Date.now()
    let again: ReadonlySet<string>
    try {
      again = await handle(batch)
    } catch (error) {
      log.error({ messages: batch.length, error: nameOf(error) }, 'batch failed, its messages will come again')
      again = new Set(batch.map(({ id }) => id))
    }
    handlerMs = handlerMs * 0.8 + (Date.now() - begun) * 0.2
    await Promise.all([finish(batch.filter(({ id }) => !again.has(id))), retry(batch.filter(({ id }) => again.has(id)))])
  }

  async function finish(messages: readonly Held[]): Promise<void> {
    if (messages.length === 0) return
    const left = await queue.remove(messages)
    letGo(messages)
    if (left.length > 0) log.warn({ messages: left.length }, 'handled messages could not be deleted, they will come again')
  }

  async function retry(messages: readonly Held[]): Promise<void> {
    if (messages.length === 0) return
    letGo(messages)
    // A renewal under way would undo the delay.
    await renewing
    await queue.hide(messages, ({ receives }) => Math.ceil(backoffMs(receives - 1, 1_000, maxRetrySeconds * 1_000) / 1_000))
  }

  function letGo(messages: readonly Held[]): void {
    for (const message of messages) held.delete(message)
  }

  return {
    room,
    reserve() {
      if (closed || waiting.length + (polls + 1) * 10 > startable()) return false
      polls += 1
      return true
    },
    release() {
      polls -= 1
    },
    take(messages) {
      for (const message of messages) held.add(message)
      waiting.push(...messages)
      start()
    },
    async renew(seconds) {
      const messages = [...held]
      const hidden = queue.hide(messages, () => seconds)
      renewing = hidden
      const failed = await hidden
      if (failed.length > 0) log.warn({ messages: failed.length }, 'visibility could not be renewed')
    },
    async close(drainMs) {
      closed = true
      const unstarted = waiting
      waiting = []
      letGo(unstarted)
      await renewing
      await queue.hide(unstarted, () => 0)
      const drained = new AbortController()
      const all = Promise.all(running.keys()).finally(() => drained.abort())
      await sleep(drainMs, drained.signal)
      if (running.size > 0) log.warn({ batches: running.size }, 'handlers did not end in time, their messages will come again')
      else await all
      held.clear()
    },
  }
}
