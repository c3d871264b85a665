import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createDestination, createSender, type Destination, type Target } from '#alerting'
import { createBell } from '#runtime'
import { openStore, type Store } from '#store'
import { startSlackServer, type SlackServer } from '../../services/processes/demo/slack-server.ts'
import { setClock } from '../contracts/store.ts'
import { aFindingAlert } from '../support/alerts.ts'
import { freshPGlite } from '../support/database.ts'
import { needMoto, startMoto } from '../support/moto.ts'
import { aRouter } from '../support/routing.ts'
import { until } from '../support/until.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** A sender as it runs, over a Slack that takes everything at `security`, and one other destination. */
async function sending(other: Destination | null, fallback: Target = { destination: 'slack', channel: 'security' }) {
  const pglite = await freshPGlite()
  const store: Store = await openStore({ pglite })
  const slack: SlackServer = await startSlackServer({ channels: ['security', 'payments'], perChannelPerSecond: 100, burst: 100 })
  const destinations = [createDestination({ slack: { token: slack.token, apiUrl: slack.url, perChannelPerSecond: 100 } })]
  if (other !== null) destinations.push(other)
  const stop = new AbortController()
  const bell = createBell()
  const route = aRouter({ operators: ['security'], destinations: [{ name: 'siem', channel: 'siem' }] })
  const heard: string[] = []
  const onDelivered = (_: unknown, outcome: string): void => void heard.push(outcome)
  const running = createSender({ store, destinations, fallback, route, onDelivered, pollMs: 100 }).run(bell, stop.signal)
  closers.push(
    async () => slack.stop(),
    async () => store[Symbol.asyncDispose](),
    async () => (stop.abort(), running),
  )
  const sql = async (text: string): Promise<readonly Readonly<Record<string, unknown>>[]> => (await pglite.exec(text), [])
  const clock = (ahead: string): Promise<void> => setClock({ store, sql }, ahead)
  const tell = async (to: Target): Promise<void> => {
    const content = aFindingAlert({ title: 'it is open' })
    await store.alerts.create({ findingId: null, key: 'one', content, to: [{ ...to, team: 'payments', because: 'test' }] })
    bell.ring()
  }
  const said = (): readonly string[] => slack.messages('security').map(({ text }) => text)
  return { slack, tell, said, clock, heard }
}

async function answering(
  status: number,
): Promise<{ url: string; close: () => void; calls: () => number; status: (next: number) => void }> {
  let [now, calls] = [status, 0]
  const server = createServer((request, response) => {
    calls += 1
    request.resume().on('end', () => response.writeHead(now).end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(async () => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { url, close: () => server.close(), calls: () => calls, status: (next) => (now = next) }
}
const webhook = (url: string): Destination => createDestination({ webhook: { name: 'siem', url, key: 'k' } })
const siem = { destination: 'siem', channel: 'siem' }
const within10s = 10_000

it.each(['archived', 'removed', 'forbidden'] as const)(
  'an alert for a Slack channel that is %s is at the fallback within 10 s, with a note',
  async (state) => {
    const on = await sending(null)
    if (state === 'archived') on.slack.faults.archive('payments')
    else if (state === 'removed') on.slack.faults.remove('payments')
    else on.slack.faults.leave('payments')
    const started = performance.now()
    await on.tell({ destination: 'slack', channel: 'payments' })
    await until('both at the fallback', () => on.said().length === 2, within10s)
    expect(performance.now() - started).toBeLessThan(within10s)
    expect(on.said().filter((text) => text.includes('it is open'))).toHaveLength(1)
    expect(on.said().filter((text) => text.includes('Channel payments does not take alerts'))).toHaveLength(1)
  },
)

it.each([
  [404, 'channel-gone'],
  [403, 'denied'],
  [301, 'channel-gone'],
  [400, 'refused'],
])('an alert for a webhook that answers %i is at the fallback within 10 s, with a note', async (status, code) => {
  const receiver = await answering(status)
  const on = await sending(webhook(receiver.url))
  await on.tell(siem)
  await until('both at the fallback', () => on.said().length === 2, within10s)
  expect(on.said().join('\n')).toContain(`Destination siem does not take alerts (${code})`)
  expect(receiver.calls()).toBe(1)
})

it('an alert for a destination that the configuration no longer has is at the fallback within 10 s', async () => {
  const on = await sending(null)
  await on.tell(siem)
  await until('both at the fallback', () => on.said().length === 2, within10s)
})

it.runIf(needMoto('fallbacks from AWS'))(
  'an alert for a topic or a bus that is not there is at the fallback within 10 s',
  async () => {
    process.env['AWS_ACCESS_KEY_ID'] ??= 'testing'
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'testing'
    const moto = await startMoto()
    closers.push(() => moto.stop())
    const { endpoint } = moto
    const topic = 'arn:aws:sns:eu-west-1:123456789012:gone'
    for (const options of [
      { sns: { name: 'siem', topic, endpoint } },
      { eventBridge: { name: 'siem', bus: 'gone', source: 'tripline', region: 'eu-west-1', endpoint } },
    ]) {
      const on = await sending(createDestination(options))
      await on.tell(siem)
      await until('both at the fallback', () => on.said().length === 2, within10s)
    }
  },
)

it(
  'a destination that is down long keeps its alerts, the operators hear of it once elsewhere, and they arrive when it is back',
  { timeout: 60_000 },
  async () => {
    const receiver = await answering(500)
    const on = await sending(webhook(receiver.url))
    await on.tell(siem)
    let [ahead, seen] = [0, 0]
    // One wait at a time, or so much time would pass that the hour is another.
    const pass = async (): Promise<void> => {
      if (receiver.calls() === seen) return
      seen = receiver.calls()
      ahead += 31
      await on.clock(`${ahead} seconds`)
    }
    await until('a note', async () => (await pass(), on.said().length > 0), 30_000)
    const tries = receiver.calls()
    expect(tries).toBeGreaterThanOrEqual(6)
    await until('more tries', async () => (await pass(), receiver.calls() >= tries + 3), 30_000)
    expect(new Set(on.said())).toEqual(new Set(['⚠️ Destination siem cannot be reached']))
    expect(on.said().length).toBeLessThanOrEqual(2)
    receiver.status(204)
    const arrived = (): boolean => on.heard.at(-1) === 'posted'
    await until('the alert to arrive', async () => (await pass(), arrived()), 45_000)
    expect(receiver.calls()).toBeLessThan(20)
  },
)

it('a destination that asks to wait is not called down, however long it does', { timeout: 60_000 }, async () => {
  const receiver = await answering(429)
  const on = await sending(webhook(receiver.url))
  await on.tell(siem)
  let ahead = 0
  await until(
    'ten waits',
    async () => {
      ahead += 40
      await on.clock(`${ahead} seconds`)
      return on.heard.length >= 10
    },
    30_000,
  )
  expect(new Set(on.heard)).toEqual(new Set(['retried']))
  expect(on.said()).toEqual([])
  expect(receiver.calls()).toBe(1)
})

it('when Slack itself is down, the operators hear of it at another destination', { timeout: 60_000 }, async () => {
  const receiver = await answering(204)
  const on = await sending(webhook(receiver.url), siem)
  on.slack.faults.revokeToken()
  await on.tell({ destination: 'slack', channel: 'payments' })
  await until('a note at the webhook', () => receiver.calls() === 1, within10s)
  on.slack.faults.restoreToken()
  await until('the alert', () => on.slack.messages('payments').length === 1, 20_000)
  expect(on.said()).toEqual([])
})
