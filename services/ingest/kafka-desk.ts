import { isRetryable, roomLogger, sleep } from '#runtime'
import { nameOf } from './ingest-error.ts'
import { createLane, type Entry, type Lane, type LaneLimits } from './kafka-lane.ts'
import type { BatchHandler, Message } from './source.ts'

const log = roomLogger('ingest')

/** How far a partition is finished: `offset` is the first that is not. */
export interface Finished {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}
export interface DeskOptions extends LaneLimits {
  /** Handler calls at a time, each of one partition; a call that takes longer than a second is no longer counted. */
  readonly concurrency: number
  /** Most messages in one handler call. */
  readonly batchSize: number
  /** Something was finished. */
  onFinished(): void
  /** A partition that was full can take more. */
  onRoom(topic: string, partition: number): void
}

/**
 * What was read from the partitions and is not finished. Each partition has a lane of its own with at most one handler call at a
 * time, so a handler that hangs holds its own partition and no other. An epoch lasts from one assignment to the next: what older
 * epochs handed over may still end, and counts for nothing.
 */
export interface Desk {
  /** Begins an epoch with these partitions. Returns how far those are finished that were ours in the last one too. */
  begin(assigned: readonly { readonly topic: string; readonly partitions: readonly number[] }[]): readonly Finished[]
  /** Ends the epoch: nothing is ours until the next begins. */
  end(): void
  /** Takes what was read. `full`: read no more for now. `not-ours`: nothing was taken. */
  push(topic: string, partition: number, messages: readonly Read[], next: bigint): 'taken' | 'full' | 'not-ours'
  finished(): readonly Finished[]
  /** Starts nothing more and waits for what runs. */
  close(drainMs: number): Promise<void>
}
export interface Read {
  readonly offset: bigint
  readonly message: Message
}

/** A handler call that is older holds no place that others could have. */
const slowMs = 1_000

export function createDesk(handle: BatchHandler, options: DeskOptions): Desk {
  const { concurrency, batchSize } = options
  let lanes = new Map<string, Lane>()
  /** Lanes of the last epoch, until the next begins. */
  let before = lanes
  const full = new Set<Lane>()
  const calls = new Set<Promise<void>>()
  let counted = 0
  let closed = false
  let timer: NodeJS.Timeout | undefined

  const isOurs = (lane: Lane): boolean => lanes.get(keyOf(lane.topic, lane.partition)) === lane

  function start(): void {
    clearTimeout(timer)
    if (closed) return
    const now = Date.now()
    let soonest = Number.POSITIVE_INFINITY
    for (const [key, lane] of lanes) {
      const dueAt = lane.dueAt()
      if (dueAt === null) continue
      if (dueAt > now) soonest = Math.min(soonest, dueAt)
      else if (counted < concurrency) {
        // Behind the others, so that all have their turn.
        lanes.delete(key)
        lanes.set(key, lane)
        run(lane, lane.take(batchSize, now))
      }
    }
    if (soonest < Number.POSITIVE_INFINITY) timer = setTimeout(start, Math.max(1, soonest - now))
  }

  function run(lane: Lane, batch: readonly Entry[]): void {
    if (batch.length === 0) return
    counted += 1
    let held = true
    const letGo = (): void => {
      if (held) counted -= 1
      held = false
    }
    const slow = setTimeout(() => {
      letGo()
      start()
    }, slowMs)
    const call = work(lane, batch).finally(() => {
      clearTimeout(slow)
      letGo()
      calls.delete(call)
      start()
    })
    calls.add(call)
  }

  async function work(lane: Lane, batch: readonly Entry[]): Promise<void> {
    const messages = batch.map(({ message, failures }) => ({ ...message, attempt: failures + 1 }))
    let failed: ReadonlySet<string>
    let isTheirs = true
    try {
      failed = await handle(messages)
    } catch (error) {
      log.error({ messages: batch.length, error: nameOf(error) }, 'batch failed, its messages will be handed over again')
      failed = new Set(messages.map(({ id }) => id))
      isTheirs = !isRetryable(error)
    }
    if (!isOurs(lane)) return
    lane.settle(batch, failed, isTheirs, Date.now())
    if (full.has(lane) && lane.roomy()) {
      full.delete(lane)
      options.onRoom(lane.topic, lane.partition)
    }
    if (failed.size < batch.length) options.onFinished()
  }

  function finishedIn(held: ReadonlyMap<string, Lane>): readonly Finished[] {
    return [...held.values()].flatMap((lane) => {
      const offset = lane.finished()
      return offset === null ? [] : [{ topic: lane.topic, partition: lane.partition, offset }]
    })
  }

  return {
    begin(assigned) {
      if (lanes.size > 0) before = lanes
      full.clear()
      lanes = new Map(
        assigned.flatMap(({ topic, partitions }) =>
          partitions.map((partition) => [keyOf(topic, partition), createLane(topic, partition, options)] as const),
        ),
      )
      const kept = finishedIn(before).filter(({ topic, partition }) => lanes.has(keyOf(topic, partition)))
      before = new Map()
      return kept
    },
    end() {
      before = lanes
      lanes = new Map()
      full.clear()
    },
    push(topic, partition, messages, next) {
      const lane = lanes.get(keyOf(topic, partition))
      if (closed || lane === undefined) return 'not-ours'
      lane.push(
        messages.map(({ offset, message }) => ({ offset, message, failures: 0, dueAt: 0 })),
        next,
      )
      start()
      if (!lane.full()) return 'taken'
      full.add(lane)
      return 'full'
    },
    finished: () => finishedIn(lanes),
    async close(drainMs) {
      closed = true
      clearTimeout(timer)
      const drained = new AbortController()
      void Promise.all(calls).finally(() => drained.abort())
      await sleep(drainMs, drained.signal)
      if (calls.size > 0) log.warn({ batches: calls.size }, 'handlers did not end in time, their messages will come again')
    },
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
