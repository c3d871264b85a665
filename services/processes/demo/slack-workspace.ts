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
  /** The message that it answers; null for one of the channel's own. */
  readonly threadTs: string | null
  /** A reply that the channel shows too. */
  readonly broadcast: boolean
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
  /** As a person deletes a message: replies stay below a tombstone, without any nothing stays. */
  remove(channel: string, ts: string): void
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
  const tombstones = new Set<string>()
  let lastTs = 0

  function channelOf(given: string | undefined, how: 'name or id' | 'id'): SlackChannel {
    const wanted = (given ?? '').replace(/^#/u, '')
    const found = channels.find(({ id, name }) => id === given || (how === 'name or id' && name === wanted))
    if (found === undefined || found.state === 'removed') throw new Refused('channel_not_found')
    return found
  }

  /** Where a message with this `thread_ts` comes to stand. Below what is gone or never was, Slack puts it into the channel, silently. */
  function threadOf(channel: SlackChannel, given: string | null): string | null {
    if (given === null || given === '') return null
    if (tombstones.has(`${channel.id}:${given}`)) return given
    const parent = stored.get(`${channel.id}:${given}`)
    return parent === undefined ? null : (parent.threadTs ?? parent.ts)
  }

  function keep(channel: SlackChannel, ts: string, edits: number, form: URLSearchParams): SlackPosted {
    const blocks = jsonList(form, 'blocks', 'invalid_blocks_format')
    const attachments = jsonList(form, 'attachments', 'invalid_attachments')
    const text = form.get('text') ?? ''
    if (text === '' && blocks.length === 0 && attachments.length === 0) throw new Refused('no_text')
    if (text.length > (edits === 0 ? 40_000 : 4_000)) throw new Refused('msg_too_long')
    const refused = refusal(blocks, attachments)
    if (refused !== null) throw new Refused(refused.error, refused.detail)
    const before = stored.get(`${channel.id}:${ts}`)
    const metadata = metadataOf(form) ?? before?.metadata ?? null
    const threadTs = before === undefined ? threadOf(channel, form.get('thread_ts')) : before.threadTs
    const shown = form.get('reply_broadcast') === 'true' && threadTs !== null
    const place = { channel: channel.name, channelId: channel.id, ts, edits, at: Date.now(), threadTs }
    const broadcast = before?.broadcast === true || shown
    const message = { ...place, broadcast, text, blocks, attachments, metadata, controls: controls(text, blocks, attachments) }
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
      return { ok: true, channel: channel.id, ts, message: wireOf(keep(channel, ts, 0, form), false) }
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
      const oldest = Number(form.get('oldest') ?? 0)
      const own = ({ threadTs, broadcast }: SlackPosted): boolean => threadTs === null || broadcast
      const found = [...stored.values()].filter((each) => each.channelId === channel.id && Number(each.ts) > oldest && own(each))
      return page(found.toReversed(), form)
    },
    'conversations.replies'(form) {
      const channel = channelOf(form.get('channel') ?? undefined, 'id')
      if (channel.state === 'left') throw new Refused('not_in_channel')
      const ts = form.get('ts') ?? ''
      const found = [...stored.values()].filter((each) => each.channelId === channel.id && (each.ts === ts || each.threadTs === ts))
      if (found.length === 0) throw new Refused('thread_not_found')
      return page(found, form)
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
    remove(name, ts) {
      const { id } = channelNamed(channels, name)
      if (!stored.delete(`${id}:${ts}`)) throw new Error(`no message ${ts} in ${name}`)
      if ([...stored.values()].some((each) => each.channelId === id && each.threadTs === ts)) tombstones.add(`${id}:${ts}`)
    },
    run(method, form) {
      const found = Object.hasOwn(methods, method) ? methods[method] : undefined
      if (found === undefined) throw new Refused('unknown_method')
      return found(form)
    },
  }
}

/** A message as Slack answers with it. */
function wireOf({ ts, threadTs, broadcast, text, blocks, attachments, metadata }: SlackPosted, whole: boolean): JsonObject {
  const thread = threadTs === null ? {} : { thread_ts: threadTs, ...(broadcast ? { subtype: 'thread_broadcast' } : {}) }
  return { type: 'message', ts, ...thread, text, blocks, attachments, ...(whole && metadata !== null ? { metadata } : {}) }
}

function page(found: readonly SlackPosted[], form: URLSearchParams): Answer {
  const [from, limit] = [Number(form.get('cursor') ?? 0), Number(form.get('limit') ?? 100)]
  const whole = form.get('include_all_metadata') === 'true'
  const messages = found.slice(from, from + limit).map((each) => wireOf(each, whole))
  const more = from + limit < found.length
  return { ok: true, messages, has_more: more, response_metadata: { next_cursor: more ? String(from + limit) : '' } }
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
