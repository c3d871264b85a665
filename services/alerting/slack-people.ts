import { WebClient } from '@slack/web-api'
import { LRUCache } from 'lru-cache'
import { sleep } from '#runtime'
import { silent } from './slack.ts'

/** Finds people at Slack by their e-mail address. Never throws: a person who is not found is not mentioned. */
export interface SlackPeople {
  /** Null when nobody is found, or not soon: an alert does not wait for a name, and the next one may know it. */
  idOf(email: string): Promise<string | null>
}

/** Of an alert's way to its channel. A mention that an edit adds would tell nobody. */
const patienceMs = 300
/** Slack takes fifty a minute. */
const betweenMs = 1_200
const keptMs = { found: 86_400_000, missing: 3_600_000, failed: 300_000 }
const timeoutMs = 5_000
const never = new AbortController().signal

export function createSlackPeople({ token, apiUrl }: { readonly token: string; readonly apiUrl?: string }): SlackPeople {
  const client = new WebClient(token, {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs,
    allowAbsoluteUrls: false,
    logger: silent,
  })
  const known = new LRUCache<string, { readonly id: string | null }>({ max: 5_000 })
  const asked = new Map<string, Promise<string | null>>()
  let nextAt = 0

  async function ask(email: string): Promise<string | null> {
    nextAt = performance.now() + betweenMs
    try {
      const { user } = await client.users.lookupByEmail({ email })
      // It becomes a mention: nothing but an id may.
      const id = user?.id !== undefined && user.deleted !== true && /^[UW][A-Z0-9]{5,20}$/u.test(user.id) ? user.id : null
      known.set(email, { id }, { ttl: id === null ? keptMs.missing : keptMs.found })
      return id
    } catch (error) {
      const missing = error instanceof Error && error.message.includes('users_not_found')
      known.set(email, { id: null }, { ttl: missing ? keptMs.missing : keptMs.failed })
      return null
    } finally {
      asked.delete(email)
    }
  }

  return {
    async idOf(email) {
      const answer = known.get(email)
      if (answer !== undefined) return answer.id
      // Out of turn: this alert goes without a mention.
      const asking = asked.get(email) ?? (performance.now() < nextAt ? null : ask(email))
      if (asking === null) return null
      asked.set(email, asking)
      return Promise.race([asking, sleep(patienceMs, never).then(() => null)])
    },
  }
}
