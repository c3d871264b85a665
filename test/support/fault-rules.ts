import type { Seen } from './fault-proxy.ts'
import { errorAnswer, expired, pageKey, pairsOf, throttled, type Answer } from './fault-wire.ts'

/** A token bucket as AWS has one for each account, region and operation. */
export interface Bucket {
  readonly burst: number
  readonly perSecond: number
  /** Said with each refusal, if given. */
  readonly retryAfterSeconds?: number
}
/** What a bucket did so far. */
export interface BucketCounts {
  passed: number
  throttled: number
}

export function createBucket({ burst, perSecond, retryAfterSeconds }: Bucket) {
  const levels = new Map<string, { tokens: number; at: number }>()
  const counts: BucketCounts = { passed: 0, throttled: 0 }
  const take = (call: Seen): Answer | null => {
    const key = `${call.accountId} ${call.region} ${call.service} ${call.operation}`
    const level = levels.get(key) ?? { tokens: burst, at: call.at }
    level.tokens = Math.min(burst, level.tokens + ((call.at - level.at) / 1_000) * perSecond)
    level.at = call.at
    levels.set(key, level)
    if (level.tokens < 1) {
      counts.throttled += 1
      const answer = throttled(call)
      if (retryAfterSeconds === undefined) return answer
      return { ...answer, headers: { ...answer.headers, 'retry-after': String(retryAfterSeconds) } }
    }
    level.tokens -= 1
    counts.passed += 1
    return null
  }
  return { counts, take }
}

/** How sessions live: AWS's shortest is 15 minutes, which no test waits for. */
export interface TokenRule {
  readonly livesMs?: number | (() => number)
  /** The part of all AssumeRole calls that fail for a while, 0 to 1, drawn from a generator with this seed. */
  readonly failing?: number
  readonly seed?: number
}
export interface TokenCounts {
  asked: number
  failed: number
  /** Calls refused because their token was past its time. */
  refused: number
}

/** Knows whose credentials are whose from the AssumeRole answers that came by, and ends them when told to. */
export function createTokens() {
  const accounts = new Map<string, string>()
  const deaths = new Map<string, number>()
  let rule: TokenRule = {}
  let random = randomFrom(0)
  let counts: TokenCounts = { asked: 0, failed: 0, refused: 0 }
  return {
    accountOf: (accessKeyId: string): string | null => accounts.get(accessKeyId) ?? null,
    begin(next: TokenRule): TokenCounts {
      rule = next
      random = randomFrom(next.seed ?? 1)
      counts = { asked: 0, failed: 0, refused: 0 }
      return counts
    },
    /** The refusal of a call, if it is to be refused; `reset` hangs up. */
    refuse(call: Seen): Answer | 'reset' | null {
      if ((deaths.get(call.accessKeyId) ?? Number.POSITIVE_INFINITY) <= call.at) {
        counts.refused += 1
        return expired(call)
      }
      if (call.operation !== 'AssumeRole') return null
      counts.asked += 1
      if (random() >= (rule.failing ?? 0)) return null
      counts.failed += 1
      const how = Math.floor(random() * 4)
      if (how === 0) return 'reset'
      if (how === 1) return throttled(call)
      if (how === 2)
        return errorAnswer('sts', 503, 'ServiceUnavailable', 'The request has failed due to a temporary failure of the server.')
      return errorAnswer(
        'sts',
        500,
        'InternalFailure',
        'The request processing has failed because of an unknown error, exception or failure.',
      )
    },
    /** Reads an AssumeRole answer, and shortens its life unless the one who asked changes the world. */
    issue(body: string, mortal: boolean): string {
      const key = /<AccessKeyId>([^<]+)</.exec(body)?.[1]
      const account = /<Arn>arn:[^:]+:sts::(\d{12}):/.exec(body)?.[1]
      if (key === undefined || account === undefined) return body
      accounts.set(key, account)
      if (!mortal || rule.livesMs === undefined) return body
      const livesMs = typeof rule.livesMs === 'number' ? rule.livesMs : rule.livesMs()
      deaths.set(key, performance.now() + livesMs)
      const end = new Date(Date.now() + livesMs).toISOString()
      return body.replace(/<Expiration>[^<]*</, `<Expiration>${end}<`)
    },
    clear(): void {
      rule = {}
      deaths.clear()
    },
  }
}

/** Which page of its listing a call asks for: known from the answers in which its token stood. */
export function createPages() {
  const pages = new Map<string, number>()
  const token = /(?:<(?:Next\w*|nextToken|Marker|\w*Token)>([^<]+)<|"(?:next\w*|marker|\w*Token)"\s*:\s*"([^"]+)")/gi
  return {
    of(call: Seen): number {
      const asked = [...pairsOf(call)].find(([key]) => pageKey.test(key))
      return asked === undefined ? 1 : (pages.get(asked[1]) ?? 1)
    },
    learn(page: number, body: string): void {
      for (const [, xml, json] of body.matchAll(token)) {
        const text = xml ?? json ?? ''
        if (!pages.has(text)) pages.set(text, page + 1)
      }
    },
    clear: () => pages.clear(),
  }
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
