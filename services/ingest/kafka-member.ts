import type { Consumer, EachBatchPayload, Kafka, Offsets } from 'kafkajs'
import { roomLogger } from '#runtime'
import { nameOf } from './ingest-error.ts'
import { createDesk, type Desk, type DeskOptions, type Finished, type Read } from './kafka-desk.ts'
import type { BatchHandler, Message } from './source.ts'

const log = roomLogger('ingest')

export interface MemberOptions extends Omit<DeskOptions, 'onFinished' | 'onRoom'> {
  readonly groupId: string
  readonly topics: readonly string[]
  readonly drainMs: number
  bind(topic: string, key: string | null): Message['only']
  /** The coordinator answered: we are a member. */
  answered(): void
}

/** A member that is not heard of for so long is killed, and its partitions go to others. Brokers allow no less by default. */
const sessionMs = 6_000
/** How long the others wait for a member that does not join again. */
const rebalanceMs = 10_000
const heartbeatMs = 1_000
/** kafkajs beats while it fetches; when it has not for so long, it hangs. */
const silenceMs = 30_000
const leaveMs = 2_000
/** Between two commits. */
const commitMs = 50
const commitAgainMs = 1_000

/**
 * One membership in the consumer group. kafkajs fetches from a broker again only when all it brought is handled, so its handler only
 * hands over to the desk; and it commits what it handed out, so commits are ours: of each partition what is finished from its
 * beginning on. Returns when stopped, and throws when the membership broke.
 */
export async function runMember(kafka: Kafka, options: MemberOptions, handle: BatchHandler, stop: AbortSignal): Promise<void> {
  const { groupId, topics, drainMs } = options
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: sessionMs,
    rebalanceTimeout: rebalanceMs,
    heartbeatInterval: heartbeatMs,
    maxWaitTimeInMs: 500,
    allowAutoTopicCreation: false,
    // Beginning again is ours: with a new membership, after a growing wait.
    retry: { initialRetryTime: 300, maxRetryTime: 3_000, retries: 5, restartOnFailure: () => Promise.resolve(false) },
  })
  const ended = Promise.withResolvers<void>()
  // The reason may come while nobody waits for it yet.
  ended.promise.catch(() => undefined)
  const onStop = (): void => ended.resolve()
  stop.addEventListener('abort', onStop)
  if (stop.aborted) onStop()

  const committer = createCommitter()
  const desk: Desk = createDesk(handle, {
    ...options,
    onFinished: () => committer.wake(desk.finished()),
    onRoom(topic, partition) {
      try {
        consumer.resume([{ topic, partitions: [partition] }])
      } catch (error) {
        // kafkajs has just let go of the group; all begins again.
        log.debug({ topic, partition, error: nameOf(error) }, 'nothing to resume')
      }
    },
  })
  let isMember = false
  let beatAt = Date.now()
  const heard = (): void => {
    beatAt = Date.now()
    options.answered()
  }
  const watchdog = setInterval(() => {
    if (Date.now() - beatAt > silenceMs) ended.reject(new Error(`no heartbeat for ${silenceMs} ms`))
  }, heartbeatMs)

  consumer.on(consumer.events.HEARTBEAT, heard)
  consumer.on(consumer.events.REBALANCING, () => {
    // The broker still takes commits of the generation that ends.
    void committer.now(desk.finished())
    committer.forget()
    desk.end()
  })
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    heard()
    isMember = true
    committer.forget()
    const assigned = Object.entries(payload.memberAssignment).map(([topic, partitions]) => ({ topic, partitions }))
    const kept = desk.begin(assigned)
    consumer.resume(assigned)
    // What another fetch of the last epoch still brings is told apart by this, and left.
    for (const { topic, partition, offset } of kept) consumer.seek({ topic, partition, offset: String(offset) })
    log.info({ groupId, partitions: assigned.reduce((sum, { partitions }) => sum + partitions.length, 0) }, 'joined the group')
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => ended.reject(payload.error))

  try {
    await Promise.race([begin(), ended.promise])
    await ended.promise
    if (!isMember) return
    // Members must go on being heard of while handlers end.
    consumer.pause(topics.map((topic) => ({ topic })))
    await desk.close(drainMs)
    await committer.now(desk.finished())
  } finally {
    clearInterval(watchdog)
    stop.removeEventListener('abort', onStop)
    committer.forget()
    desk.end()
    await leave(consumer)
  }

  async function begin(): Promise<void> {
    await consumer.connect()
    // Without a commit from the beginning: what came before the group was known is not lost.
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch })
  }

  function eachBatch(payload: EachBatchPayload): Promise<void> {
    heard()
    const { topic, partition } = payload.batch
    const last = payload.batch.lastOffset()
    if (payload.isStale()) return Promise.resolve()
    const messages = payload.batch.messages.map(({ offset, key, value }): Read => {
      const only = options.bind(topic, key === null ? null : key.toString())
      const id = `${topic}/${partition}/${offset}`
      const body = value === null ? '' : value.toString()
      return { offset: BigInt(offset), message: { id, body, receivedAt: new Date(), ...(only === undefined ? {} : { only }) } }
    })
    const taken = desk.push(topic, partition, messages, BigInt(last) + 1n)
    if (taken === 'not-ours') return Promise.resolve()
    committer.by((offsets) => payload.commitOffsetsIfNecessary(offsets))
    payload.resolveOffset(last)
    if (taken === 'full') consumer.pause([{ topic, partitions: [partition] }])
    return Promise.resolve()
  }
}

type Commit = (offsets: Offsets) => Promise<void>

/** Commits what is finished, one commit at a time, the newest once the last has ended. */
interface Committer {
  /** How kafkajs commits in this epoch: with the generation of the moment, and without tries of its own in a later one. */
  by(commit: Commit): void
  wake(finished: readonly Finished[]): void
  now(finished: readonly Finished[]): Promise<void>
  /** The epoch is over: what it has not committed is not committed. */
  forget(): void
}

function createCommitter(): Committer {
  let commit: Commit | null = null
  let wanted: readonly Finished[] = []
  let committed = new Map<string, bigint>()
  let epoch = 0
  let working = false
  let timer: NodeJS.Timeout | undefined

  async function send(finished: readonly Finished[]): Promise<boolean> {
    const fresh = finished.filter((each) => committed.get(`${each.topic}/${each.partition}`) !== each.offset)
    if (commit === null || fresh.length === 0) return true
    const mine = epoch
    const topics = [...Map.groupBy(fresh, ({ topic }) => topic)].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }))
    try {
      await commit({ topics })
      if (mine === epoch) for (const { topic, partition, offset } of fresh) committed.set(`${topic}/${partition}`, offset)
      return true
    } catch (error) {
      log.warn({ partitions: fresh.length, error: nameOf(error) }, 'offsets could not be committed')
      return mine !== epoch
    }
  }

  function schedule(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined
      working = true
      void sendWanted()
    }, ms)
  }

  async function sendWanted(): Promise<void> {
    const done = await send(wanted)
    working = false
    if (!done) schedule(commitAgainMs)
    else if (wanted.some(({ topic, partition, offset }) => committed.get(`${topic}/${partition}`) !== offset)) schedule(commitMs)
  }

  function drop(): void {
    clearTimeout(timer)
    timer = undefined
  }

  return {
    by(way) {
      commit = way
    },
    wake(finished) {
      wanted = finished
      if (!working && commit !== null) schedule(commitMs)
    },
    async now(finished) {
      drop()
      wanted = finished
      await send(finished)
    },
    forget() {
      drop()
      epoch += 1
      wanted = []
      committed = new Map()
      commit = null
    },
  }
}

/** Tells the group that we go, so that the others need not wait for the session's end. */
async function leave(consumer: Consumer): Promise<void> {
  const left = consumer.disconnect().catch((error: unknown) => log.warn({ error: nameOf(error) }, 'the group could not be left'))
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, leaveMs)))
  await Promise.race([left, late])
  clearTimeout(timer)
}
