import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isObject, type Json, type JsonObject } from '#model'
import { createLimit, type Limit } from './slack-limits.ts'
import { controls, refusal } from './slack-rules.ts'

/** A message as it stands in its channel. */
export interface SlackPosted {
  /** The channel's name, without `#`. */
  readonly channel: string
  readonly channelId: string
  readonly ts: string
  readonly text: string
  readonly blocks: readonly Json[]
  readonly attachments: readonly Json[]
  readonly metadata: JsonObject | null
  /** 0 for a new message, then one more at each edit. */
  readonly edits: number
  /** Epoch milliseconds of this version's arrival. */
  readonly at: number
  /** What Slack would turn into a mention or link; ours are links from our templates only. */
  readonly controls: readonly string[]
}

export interface SlackServerOptions {
  readonly port?: number
  /** Names, without `#`. */
  readonly channels: readonly string[]
  /** The one token that is valid. */
  readonly token?: string
  /** Slack's own rule is 1. */
  readonly perChannelPerSecond?: number
  /** Messages that a channel takes at once before the rate counts. */
  readonly burst?: number
  /** Called for every version of every message, as it arrives. */
  readonly onMessage?: (message: SlackPosted) => void
}

/** What may go wrong at Slack, switched on from outside. */
export interface SlackFaults {
  /** The next `count` accepted calls of a method lose their answer on the way. */
  loseAnswers(count: number, method?: string): void
  /** The next `count` calls of a method get this HTTP status, without effect. */
  fail(count: number, status: number, method?: string): void
  /** The next `count` calls of a method are answered with this error word, without effect. */
  refuse(count: number, error: string, method?: string): void
  /** The next `count` calls of a method are never answered, without effect. */
  hang(count: number, method?: string): void
  archive(channel: string): void
  remove(channel: string): void
  /** Takes the bot out of the channel. */
  leave(channel: string): void
  restore(channel: string): void
  revokeToken(): void
  restoreToken(): void
}

export interface SlackServer {
  /** For `slackApiUrl`. */
  readonly url: string
  readonly token: string
  readonly faults: SlackFaults
  /** The messages as they stand, oldest first; of one channel or of all. */
  messages(channel?: string): readonly SlackPosted[]
  /** Every version of every message, in order of arrival. */
  versions(): readonly SlackPosted[]
  /** The first message that satisfies the condition, now or later. Throws after `timeoutMs` with what is there. */
  waitFor(condition: (message: SlackPosted) => boolean, timeoutMs?: number): Promise<SlackPosted>
  /** Calls by method, and tries inside an announced Retry-After. */
  calls(): { readonly byMethod: ReadonlyMap<string, number>; readonly impatient: number }
  stop(): Promise<void>
}

interface Channel {
  readonly id: string
  readonly name: string
  readonly limit: Limit
  state: 'open' | 'archived' | 'removed' | 'left'
}
type Answer = { readonly ok: true } & JsonObject
class Refused extends Error {
  readonly body: JsonObject
  constructor(error: string, detail?: string) {
    super(error)
    this.body = { ok: false, error, ...(detail === undefined ? {} : { response_metadata: { messages: [`[ERROR] ${detail}`] } }) }
  }
}
class TooFast extends Error {
  readonly seconds: number
  constructor(seconds: number) {
    super('ratelimited')
    this.seconds = seconds
  }
}

/** Slack on loopback: the methods that we call, with Slack's limits, errors and rates. For the demo and for tests. */
export async function startSlackServer(options: SlackServerOptions): Promise<SlackServer> {
  const token = options.token ?? 'xoxb-local-slack'
  const { perChannelPerSecond = 1, burst = 3 } = options
  const channels = options.channels.map((name, index): Channel => ({
    id: `C${String(index + 1).padStart(9, '0')}`,
    name: name.replace(/^#/u, ''),
    limit: createLimit(perChannelPerSecond, burst),
    state: 'open',
  }))
  const updates = createLimit(50 / 60, 50)
  const stored = new Map<string, SlackPosted>()
  const versions: SlackPosted[] = []
  const watchers = new Set<(message: SlackPosted) => void>()
  const calls = new Map<string, number>()
  const faults: { kind: 'lose' | 'fail' | 'hang' | 'refuse'; method: string; status: number; error: string }[] = []
  let revoked = false
  let lastTs = 0

  function channelOf(given: string | undefined, how: 'name or id' | 'id'): Channel {
    const wanted = (given ?? '').replace(/^#/u, '')
    const found = channels.find(({ id, name }) => id === given || (how === 'name or id' && name === wanted))
    if (found === undefined || found.state === 'removed') throw new Refused('channel_not_found')
    return found
  }

  function keep(channel: Channel, ts: string, edits: number, form: URLSearchParams): SlackPosted {
    const blocks = jsonList(form, 'blocks', 'invalid_blocks_format')
    const attachments = jsonList(form, 'attachments', 'invalid_attachments')
    const text = form.get('text') ?? ''
    if (text === '' && blocks.length === 0 && attachments.length === 0) throw new Refused('no_text')
    if (text.length > (edits === 0 ? 40_000 : 4_000)) throw new Refused('msg_too_long')
    const refused = refusal(blocks, attachments)
    if (refused !== null) throw new Refused(refused.error, refused.detail)
    const metadata = metadataOf(form) ?? stored.get(`${channel.id}:${ts}`)?.metadata ?? null
    const place = { channel: channel.name, channelId: channel.id, ts, edits, at: Date.now() }
    const message = { ...place, text, blocks, attachments, metadata, controls: controls(text, blocks, attachments) }
    stored.set(`${channel.id}:${ts}`, message)
    versions.push(message)
    options.onMessage?.(message)
    for (const watcher of watchers) watcher(message)
    return message
  }

  const methods: Readonly<Record<string, (form: URLSearchParams) => Answer>> = {
    'auth.test': () => ({ ok: true, team: 'Local', team_id: 'T000000001', user: 'tripline', user_id: 'U000000001' }),
    'chat.postMessage'(form) {
      const channel = writable(channelOf(form.get('channel') ?? undefined, 'name or id'))
      const wait = channel.limit.take(Date.now())
      if (wait !== null) throw new TooFast(wait)
      lastTs = Math.max(lastTs + 1, Date.now() * 1_000)
      const ts = `${Math.floor(lastTs / 1_000_000)}.${String(lastTs % 1_000_000).padStart(6, '0')}`
      const { text, blocks, attachments } = keep(channel, ts, 0, form)
      return { ok: true, channel: channel.id, ts, message: { type: 'message', ts, text, blocks, attachments } }
    },
    'chat.update'(form) {
      const channel = writable(channelOf(form.get('channel') ?? undefined, 'id'))
      const ts = form.get('ts') ?? ''
      const before = stored.get(`${channel.id}:${ts}`)
      if (before === undefined) throw new Refused('message_not_found')
      const wait = updates.take(Date.now())
      if (wait !== null) throw new TooFast(wait)
      const { text } = keep(channel, ts, before.edits + 1, form)
      return { ok: true, channel: channel.id, ts, text }
    },
    'conversations.history'(form) {
      const channel = channelOf(form.get('channel') ?? undefined, 'id')
      if (channel.state === 'left') throw new Refused('not_in_channel')
      const [oldest, limit] = [Number(form.get('oldest') ?? 0), Number(form.get('limit') ?? 100)]
      const found = [...stored.values()].filter(({ channelId, ts }) => channelId === channel.id && Number(ts) > oldest).toReversed()
      const from = Number(form.get('cursor') ?? 0)
      const whole = form.get('include_all_metadata') === 'true'
      const messages = found.slice(from, from + limit).map(({ ts, text, blocks, attachments, metadata }) => {
        const message: Record<string, Json> = { type: 'message', ts, text, blocks, attachments }
        if (whole && metadata !== null) message['metadata'] = metadata
        return message
      })
      const more = from + limit < found.length
      return { ok: true, messages, has_more: more, response_metadata: { next_cursor: more ? String(from + limit) : '' } }
    },
    'conversations.info': (form) => ({ ok: true, channel: described(channelOf(form.get('channel') ?? undefined, 'id')) }),
    'conversations.list'(form) {
      const [from, limit] = [Number(form.get('cursor') ?? 0), Number(form.get('limit') ?? 100)]
      const hidden = form.get('exclude_archived') === 'true'
      const there = channels.filter(({ state }) => state !== 'removed' && !(hidden && state === 'archived'))
      const next = from + limit < there.length ? String(from + limit) : ''
      return { ok: true, channels: there.slice(from, from + limit).map(described), response_metadata: { next_cursor: next } }
    },
  }

  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      send(response, 500, { ok: false, error: error instanceof Error ? error.message : 'internal_error' })
    })
  })

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = new URL(request.url ?? '/', 'http://slack').pathname.split('/').at(-1) ?? ''
    const form = new URLSearchParams(await bodyOf(request))
    calls.set(method, (calls.get(method) ?? 0) + 1)
    const index = faults.findIndex((fault) => fault.method === method)
    const fault = index === -1 ? undefined : faults.splice(index, 1)[0]
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'fail') return send(response, fault.status, { ok: false, error: 'internal_error' })
    if (fault?.kind === 'refuse') return send(response, 200, { ok: false, error: fault.error })
    try {
      const given = /^Bearer (.+)$/u.exec(request.headers.authorization ?? '')?.[1] ?? form.get('token')
      if (given === null) throw new Refused('not_authed')
      if (given !== token) throw new Refused('invalid_auth')
      if (revoked) throw new Refused('token_revoked')
      const run = Object.hasOwn(methods, method) ? methods[method] : undefined
      if (run === undefined) throw new Refused('unknown_method')
      const answer = run(form)
      if (fault?.kind === 'lose') request.socket.destroy()
      else send(response, 200, answer)
    } catch (error) {
      if (error instanceof TooFast)
        send(response, 429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(error.seconds) })
      else if (error instanceof Refused) send(response, 200, error.body)
      else throw error
    }
  }

  const setState = (state: Channel['state']) => (name: string) => {
    channelNamed(channels, name).state = state
  }
  const addFault =
    (kind: 'lose' | 'hang') =>
    (count: number, method = 'chat.postMessage') => {
      for (let left = count; left > 0; left -= 1) faults.push({ kind, method, status: 0, error: '' })
    }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    token,
    faults: {
      loseAnswers: addFault('lose'),
      hang: addFault('hang'),
      fail(count, status, method = 'chat.postMessage') {
        for (let left = count; left > 0; left -= 1) faults.push({ kind: 'fail', method, status, error: '' })
      },
      refuse(count, error, method = 'chat.postMessage') {
        for (let left = count; left > 0; left -= 1) faults.push({ kind: 'refuse', method, status: 200, error })
      },
      archive: setState('archived'),
      remove: setState('removed'),
      leave: setState('left'),
      restore: setState('open'),
      revokeToken() {
        revoked = true
      },
      restoreToken() {
        revoked = false
      },
    },
    messages: (channel) =>
      [...stored.values()].filter((each) => channel === undefined || each.channel === channel.replace(/^#/u, '')),
    versions: () => [...versions],
    async waitFor(condition, timeoutMs = 10_000) {
      const there = [...stored.values()].find(condition)
      if (there !== undefined) return there
      return new Promise((resolve, reject) => {
        const watcher = (message: SlackPosted): void => {
          if (!condition(message)) return
          clearTimeout(timer)
          watchers.delete(watcher)
          resolve(message)
        }
        const timer = setTimeout(() => {
          watchers.delete(watcher)
          const seen = [...stored.values()].map(({ channel, text }) => `#${channel}: ${text}`).join('\n')
          reject(new Error(`no such message within ${timeoutMs} ms; there are ${stored.size}:\n${seen}`))
        }, timeoutMs)
        watchers.add(watcher)
      })
    },
    calls: () => ({
      byMethod: new Map(calls),
      impatient: channels.reduce((sum, { limit }) => sum + limit.impatient, updates.impatient),
    }),
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

function writable(channel: Channel): Channel {
  if (channel.state === 'archived') throw new Refused('is_archived')
  if (channel.state === 'left') throw new Refused('not_in_channel')
  return channel
}

function channelNamed(channels: readonly Channel[], name: string): Channel {
  const found = channels.find((channel) => channel.name === name.replace(/^#/u, ''))
  if (found === undefined) throw new Error(`no channel ${name} at this Slack server`)
  return found
}

function described({ id, name, state }: Channel): JsonObject {
  return { id, name, is_channel: true, is_archived: state === 'archived', is_member: state !== 'left' }
}

function jsonList(form: URLSearchParams, key: string, error: string): readonly Json[] {
  const text = form.get(key)
  if (text === null || text === '') return []
  const parsed = parse(text, error)
  if (!Array.isArray(parsed)) throw new Refused(error)
  return parsed as readonly Json[]
}

function metadataOf(form: URLSearchParams): JsonObject | null {
  const text = form.get('metadata')
  if (text === null || text === '') return null
  const parsed = parse(text, 'invalid_metadata_format')
  if (!isObject(parsed) || typeof parsed['event_type'] !== 'string' || !isObject(parsed['event_payload'])) {
    throw new Refused('invalid_metadata_schema')
  }
  return parsed
}

function parse(text: string, error: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new Refused(error)
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

function send(response: ServerResponse, status: number, body: JsonObject, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
  response.end(JSON.stringify(body))
}
