import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { AlertingError, createSlack, terminalMessage, type Destination, type SlackOptions } from '#alerting'
import type { JsonObject } from '#model'
import { startSlackServer, type SlackServer, type SlackServerOptions } from '../../services/processes/demo/slack-server.ts'
import { aFindingAlert, anOutgoing } from '../support/alerts.ts'

const servers: SlackServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function slackWith(
  given: Partial<SlackServerOptions> = {},
  options: Partial<SlackOptions> = {},
): Promise<{ server: SlackServer; slack: Destination }> {
  const server = await startSlackServer({ channels: ['payments', 'lab'], ...given })
  servers.push(server)
  return { server, slack: createSlack({ token: server.token, apiUrl: server.url, ...options }) }
}

const never = new AbortController().signal
async function errorOf(work: Promise<JsonObject>): Promise<AlertingError> {
  const error: unknown = await work.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (!(error instanceof AlertingError)) throw new Error(`expected an AlertingError, got ${inspect(error)}`)
  return error
}

describe('posting', () => {
  it('a new alert becomes one message, and an edit changes that message', async () => {
    const { server, slack } = await slackWith()
    const message = await slack.post('#payments', anOutgoing(), never)
    await slack.edit(message, anOutgoing({ content: aFindingAlert({ count: 4 }) }), never)
    expect(server.messages()).toHaveLength(1)
    const [posted] = server.messages('payments')
    expect(posted).toMatchObject({ edits: 1, metadata: { event_payload: { delivery_id: 'd-1' } } })
    expect(posted && terminalMessage(posted)).toContain('CRITICAL · repeated ×4')
  })

  it('keeps to one message a second in a channel, while other channels go on', async () => {
    const { server, slack } = await slackWith()
    await Promise.all([
      slack.post('payments', anOutgoing(), never),
      slack.post('payments', anOutgoing({ deliveryId: 'd-2' }), never),
      slack.post('lab', anOutgoing({ deliveryId: 'd-3' }), never),
    ])
    const [first, second] = server.messages('payments')
    const gap = (second?.at ?? 0) - (first?.at ?? 0)
    expect(gap).toBeGreaterThan(900)
    expect((server.messages('lab')[0]?.at ?? 0) - (first?.at ?? 0)).toBeLessThan(500)
  })

  it('what its turn is far off is handed back with its wait, not slept for', async () => {
    const { slack } = await slackWith({ perChannelPerSecond: 100, burst: 100 }, { perChannelPerSecond: 1 })
    const posts = [1, 2, 3, 4].map((id) => slack.post('payments', anOutgoing({ deliveryId: `d-${id}` }), never))
    const last = await errorOf(posts.at(-1) as Promise<JsonObject>)
    expect(last).toMatchObject({ code: 'rate-limited', retryable: true })
    expect(last.retryAfterMs).toBeGreaterThan(2_000)
    await Promise.all(posts.slice(0, 3))
  })

  it('never sends inside a Retry-After', async () => {
    const { server, slack } = await slackWith({ burst: 1, perChannelPerSecond: 0.2 }, { perChannelPerSecond: 1_000 })
    await slack.post('payments', anOutgoing(), never)
    expect(await errorOf(slack.post('payments', anOutgoing(), never))).toMatchObject({ code: 'rate-limited', retryAfterMs: 5_000 })
    const again = await errorOf(slack.post('payments', anOutgoing(), never))
    expect(again.retryAfterMs).toBeGreaterThan(4_000)
    expect(server.calls()).toMatchObject({ impatient: 0 })
    expect(server.calls().byMethod.get('chat.postMessage')).toBe(2)
  })

  it.each(['86400', '99999999999999999999'])('believes a Retry-After of %s for five minutes', async (seconds) => {
    const { server, slack } = await slackWith()
    server.faults.askToWait(1, seconds)
    const error = await errorOf(slack.post('payments', anOutgoing(), never))
    expect(error).toMatchObject({ code: 'rate-limited', retryAfterMs: 300_000, asksTooLong: true })
    const again = await errorOf(slack.post('payments', anOutgoing(), never))
    expect(again.retryAfterMs).toBeLessThanOrEqual(300_000)
    expect(again.asksTooLong).toBe(false)
  })

  it('a message that Slack refuses for its form is said in plain words', async () => {
    const { server, slack } = await slackWith({}, { perChannelPerSecond: 100 })
    server.faults.refuse(1, 'invalid_blocks')
    await slack.post('payments', anOutgoing(), never)
    expect(server.messages()).toMatchObject([{ blocks: [], text: expect.stringContaining('Bucket ledger') }])
  })
})

describe('errors', () => {
  const cases: readonly (readonly [string, (server: SlackServer) => void, Partial<AlertingError>])[] = [
    ['an archived channel', ({ faults }) => faults.archive('payments'), { code: 'channel-gone', retryable: false }],
    ['an unknown channel', ({ faults }) => faults.remove('payments'), { code: 'channel-gone', retryable: false }],
    ['a channel without the bot', ({ faults }) => faults.leave('payments'), { code: 'denied', retryable: false }],
    ['a revoked token', ({ faults }) => faults.revokeToken(), { code: 'token-refused', retryable: true }],
    ['a lost answer', ({ faults }) => faults.loseAnswers(1), { code: 'uncertain', retryable: true }],
    ['a gateway error', ({ faults }) => faults.fail(1, 502), { code: 'uncertain', retryable: true }],
    ['an internal error', ({ faults }) => faults.refuse(1, 'internal_error'), { code: 'uncertain', retryable: true }],
    ['an unknown error', ({ faults }) => faults.refuse(1, 'brand_new_error'), { code: 'unexplained', retryable: true }],
    ['a locked thread', ({ faults }) => faults.refuse(1, 'restricted_action_thread_locked'), { code: 'denied' }],
    ['a channel for few', ({ faults }) => faults.refuse(1, 'posting_to_general_channel_denied'), { code: 'denied' }],
    ['no answer', ({ faults }) => faults.hang(1), { code: 'uncertain', retryable: true }],
  ]
  it.each(cases)('%s is told by its code, and never shows the token', async (_, fault, expected) => {
    const token = 'xoxb-canary-4711'
    const { server, slack } = await slackWith({ token }, { timeoutMs: 300 })
    fault(server)
    const error = await errorOf(slack.post('payments', anOutgoing(), never))
    expect(error).toMatchObject(expected)
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary')
  })

  it('a Slack that is not there surely took nothing', async () => {
    const { server, slack } = await slackWith()
    await server.stop()
    expect(await errorOf(slack.post('payments', anOutgoing(), never))).toMatchObject({ code: 'unavailable' })
  })

  it('a wrong token is refused', async () => {
    const { slack } = await slackWith({}, { token: 'xoxb-wrong' })
    expect(await errorOf(slack.post('payments', anOutgoing(), never))).toMatchObject({ code: 'token-refused' })
  })

  it('a deleted message cannot be edited', async () => {
    const { slack } = await slackWith()
    const message = { channel: 'C000000001', ts: '1.000000' }
    expect(await errorOf(slack.edit(message, anOutgoing(), never))).toMatchObject({ code: 'message-gone' })
  })

  it('a deadline that comes during the call leaves it uncertain', async () => {
    const { server, slack } = await slackWith()
    server.faults.hang(1)
    expect(await errorOf(slack.post('payments', anOutgoing(), AbortSignal.timeout(100)))).toMatchObject({ code: 'uncertain' })
  })
})

describe('a message that nobody may change any more', () => {
  const ended = aFindingAlert({ ended: { how: 'fixed', at: '2026-11-21T15:00:00Z', cause: null } })

  it.each(['edit_window_closed', 'cant_update_message'])(
    '(%s) is told on in one reply below it, which is changed then',
    async (word) => {
      const { server, slack } = await slackWith({}, { perChannelPerSecond: 100 })
      const message = await slack.post('payments', anOutgoing(), never)
      server.faults.refuse(1, word, 'chat.update')
      const below = await slack.edit(message, anOutgoing({ content: ended }), never)
      expect(below).toMatchObject(message)
      await slack.edit(below, anOutgoing({ content: ended }), never)
      expect(server.messages()).toMatchObject([
        { ts: message['ts'], edits: 0 },
        { threadTs: message['ts'], broadcast: true, edits: 1, text: expect.stringContaining('Resolved') },
      ])
    },
  )

  it('has one such reply, though its answer was lost', async () => {
    const { server, slack } = await slackWith({}, { perChannelPerSecond: 100 })
    const message = await slack.post('payments', anOutgoing(), never)
    server.faults.refuse(2, 'edit_window_closed', 'chat.update')
    server.faults.loseAnswers(1)
    expect(await errorOf(slack.edit(message, anOutgoing({ content: ended }), never))).toMatchObject({ code: 'uncertain' })
    await slack.edit(message, anOutgoing({ content: ended, uncertain: true }), never)
    expect(server.messages()).toMatchObject([{ edits: 0 }, { threadTs: message['ts'], edits: 1 }])
  })

  it('hands back the wait for such a reply as its own, so that it is not due again at once', async () => {
    const { server, slack } = await slackWith({}, { perChannelPerSecond: 100 })
    const message = await slack.post('payments', anOutgoing(), never)
    server.faults.refuse(1, 'edit_window_closed', 'chat.update')
    server.faults.askToWait(1, '3')
    const error = await errorOf(slack.edit(message, anOutgoing({ content: ended }), never))
    expect(error).toMatchObject({ code: 'rate-limited', retryAfterMs: 3_000, closes: null })
  })
})

describe('an earlier try without an answer', () => {
  it.each(['payments', '#payments', 'C000000001'])(
    'that arrived in %s is found and brought up to date, not repeated',
    async (channel) => {
      const { server, slack } = await slackWith({}, { perChannelPerSecond: 100 })
      server.faults.loseAnswers(1)
      await errorOf(slack.post(channel, anOutgoing(), never))
      const message = await slack.post(channel, anOutgoing({ uncertain: true, content: aFindingAlert({ count: 2 }) }), never)
      expect(server.messages()).toHaveLength(1)
      expect(server.messages()[0]).toMatchObject({ ts: message['ts'], channelId: message['channel'], edits: 1 })
      expect(server.messages()[0]?.text).not.toContain('Possible repeat')
    },
  )

  it('is found behind newer messages and among many channels', async () => {
    const channels = [...Array.from({ length: 250 }, (_, index) => `other-${index}`), 'payments']
    const { server, slack } = await slackWith({ channels, perChannelPerSecond: 1_000, burst: 500 }, { perChannelPerSecond: 1_000 })
    const other = createSlack({ token: server.token, apiUrl: server.url, perChannelPerSecond: 1_000 })
    server.faults.loseAnswers(1)
    await errorOf(slack.post('payments', anOutgoing(), never))
    for (let id = 0; id < 220; id += 1) await other.post('payments', anOutgoing({ deliveryId: `other-${id}` }), never)
    await slack.post('payments', anOutgoing({ uncertain: true }), never)
    expect(server.messages('payments')).toHaveLength(221)
  })

  it('behind more messages than can be read is sent again, marked; what is older than the first try is not read', async () => {
    const options = { perChannelPerSecond: 100_000 }
    const { server, slack } = await slackWith({ ...options, burst: 2_000 }, options)
    server.faults.loseAnswers(1)
    await errorOf(slack.post('payments', anOutgoing(), never))
    const other = createSlack({ token: server.token, apiUrl: server.url, ...options })
    for (let id = 0; id < 610; id += 1) await other.post('payments', anOutgoing({ deliveryId: `other-${id}` }), never)
    await slack.post('payments', anOutgoing({ uncertain: true }), never)
    expect(server.messages().at(-1)?.text).toMatch(/^Possible repeat: /u)
    const later = new Date(Date.now() + 3_600_000)
    await slack.post('payments', anOutgoing({ deliveryId: 'd-2', uncertain: true, createdAt: later }), never)
    expect(server.messages().at(-1)?.text).not.toContain('Possible repeat')
  })

  it('that never arrived is sent, and not called a repeat', async () => {
    const { server, slack } = await slackWith()
    await slack.post('payments', anOutgoing({ uncertain: true }), never)
    expect(server.messages()).toHaveLength(1)
    expect(server.messages()[0]?.text).not.toContain('Possible repeat')
  })

  it('that cannot be looked up is sent again, marked as a possible repeat', async () => {
    const { server, slack } = await slackWith()
    server.faults.refuse(1, 'missing_scope', 'conversations.history')
    await slack.post('payments', anOutgoing({ uncertain: true }), never)
    expect(server.messages()[0]?.text).toMatch(/^Possible repeat: /u)
  })

  it('in a channel that is gone by now is not sent there again', async () => {
    const { server, slack } = await slackWith()
    server.faults.refuse(1, 'channel_not_found', 'conversations.history')
    expect(await errorOf(slack.post('payments', anOutgoing({ uncertain: true }), never))).toMatchObject({ code: 'channel-gone' })
    expect(server.messages()).toEqual([])
  })
})
