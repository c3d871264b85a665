import type { Json, JsonObject } from '#model'
import { createLimit, type Limit } from './slack-limits.ts'
import { controls, refusal } from './slack-rules.ts'
import { jsonList, metadataOf, Refused, TooFast } from './slack-wire.ts'

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

export interface SlackChannel {
  readonly id: string
  readonly name: string
  readonly limit: Limit
  state: 'open' | 'archived' | 'removed' | 'left'
}
type Answer = { readonly ok: true } & JsonObject

/** Channels and their messages, and the methods that read and write them. */
export interface SlackWorkspace {
  readonly messages: ReadonlyMap<string, SlackPosted>
  readonly versions: readonly SlackPosted[]
  /** Tries inside an announced Retry-After. */
  impatient(): number
  set(channel: string, state: SlackChannel['state']): void
  /** Throws `Refused` and `TooFast` as Slack answers. */
  run(method: string, form: URLSearchParams): Answer
}

export function createWorkspace(
  names: readonly string[],
  rate: { readonly perSecond: number; readonly burst: number },
  onMessage: (message: SlackPosted) => void,
  people: Readonly<Record<string, string>> = {},
): SlackWorkspace {
  const channels = names.map((name, index): SlackChannel => ({
    id: `C${String(index + 1).padStart(9, '0')}`,
    name: name.replace(/^#/u, ''),
    limit: createLimit(rate.perSecond, rate.burst),
    state: 'open',
  }))
  const updates = createLimit(50 / 60, 50)
  const stored = new Map<string, SlackPosted>()
  const versions: SlackPosted[] = []
  let lastTs = 0

  function channelOf(given: string | undefined, how: 'name or id' | 'id'): SlackChannel {
    const wanted = (given ?? '').replace(/^#/u, '')
    const found = channels.find(({ id, name }) => id === given || (how === 'name or id' && name === wanted))
    if (found === undefined || found.state === 'removed') throw new Refused('channel_not_found')
    return found
  }

  function keep(channel: SlackChannel, ts: string, edits: number, form: URLSearchParams): SlackPosted {
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
    onMessage(message)
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
    'users.lookupByEmail'(form) {
      const email = form.get('email') ?? ''
      if (!Object.hasOwn(people, email)) throw new Refused('users_not_found')
      return { ok: true, user: { id: people[email] ?? '', deleted: false } }
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

  return {
    messages: stored,
    versions,
    impatient: () => channels.reduce((sum, { limit }) => sum + limit.impatient, updates.impatient),
    set(name, state) {
      channelNamed(channels, name).state = state
    },
    run(method, form) {
      const found = Object.hasOwn(methods, method) ? methods[method] : undefined
      if (found === undefined) throw new Refused('unknown_method')
      return found(form)
    },
  }
}

function writable(channel: SlackChannel): SlackChannel {
  if (channel.state === 'archived') throw new Refused('is_archived')
  if (channel.state === 'left') throw new Refused('not_in_channel')
  return channel
}

function channelNamed(channels: readonly SlackChannel[], name: string): SlackChannel {
  const found = channels.find((channel) => channel.name === name.replace(/^#/u, ''))
  if (found === undefined) throw new Error(`no channel ${name} at this Slack server`)
  return found
}

function described({ id, name, state }: SlackChannel): JsonObject {
  return { id, name, is_channel: true, is_archived: state === 'archived', is_member: state !== 'left' }
}
