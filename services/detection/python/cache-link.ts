import type { CacheEntry } from '#model'
import type { PythonHead } from './protocol.ts'

/** Where the cache that rules share is kept. */
export interface CacheStore {
  /** What was changed since the given look, null for the first one: entries, null for those that are gone; some may come again. */
  since(
    look: string | null,
  ): Promise<{ readonly entries: readonly (readonly [key: string, entry: CacheEntry | null])[]; readonly look: string }>
}

/** Keeps the memory of a Python process in step with the store. */
export interface CacheLink {
  /** Reads what is new. */
  read(): Promise<void>
  /** What a batch of events is told. A process that is new is told everything. */
  head(inventory: boolean, isNew: boolean): PythonHead
  /** These events were dealt with: written, or known before, or to come again. */
  settle(tickets: readonly number[]): void
}

/** More events than a batch holds. */
const ticketsPerBatch = 1_000_000

export function createCacheLink(store: CacheStore | null): CacheLink {
  const known = new Map<string, CacheEntry>()
  let look: string | null = null
  let fresh: (readonly [string, CacheEntry | null])[] = []
  let settled: number[] = []
  let ticket = 0
  return {
    async read() {
      if (store === null) return
      const news = await store.since(look)
      look = news.look
      for (const [key, entry] of news.entries) {
        if (entry === null) known.delete(key)
        else known.set(key, entry)
      }
      fresh.push(...news.entries)
    },
    head(inventory, isNew) {
      ticket += ticketsPerBatch
      const head = { ticket, inventory, keeps: store !== null, entries: isNew ? [...known] : fresh, settled }
      ;[fresh, settled] = [[], []]
      return head
    },
    settle(tickets) {
      settled.push(...tickets)
    },
  }
}
