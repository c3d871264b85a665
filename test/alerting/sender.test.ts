import { afterEach, describe, expect, it } from 'vitest'
import { createSender, createSlack, type SlackOptions } from '#alerting'
import type { FindingAlert, RoutedTo } from '#model'
import { createBell, type Bell } from '#runtime'
import type { Store } from '#store'
import { startSlackServer, type SlackServer, type SlackServerOptions } from '../../services/processes/demo/slack-server.ts'
import { aCause, aFindingAlert, anOutgoing } from '../support/alerts.ts'
import { freshStore } from '../support/database.ts'
import { aRouter } from '../support/routing.ts'
import { until } from '../support/until.ts'

interface Stage {
  readonly store: Store
  readonly server: SlackServer
  readonly bell: Bell
  readonly heard: string[]
  /** Runs a sender; the returned function stops it and waits for its end. */
  send(options?: Partial<SlackOptions>): () => Promise<void>
  tell(title: string, channel?: string, given?: Partial<FindingAlert>): Promise<void>
  close(): Promise<void>
}

const stages: Stage[] = []
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.close()
})

const to = (channel: string): RoutedTo => ({ destination: 'slack', channel, team: 'payments', because: 'test' })

async function stage(given: Partial<SlackServerOptions> = {}): Promise<Stage> {
  const store = await freshStore()
  const server = await startSlackServer({
    channels: ['payments', 'lab', 'security'],
    perChannelPerSecond: 100,
    burst: 100,
    ...given,
  })
  const bell = createBell()
  const heard: string[] = []
  const ends: (() => Promise<void>)[] = []
  const made: Stage = {
    store,
    server,
    bell,
    heard,
    send(options = {}) {
      const slack = createSlack({ token: server.token, apiUrl: server.url, perChannelPerSecond: 100, timeoutMs: 1_000, ...options })
      const stop = new AbortController()
      const running = createSender({
        store,
        destinations: [slack],
        fallback: { destination: 'slack', channel: 'security' },
        route: aRouter(),
        onDelivered: (_, outcome) => void heard.push(outcome),
      }).run(bell, stop.signal)
      const end = async (): Promise<void> => {
        stop.abort()
        await running
      }
      ends.push(end)
      return end
    },
    async tell(title, channel = 'payments', content = {}) {
      // Each somebody else's doing, so that none belongs to another.
      const cause = aCause({ eventId: title, actor: { arn: null } })
      await store.alerts.create({
        findingId: null,
        key: title,
        content: aFindingAlert({ title, cause, ...content }),
        to: [to(channel)],
      })
      bell.ring()
    },
    async close() {
      for (const end of ends) await end()
      await server.stop()
      await store[Symbol.asyncDispose]()
    },
  }
  stages.push(made)
  return made
}

const titles = (server: SlackServer, channel?: string): string[] =>
  server.messages(channel).map(({ text }) => /: (?<title>[^·]+) ·/u.exec(text)?.groups?.['title'] ?? text)
/** Everything is settled once so many posts were heard of and nothing is left to send. */
const settled = ({ store, heard }: Stage, posts: number): Promise<true> =>
  until(`${posts} posts`, async () => {
    const posted = heard.filter((outcome) => outcome === 'posted').length
    return posted >= posts && (await store.deliveries.waiting()).count === 0
  })

describe('delivery', () => {
  it('what waits in the outbox is posted once, the most severe first', async () => {
    const on = await stage()
    await on.tell('small', 'payments', { severity: 'LOW' })
    await on.tell('big', 'payments', { severity: 'CRITICAL' })
    await on.tell('elsewhere', 'lab')
    on.send()
    await settled(on, 3)
    expect(titles(on.server, 'payments')).toEqual(['big', 'small'])
    expect(titles(on.server, 'lab')).toEqual(['elsewhere'])
    // A slow machine lets messages arrive closer together than they were sent, which Slack refuses at first.
    expect(on.heard.filter((outcome) => outcome !== 'retried')).toEqual(['posted', 'posted', 'posted'])
  })

  it('a ring is enough, and takes no poll', async () => {
    const on = await stage()
    on.send()
    await on.tell('first')
    await settled(on, 1)
    await on.tell('second')
    const message = await on.server.waitFor(({ text }) => text.includes('second'))
    expect(message.channel).toBe('payments')
  })

  it('a post whose answer is lost is found again, and stands once', async () => {
    const on = await stage()
    on.server.faults.loseAnswers(1)
    await on.tell('once')
    on.send()
    await settled(on, 1)
    expect(titles(on.server)).toEqual(['once'])
    expect(on.heard).toEqual(['retried', 'posted'])
  })

  it('a sender that died after its post left nothing to repeat', async () => {
    const on = await stage()
    await on.tell('once')
    const [lent] = await on.store.deliveries.lease(1, 200)
    if (lent === undefined) throw new Error('nothing was due')
    await on.store.deliveries.sending(lent)
    const slack = createSlack({ token: on.server.token, apiUrl: on.server.url })
    await slack.post('payments', anOutgoing({ deliveryId: lent.id, content: lent.content }), new AbortController().signal)
    on.send()
    await settled(on, 1)
    expect(titles(on.server)).toEqual(['once'])
  })

  it('a Slack that fails for a while loses nothing and repeats nothing', async () => {
    const on = await stage()
    on.server.faults.fail(2, 503)
    on.server.faults.refuse(1, 'service_unavailable')
    await on.tell('patient')
    on.send()
    await settled(on, 1)
    expect(titles(on.server)).toEqual(['patient'])
  })

  it('under Slack’s own rate everything arrives once, and nothing is sent inside a Retry-After', async () => {
    const on = await stage({ perChannelPerSecond: 1, burst: 2 })
    for (let id = 0; id < 5; id += 1) await on.tell(`alert ${id}`)
    on.send({ perChannelPerSecond: 100 })
    await settled(on, 5)
    expect(titles(on.server).toSorted()).toEqual(['alert 0', 'alert 1', 'alert 2', 'alert 3', 'alert 4'])
    expect(on.server.calls().impatient).toBe(0)
  })

  it('a slow channel holds up no other', async () => {
    const on = await stage()
    for (let id = 0; id < 10; id += 1) await on.tell(`slow ${id}`, 'lab')
    on.send({ perChannelPerSecond: 1 })
    await on.server.waitFor(({ text }) => text.includes('slow'))
    await on.tell('quick')
    await on.server.waitFor(({ text }) => text.includes('quick'))
    expect(on.server.messages('lab').length).toBeLessThan(5)
  })
})

describe('a channel that takes nothing', () => {
  it.each([
    ['archived', 'channel-gone'],
    ['removed', 'channel-gone'],
    ['left', 'denied'],
  ] as const)('that is %s: the fallback gets its alerts, and the operators one note', async (state, code) => {
    const on = await stage()
    if (state === 'archived') on.server.faults.archive('payments')
    else if (state === 'removed') on.server.faults.remove('payments')
    else on.server.faults.leave('payments')
    on.send()
    await on.tell('one')
    await on.tell('two')
    await on.tell('fine', 'lab')
    await settled(on, 4)
    expect(titles(on.server, 'security').toSorted()).toEqual(
      ['one', 'two', `⚠️ Channel payments does not take alerts (${code})`].toSorted(),
    )
    expect(titles(on.server, 'lab')).toEqual(['fine'])
    expect(on.heard.filter((outcome) => outcome === 'diverted')).toHaveLength(2)
  })

  it('when it is the fallback itself, the alert waits until it is back', async () => {
    const on = await stage()
    on.server.faults.archive('security')
    on.send()
    await on.tell('waits', 'security')
    await until('a failed try', () => on.heard.includes('retried'))
    on.server.faults.restore('security')
    await settled(on, 1)
    expect(titles(on.server, 'security')).toEqual(['waits'])
  })

  it('a refused token keeps everything, and says so once it is good again', async () => {
    const on = await stage()
    on.server.faults.revokeToken()
    on.send()
    await on.tell('kept')
    await until('a failed try', () => on.heard.includes('retried'))
    on.server.faults.restoreToken()
    await settled(on, 2)
    expect(titles(on.server, 'payments')).toEqual(['kept'])
    expect(titles(on.server, 'security')).toEqual(['⚠️ Destination slack refused our credentials'])
  })

  it('that answers in words nobody knows is left after six tries, though other channels go on', { timeout: 60_000 }, async () => {
    const on = await stage()
    on.server.faults.refuse(6, 'brand_new_error')
    on.send()
    await on.tell('odd')
    await until('six tries', () => on.heard.includes('diverted'), 50_000)
    await on.tell('fine', 'lab')
    await settled(on, 3)
    expect(titles(on.server, 'security').toSorted()).toEqual(
      ['odd', '⚠️ Channel payments does not take alerts (unexplained)'].toSorted(),
    )
    expect(on.heard.filter((outcome) => outcome === 'retried')).toHaveLength(5)
  })

  it('and asks to wait for a day is asked again in five minutes, and the operators hear of it', async () => {
    const on = await stage()
    on.server.faults.askToWait(1, '99999999999999999999')
    on.send()
    await on.tell('waits')
    await on.server.waitFor(({ text }) => text.includes('asks to wait for very long'))
    expect(on.heard.filter((outcome) => outcome === 'retried')).toHaveLength(1)
  })

  it('no edit of what it shows is told on below the message', async () => {
    const on = await stage()
    const ended = { how: 'fixed', at: '2026-11-21T15:00:00Z', cause: null } as const
    on.send()
    const finding = await on.store.findings.open({
      detectionId: 'P',
      resource: { accountId: '111122223333', region: 'eu-west-1', type: 'AWS.S3.Bucket', id: 'ledger' },
      key: '',
      severity: 'CRITICAL',
      title: 'ends',
      context: {},
      origin: 'change',
      causes: [aCause()],
      differences: [],
    })
    if (finding === null) throw new Error('it is open already')
    await on.store.alerts.create({
      findingId: finding.id,
      key: 'one',
      content: aFindingAlert({ title: 'ends' }),
      to: [to('payments')],
    })
    on.bell.ring()
    await settled(on, 1)
    on.server.faults.refuse(1, 'edit_window_closed', 'chat.update')
    await on.store.alerts.revise(finding.id, (content) => (content.kind === 'finding' ? { ...content, ended } : content), 0)
    on.bell.ring()
    const reply = await on.server.waitFor(({ threadTs }) => threadTs !== null)
    expect(reply.text).toContain('Resolved')
    await until('nothing left', async () => (await on.store.deliveries.waiting()).count === 0)
    expect(on.server.messages()).toHaveLength(2)
  })

  it('what is wrong with the message itself goes to the fallback', async () => {
    const on = await stage()
    on.server.faults.refuse(2, 'invalid_arguments')
    on.send()
    await on.tell('odd')
    await settled(on, 2)
    expect(titles(on.server, 'security').toSorted()).toEqual(
      ['odd', '⚠️ Channel payments does not take alerts (refused)'].toSorted(),
    )
  })
})

describe('stopping', () => {
  it('gives back what is not sent, and the next sender finishes it, each once', async () => {
    const on = await stage()
    for (let id = 0; id < 6; id += 1) await on.tell(`alert ${id}`)
    const end = on.send({ perChannelPerSecond: 4 })
    await on.server.waitFor(({ text }) => text.includes('alert'))
    await end()
    expect(on.server.messages().length).toBeLessThan(6)
    on.send()
    await settled(on, 6)
    expect(titles(on.server).toSorted()).toEqual(['alert 0', 'alert 1', 'alert 2', 'alert 3', 'alert 4', 'alert 5'])
  })

  it('two senders share an outbox without repeating anything', async () => {
    const on = await stage()
    for (let id = 0; id < 20; id += 1) await on.tell(`alert ${id}`, id % 2 === 0 ? 'payments' : 'lab')
    on.send()
    on.send()
    await settled(on, 20)
    expect(new Set(titles(on.server)).size).toBe(20)
    expect(on.server.messages()).toHaveLength(20)
  })
})
