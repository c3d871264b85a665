import { LogLevel, WebClient, type Logger } from '@slack/web-api'
import { textAt, type Json, type JsonObject } from '#model'
import { roomLogger, sleep } from '#runtime'
import type { Destination, Outgoing } from './destination.ts'
import { AlertingError } from './error.ts'
import { createPace } from './pace.ts'
import { slackError } from './slack-errors.ts'
import { metadataType, slackMessage, type SlackMessage } from './slack-message.ts'

const log = roomLogger('alerting')

export interface SlackOptions {
  /** As routes name the workspace; `slack` by default. */
  readonly name?: string
  readonly token: string
  /** Slack's own by default. */
  readonly apiUrl?: string
  /** Slack's own rule is 1. */
  readonly perChannelPerSecond?: number
  /** For one call. */
  readonly timeoutMs?: number
}

/** How far our clock and Slack's may lie apart. */
const clocksMs = 10 * 60_000
/** All edits share one limit of the workspace. */
const edits = 'edits'
const pageSize = 200
const mostPages = 3

/**
 * Slack, through its own client with retries off: a wait is an error that says how long, so that a worker can give back what it holds.
 * At most one message a second and channel, none inside a Retry-After. A try whose answer was lost is looked up by its metadata.
 */
export function createSlack(options: SlackOptions): Destination {
  const { name = 'slack', token, apiUrl, perChannelPerSecond = 1, timeoutMs = 8_000 } = options
  const client = new WebClient(token, {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs,
    allowAbsoluteUrls: false,
    logger: silent,
  })
  const pace = createPace(perChannelPerSecond)
  const ids = new Map<string, string>()

  /** One call with its deadline. A 429 closes the channel; a signal that comes in the middle leaves the outcome uncertain. */
  async function call<T>(channel: string, attempt: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const closed = pace.closedMs(channel)
    const closes = channel === edits ? 'edits' : channel.startsWith('conversations.') ? null : 'posts'
    if (closed > 0)
      throw new AlertingError('rate-limited', `${attempt}: Slack asked to wait, ${closed} ms are left`, closed, closes)
    if (signal.aborted) throw new AlertingError('unavailable', `${attempt}: stopped before it was sent`)
    try {
      return await untilAborted(work(), signal)
    } catch (error) {
      const mapped = slackError(error, attempt, closes)
      if (mapped.retryAfterMs !== null) pace.close(channel, mapped.retryAfterMs)
      throw mapped
    }
  }

  /** A reply whose thread is gone is put into the channel by Slack, without a word but that the answer names no thread. */
  async function send(channel: string, reply: Outgoing['in'], message: SlackMessage, signal: AbortSignal): Promise<JsonObject> {
    const attempt = `posting to ${channel}`
    const parent = reply === null ? null : textAt(reply.message, 'ts')
    const where = (reply === null ? null : textAt(reply.message, 'channel')) ?? channel
    const thread = parent === null ? {} : { thread_ts: parent, reply_broadcast: reply?.broadcast === true }
    await sleep(pace.take(channel), signal)
    const sent = await call(channel, attempt, signal, () =>
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Slack's method, not a window's
      client.chat.postMessage({ channel: where, ...message, ...thread, ...quiet, link_names: false }),
    )
    if (sent.channel === undefined || sent.ts === undefined) {
      throw new AlertingError('uncertain', `${attempt}: expected a channel and a timestamp, got neither`)
    }
    ids.set(channel, sent.channel)
    const astray = parent !== null && textAt(sent.message as Json | undefined, 'thread_ts') === null
    return { channel: sent.channel, ts: sent.ts, ...(astray ? { astray } : {}) }
  }

  async function update(message: JsonObject, worded: SlackMessage, signal: AbortSignal): Promise<JsonObject> {
    const [channel, ts] = [textAt(message, 'channel'), textAt(message, 'below') ?? textAt(message, 'ts')]
    if (channel === null || ts === null) throw new AlertingError('message-gone', 'editing: the stored identity names no message')
    await call(edits, `editing a message in ${channel}`, signal, () => client.chat.update({ channel, ts, ...worded }))
    return message
  }

  /** Where Slack lets nobody change the message any more, what is new is told below it; a parent's details have replies anyway. */
  async function change(message: JsonObject, alert: Outgoing, signal: AbortSignal): Promise<JsonObject> {
    try {
      return await sayWhatCanBeSaid({ ...alert, uncertain: false }, (worded) => update(message, worded, signal))
    } catch (error) {
      if (!(error instanceof AlertingError) || error.code !== 'edit-refused') throw error
      log.info({ delivery: alert.deliveryId, reason: error.message }, 'message cannot be changed, the news goes below it')
      return alert.together?.kind === 'storm' ? message : sayBelow(message, alert, signal)
    }
  }

  /** One reply, which is changed from then on. Its wait is its own: an edit must not close the channel and be due again at once. */
  async function sayBelow(message: JsonObject, alert: Outgoing, signal: AbortSignal): Promise<JsonObject> {
    const [channel, ts] = [textAt(message, 'channel') ?? '', textAt(message, 'ts') ?? '']
    const root = textAt(alert.in?.message, 'ts') ?? ts
    try {
      const earlier = await lookUp(() => findIn(channel, root, alert.deliveryId, textAt(message, 'below') ?? ts, signal))
      if (earlier !== null && earlier !== 'unknown')
        return await update({ ...message, below: earlier['ts'] ?? ts }, slackMessage(alert), signal)
      const reply = { message: { channel, ts: root }, broadcast: alert.in?.broadcast ?? true }
      const repeated = { ...alert, uncertain: alert.uncertain && earlier === 'unknown' }
      const sent = await sayWhatCanBeSaid(repeated, (worded) => send(alert.to.channel, reply, worded, signal))
      return { channel, ts, below: sent['ts'] ?? ts }
    } catch (error) {
      if (!(error instanceof AlertingError) || error.closes === null) throw error
      throw new AlertingError(error.code, error.message, error.retryAfterMs)
    }
  }

  /** The id of a channel that may be given by name: some calls take only ids. */
  async function idOf(channel: string, signal: AbortSignal): Promise<string> {
    const known = ids.get(channel) ?? (/^[CDG][A-Z0-9]{7,}$/u.test(channel) ? channel : undefined)
    if (known !== undefined) return known
    let cursor = ''
    do {
      const from = cursor
      const page = await call('conversations.list', `looking for ${channel}`, signal, () =>
        client.conversations.list({
          limit: pageSize,
          types: 'public_channel,private_channel',
          ...(from === '' ? {} : { cursor: from }),
        }),
      )
      for (const { id, name } of page.channels ?? []) if (id !== undefined && name !== undefined) ids.set(name, id)
      cursor = page.response_metadata?.next_cursor ?? ''
    } while (cursor !== '' && !ids.has(bare(channel)))
    const id = ids.get(bare(channel))
    if (id === undefined) throw new AlertingError('channel-gone', `looking for ${channel}: Slack lists no such channel`)
    return id
  }

  /** An earlier try of this delivery, or null: in its thread, or in the channel's history when it has none or that is gone. */
  async function find(
    channel: string,
    { deliveryId, createdAt, in: reply }: Outgoing,
    signal: AbortSignal,
  ): Promise<JsonObject | null> {
    const id = await idOf(channel, signal)
    const parent = reply === null ? null : textAt(reply.message, 'ts')
    const oldest = (Math.max(0, createdAt.getTime() - clocksMs) / 1_000).toFixed(6)
    if (parent === null) return findIn(id, null, deliveryId, oldest, signal)
    try {
      return await findIn(id, parent, deliveryId, oldest, signal)
    } catch (error) {
      if (!(error instanceof AlertingError) || error.code !== 'message-gone') throw error
      const found = await findIn(id, null, deliveryId, oldest, signal)
      return found === null ? null : { ...found, astray: true }
    }
  }

  /** Among what is newer than `oldest`. Throws when that is too much to read it all: then nobody knows. */
  async function findIn(
    id: string,
    parent: string | null,
    deliveryId: string,
    oldest: string,
    signal: AbortSignal,
  ): Promise<JsonObject | null> {
    const method = parent === null ? 'conversations.history' : 'conversations.replies'
    let cursor = ''
    for (let page = 0; page < mostPages; page += 1) {
      const from = cursor === '' ? {} : { cursor }
      const history = await call(method, `looking for an earlier try in ${id}`, signal, () => {
        const query = { channel: id, limit: pageSize, include_all_metadata: true, oldest, ...from }
        return parent === null ? client.conversations.history(query) : client.conversations.replies({ ...query, ts: parent })
      })
      const found = history.messages?.find(
        ({ ts, metadata }) => Number(ts) > Number(oldest) && isOurs(metadata as Json | undefined, deliveryId),
      )
      if (found?.ts !== undefined) return { channel: id, ts: found.ts }
      cursor = history.response_metadata?.next_cursor ?? ''
      if (cursor === '') return null
    }
    throw new AlertingError(
      'unavailable',
      `looking for an earlier try in ${id}: it lies behind ${mostPages * pageSize} messages or nowhere`,
    )
  }

  return {
    name,
    threads: true,
    // A little more than Slack counts: calls do not all take equally long.
    gapMs: 1_050 / perChannelPerSecond,
    async post(channel, alert, signal) {
      if (!alert.uncertain) return sayWhatCanBeSaid(alert, (message) => send(channel, alert.in, message, signal))
      const earlier = await lookUp(() => find(channel, alert, signal))
      const certain = { ...alert, uncertain: earlier === 'unknown' }
      if (earlier === 'unknown' || earlier === null)
        return sayWhatCanBeSaid(certain, (message) => send(channel, alert.in, message, signal))
      log.info({ delivery: alert.deliveryId }, 'earlier try had arrived, not posted again')
      return change(earlier, certain, signal)
    },
    edit: change,
  }
}

/** A look-up that must wait is waited for; one that fails otherwise leaves it unknown: better twice and marked than never. */
async function lookUp(find: () => Promise<JsonObject | null>): Promise<JsonObject | 'unknown' | null> {
  try {
    return await find()
  } catch (error) {
    if (!(error instanceof AlertingError) || ['rate-limited', 'channel-gone'].includes(error.code)) throw error
    log.warn({ code: error.code, reason: error.message }, 'earlier try cannot be looked up')
    return 'unknown'
  }
}

/** A message that Slack refuses for its form is said once more in plain words: a wrong block must not cost the alert. */
async function sayWhatCanBeSaid(alert: Outgoing, say: (message: SlackMessage) => Promise<JsonObject>): Promise<JsonObject> {
  const message = slackMessage(alert)
  try {
    return await say(message)
  } catch (error) {
    if (!(error instanceof AlertingError) || error.code !== 'refused') throw error
    log.error({ delivery: alert.deliveryId, reason: error.message }, 'message refused, saying it in plain words')
    return say({ ...message, blocks: [], attachments: [] })
  }
}

const quiet = { unfurl_links: false, unfurl_media: false }

/** The client's own log carries bodies and foreign texts; what matters comes back as errors. */
export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
}

function isOurs(metadata: Json | undefined, deliveryId: string): boolean {
  return textAt(metadata, 'event_type') === metadataType && textAt(metadata, 'event_payload', 'delivery_id') === deliveryId
}

function bare(channel: string): string {
  return channel.replace(/^#/u, '')
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(new AlertingError('uncertain', 'the deadline came before an answer from Slack'))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
