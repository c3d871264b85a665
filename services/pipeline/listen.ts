import { LRUCache } from 'lru-cache'
import { textAt, type AuditEvent } from '#model'
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
  function read(message: Message, { keys, mayChangeFeed }: Glance, signs: boolean): readonly AuditEvent[] {
    const isNew = signs && keys.some((key) => !seen.has(key))
    if (!isNew && !mayChangeFeed) return []
    const { events, heartbeats = [] } = parts.decode(message.body, parts.trust)
    // Not what the body claims: a tag may be called recipientAccountId, and would keep another account's event from being heard.
    if (isNew) for (const key of provenBy(message.body, events, heartbeats)) seen.set(key, true)
    // Findings come another way: they do not show that what is done is heard.
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
        const oldest = Date.now() - options.freshMs
        const changes: AuditEvent[] = []
        for (const message of batch) {
          // Records of another log may say whatever their writer likes: they are no events of CloudTrail, however they look.
          if (message.only?.carries !== undefined || message.refused !== undefined || again.has(message.id)) continue
          const seenAtOnce = glance(message.body)
          if (!Number.isNaN(seenAtOnce.time)) {
            count.all += 1
            if (seenAtOnce.time >= oldest) count.fresh += 1
          }
          changes.push(...read(message, seenAtOnce, signs))
        }
        await tellFeedChanges(parts, changes)
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

interface Glance {
  readonly keys: readonly string[]
  readonly mayChangeFeed: boolean
  /** When it happened; of several records the first one's. NaN where the body does not say so. */
  readonly time: number
}

/**
 * What a body says of itself, unverified: accounts with regions and minutes, and whether it may be a change to the feed. Every body is
 * looked at: a single record's words are searched for once, each from its beginning.
 */
function glance(body: string): Glance {
  const first = wordAt(body, 'eventTime', 0)
  if (first === null) {
    // A heartbeat, or a log of another kind.
    const time = Date.parse(wordAt(body, 'time', 0)?.word ?? '')
    return { keys: body.includes('"Scheduled Event"') ? [body.slice(0, 2_000)] : [], mayChangeFeed: false, time }
  }
  const time = Date.parse(first.word)
  if (!holdsMany(body)) {
    const account = wordAt(body, 'recipientAccountId', 0) ?? wordAt(body, 'accountId', 0)
    const key = keyOf(account?.word, wordAt(body, 'awsRegion', 0)?.word, first.word)
    return { keys: [key], mayChangeFeed: wordsAt(body, 'eventName').some((name) => feedEventNames.has(name)), time }
  }
  const [accounts, regions] = [wordsAt(body, 'recipientAccountId'), wordsAt(body, 'awsRegion')]
  const keys = wordsAt(body, 'eventTime').map((word, index) => keyOf(accounts[index], regions[index], word))
  return { keys, mayChangeFeed: wordsAt(body, 'eventName').some((name) => feedEventNames.has(name)), time }
}

/** The keys of what was decoded and verified. */
function provenBy(
  body: string,
  events: readonly { readonly event: AuditEvent }[],
  { length: heartbeats }: readonly unknown[],
): readonly string[] {
  if (heartbeats > 0) return [body.slice(0, 2_000)]
  return events.map(({ event: { accountId, region, record } }) => keyOf(accountId, region, textAt(record, 'eventTime') ?? ''))
}

function keyOf(account = '', region = '', time = ''): string {
  return `${account} ${region} ${time.slice(0, 16)}`
}

/** A list, or a file's `Records`. */
function holdsMany(body: string): boolean {
  return /^\s{0,100}(?:\[|\{\s{0,100}"Records")/u.test(body.slice(0, 300))
}

/** The text at the first such key after a place, and where it ends; a key whose value is no short text is passed over. */
function wordAt(body: string, key: string, from: number): { readonly word: string; readonly end: number } | null {
  const quoted = `"${key}"`
  for (let at = body.indexOf(quoted, from); at >= 0; at = body.indexOf(quoted, at + 1)) {
    let begin = at + quoted.length
    while (begin < body.length && isBetween(body.charCodeAt(begin))) begin += 1
    if (body[begin] !== '"') continue
    const end = body.indexOf('"', begin + 1)
    if (end > begin + 1 && end - begin <= longestWord) return { word: body.slice(begin + 1, end), end }
  }
  return null
}

function wordsAt(body: string, key: string): readonly string[] {
  const found: string[] = []
  for (let next = wordAt(body, key, 0); next !== null && found.length < mostRecords; next = wordAt(body, key, next.end))
    found.push(next.word)
  return found
}

/** A colon, or a blank around it. */
function isBetween(letter: number): boolean {
  return letter === 58 || letter === 32 || (letter >= 9 && letter <= 13)
}

const longestWord = 130
const mostRecords = 2_000
