import { backoffMs } from '#runtime'
import type { Message } from './source.ts'

/** A message of one partition that is not finished. */
export interface Entry {
  readonly offset: bigint
  readonly message: Message
  failures: number
  /** Not handed over again before. */
  dueAt: number
}

/**
 * What is held of one partition, in one epoch. Invariant: `unfinished` is in the order of the offsets, so its first says how far
 * everything is finished; each of its entries is waiting, failed (and due later), or in the one handler call that runs.
 */
export interface Lane {
  readonly topic: string
  readonly partition: number
  /** Every offset below is finished; null before the first message. */
  finished(): bigint | null
  /** Takes what was read; `next` is the offset after it. What is already held is left out. */
  push(entries: readonly Entry[], next: bigint): void
  /** What can be handed over now, oldest first, and marks it as running. Empty while a call runs. */
  take(most: number, now: number): readonly Entry[]
  /** The running call ended; `failed` come again later, `counted` says whether this was a try of theirs. */
  settle(batch: readonly Entry[], failed: ReadonlySet<string>, counted: boolean, now: number): void
  /** When `take` may have something; null while a call runs or nothing waits. */
  dueAt(): number | null
  /** True when nothing more should be read for now. */
  full(): boolean
  /** True when more should be read again. */
  roomy(): boolean
}

export interface LaneLimits {
  readonly messages: number
  readonly letters: number
  readonly maxRetryMs: number
}

export function createLane(topic: string, partition: number, limits: LaneLimits): Lane {
  const unfinished = new Set<Entry>()
  let waiting: Entry[] = []
  let failed: Entry[] = []
  let letters = 0
  let next: bigint | null = null
  let running = false
  /** Whole calls that failed one after the other. */
  let setbacks = 0

  return {
    topic,
    partition,
    finished() {
      for (const { offset } of unfinished) return offset
      return next
    },
    push(entries, after) {
      for (const entry of entries) {
        if (next !== null && entry.offset < next) continue
        unfinished.add(entry)
        waiting.push(entry)
        letters += entry.message.body.length
      }
      if (next === null || after > next) next = after
    },
    take(most, now) {
      if (running) return []
      const due = failed.filter(({ dueAt }) => dueAt <= now).slice(0, most)
      if (due.length > 0) failed = failed.filter((entry) => !due.includes(entry))
      const fresh = waiting.slice(0, most - due.length)
      waiting = waiting.slice(fresh.length)
      running = due.length + fresh.length > 0
      return [...due, ...fresh]
    },
    settle(batch, again, counted, now) {
      running = false
      setbacks = again.size === batch.length && !counted ? setbacks + 1 : 0
      for (const entry of batch) {
        if (again.has(entry.message.id)) {
          if (counted) entry.failures += 1
          entry.dueAt = now + backoffMs(Math.max(entry.failures, setbacks) - 1, 1_000, limits.maxRetryMs)
          failed.push(entry)
        } else {
          unfinished.delete(entry)
          letters -= entry.message.body.length
        }
      }
    },
    dueAt() {
      if (running) return null
      if (waiting.length > 0 && setbacks === 0) return 0
      return failed.length === 0 ? (waiting.length > 0 ? 0 : null) : Math.min(...failed.map(({ dueAt }) => dueAt))
    },
    full: () => unfinished.size >= limits.messages || letters >= limits.letters,
    roomy: () => unfinished.size < limits.messages / 2 && letters < limits.letters / 2,
  }
}
