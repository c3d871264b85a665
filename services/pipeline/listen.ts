import { LRUCache } from 'lru-cache'
import type { AuditEvent } from '#model'
import { describeError, roomLogger, sleep } from '#runtime'
import type { BatchHandler, Message, Source } from '#ingest'
import type { Sign } from '#store'
import { feedEventNames } from './feed.ts'
import { tellFeedChanges, type FeedParts } from './feed-told.ts'
import { isAllowed } from './intake.ts'
import type { Parts } from './parts.ts'

const log = roomLogger('pipeline')

interface ListenOptions {
  /** What is older than this when it comes is no news: the source has a backlog. */
  readonly freshMs: number
}
type Needs = FeedParts & Pick<Parts, 'decode' | 'trust'>

/** Between two writes of what was heard. */
const flushMs = 5_000
/** Account, region and minute, as bodies claim them: of each only the first is read. */
const seenKept = 50_000

/**
 * Listens beside intake: each minute's first event of an account's region is a sign that it is heard, and so is a scheduled heartbeat.
 * Which body is looked at is found out by a glance at its text; what is noted was decoded and verified. Nothing waits for it
 * except news of a change to the feed, which is durable before its message is acknowledged.
 */
export function createListener(parts: Needs, options: ListenOptions) {
  const seen = new LRUCache<string, true>({ max: seenKept })
  const heard = new Map<string, Sign>()
  /** By source: how many messages came since the last word of it, and how many were fresh. */
  const lately = new Map<string, { all: number; fresh: number }>()

  function note(sign: Sign): void {
    const minute = Math.floor(sign.at.getTime() / 60_000)
    const key = `${sign.accountId} ${sign.region} ${minute} ${sign.beat}`
    const known = heard.get(key)
    if (known === undefined || known.at < sign.at) heard.set(key, sign)
  }

  /** The events of a body that may be a change to the feed. */
  function read(message: Message, signs: boolean): readonly AuditEvent[] {
    const { keys, mayChangeFeed } = glance(message.body)
    const isNew = signs && keys.some((key) => !seen.has(key))
    if (!isNew && !mayChangeFeed) return []
    if (isNew) for (const key of keys) seen.set(key, true)
    const { events, heartbeats = [] } = parts.decode(message.body, parts.trust)
    // Other logs come by ways of their own: they do not show that what is done is heard.
    const trail = events.map(({ event }) => event).filter(({ logType }) => logType === 'AWS.CloudTrail')
    const allowed = trail.filter((event) => isAllowed(message, event))
    if (!signs) return allowed
    for (const { accountId, region, time } of allowed) note({ accountId, region, at: time, beat: false })
    for (const { accountId, region, time, rule } of heartbeats)
      if (isAllowed(message, { accountId })) note({ accountId, region, at: time, beat: rule === parts.rule })
    return mayChangeFeed ? allowed : []
  }

  return {
    /** The handler of a source, listened to. `signs`: what it brings shows who is heard; of others only changes to the feed are read. */
    around(source: string, handle: BatchHandler, { signs }: { readonly signs: boolean }): BatchHandler {
      const count = { all: 0, fresh: 0 }
      lately.set(source, count)
      return async (batch) => {
        const again = await handle(batch)
        const taken = batch.filter(({ id, refused }) => !again.has(id) && refused === undefined)
        const oldest = Date.now() - options.freshMs
        for (const { body } of taken) {
          const time = timeIn(body)
          if (Number.isNaN(time)) continue
          count.all += 1
          if (time >= oldest) count.fresh += 1
        }
        await tellFeedChanges(
          parts,
          taken.flatMap((message) => read(message, signs)),
        )
        return again
      }
    },

    flush,

    /** Writes what was heard, and which sources are read, every few seconds until stopped. */
    async run(sources: readonly Source[], stop: AbortSignal): Promise<void> {
      while (!stop.aborted) {
        await sleep(flushMs, stop)
        await flush(sources).catch((error: unknown) =>
          log.error({ error: describeError(error) }, 'what was heard cannot be written, trying again'),
        )
      }
    },
  }

  async function flush(sources: readonly Pick<Source, 'name' | 'healthy'>[]): Promise<void> {
    const signs = [...heard.values()]
    heard.clear()
    try {
      await parts.store.coverage.hear(signs)
    } catch (error) {
      for (const sign of signs) note(sign)
      throw error
    }
    for (const source of sources) {
      const count = lately.get(source.name) ?? { all: 0, fresh: 0 }
      // A source that cannot be read has nothing to say: after a while it counts as not read.
      if (source.healthy?.() === false) continue
      await parts.store.coverage.reading(source.name, count.fresh * 2 >= count.all)
      ;[count.all, count.fresh] = [0, 0]
    }
  }
}

/** What a body says of itself, unverified: accounts with regions and minutes, and whether it may be a change to the feed. */
function glance(body: string): { readonly keys: readonly string[]; readonly mayChangeFeed: boolean } {
  if (body.includes('"Scheduled Event"')) return { keys: [body.slice(0, 2_000)], mayChangeFeed: false }
  const [regions, accounts] = [valuesOf(body, 'awsRegion'), valuesOf(body, 'recipientAccountId')]
  const keys = valuesOf(body, 'eventTime').map(
    (time, index) => `${accounts[index] ?? valuesOf(body, 'accountId')[index] ?? ''} ${regions[index] ?? ''} ${time.slice(0, 16)}`,
  )
  return { keys, mayChangeFeed: valuesOf(body, 'eventName').some((name) => feedEventNames.has(name)) }
}

/** The texts at a key, wherever in the body it stands. */
function valuesOf(body: string, key: string): readonly string[] {
  const found: string[] = []
  const quoted = `"${key}"`
  for (let at = body.indexOf(quoted); at >= 0 && found.length < mostRecords; at = body.indexOf(quoted, at + 1)) {
    const value = /^\s{0,8}:\s{0,8}"([^"\\]{1,128})"/u.exec(body.slice(at + quoted.length, at + quoted.length + 160))
    if (value?.[1] !== undefined) found.push(value[1])
  }
  return found
}
const mostRecords = 2_000

/** When a body says that it happened; of several records the first one's. NaN for what does not say so. */
function timeIn(body: string): number {
  const [time = ''] = body.includes('"eventTime"') ? valuesOf(body, 'eventTime') : valuesOf(body, 'time')
  return Date.parse(time)
}
