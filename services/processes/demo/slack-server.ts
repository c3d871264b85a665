import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFaults, type SlackFaults } from './slack-faults.ts'
import { bodyOf, Refused, send, TooFast } from './slack-wire.ts'
import { createWorkspace, type SlackPosted } from './slack-workspace.ts'

export type { SlackPosted } from './slack-workspace.ts'

export interface SlackServerOptions {
  readonly port?: number
  /** Names, without `#`. */
  readonly channels: readonly string[]
  /** The one token that is valid. */
  readonly token?: string
  /** Slack's own rule is 1. */
  readonly perChannelPerSecond?: number
  /** The ids of people by their e-mail addresses. */
  readonly people?: Readonly<Record<string, string>>
  /** Messages that a channel takes at once before the rate counts. */
  readonly burst?: number
  /** Called for every version of every message, as it arrives. */
  readonly onMessage?: (message: SlackPosted) => void
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

/** Slack on loopback: the methods that we call, with Slack's limits, errors and rates. For the demo and for tests. */
export async function startSlackServer(options: SlackServerOptions): Promise<SlackServer> {
  const { token = 'xoxb-local-slack', perChannelPerSecond: perSecond = 1, burst = 3 } = options
  const watchers = new Set<(message: SlackPosted) => void>()
  const onMessage = (message: SlackPosted): void => {
    options.onMessage?.(message)
    for (const watcher of watchers) watcher(message)
  }
  const workspace = createWorkspace(options.channels, { perSecond, burst }, onMessage, options.people)
  const faults = createFaults(
    (channel, state) => workspace.set(channel, state),
    (channel, ts) => workspace.remove(channel, ts),
  )
  const calls = new Map<string, number>()

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = new URL(request.url ?? '/', 'http://slack').pathname.split('/').at(-1) ?? ''
    const form = new URLSearchParams(await bodyOf(request))
    calls.set(method, (calls.get(method) ?? 0) + 1)
    const fault = faults.next(method)
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'fail') return send(response, fault.status, { ok: false, error: 'internal_error' })
    if (fault?.kind === 'refuse') return send(response, 200, { ok: false, error: fault.error })
    if (fault?.kind === 'wait') return send(response, 429, { ok: false, error: 'ratelimited' }, { 'retry-after': fault.error })
    try {
      const given = /^Bearer (.+)$/u.exec(request.headers.authorization ?? '')?.[1] ?? form.get('token')
      if (given === null) throw new Refused('not_authed')
      if (given !== token) throw new Refused('invalid_auth')
      if (faults.revoked()) throw new Refused('token_revoked')
      const answer = workspace.run(method, form)
      if (fault?.kind === 'lose') request.socket.destroy()
      else send(response, 200, answer)
    } catch (error) {
      if (error instanceof TooFast)
        send(response, 429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(error.seconds) })
      else if (error instanceof Refused) send(response, 200, error.body)
      else throw error
    }
  }

  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      // A caller that hung up in the middle of its body hears nothing; anything else is a fault of this server.
      if (!request.complete) return
      process.emitWarning(error instanceof Error ? error : String(error))
      if (!response.headersSent) send(response, 500, { ok: false, error: 'internal_error' })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { messages, versions } = workspace
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    token,
    faults: faults.switches,
    messages: (channel) =>
      [...messages.values()].filter((each) => channel === undefined || each.channel === channel.replace(/^#/u, '')),
    versions: () => [...versions],
    async waitFor(condition, timeoutMs = 10_000) {
      const there = [...messages.values()].find(condition)
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
          const seen = [...messages.values()].map(({ channel, text }) => `#${channel}: ${text}`).join('\n')
          reject(new Error(`no such message within ${timeoutMs} ms; there are ${messages.size}:\n${seen}`))
        }, timeoutMs)
        watchers.add(watcher)
      })
    },
    calls: () => ({ byMethod: new Map(calls), impatient: workspace.impatient() }),
    async stop() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}
