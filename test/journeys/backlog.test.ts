import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSender, createSlack } from '#alerting'
import type { FindingAlert, Severity } from '#model'
import { createBell } from '#runtime'
import { openStore, type Store } from '#store'
import { setTimeout as wait } from 'node:timers/promises'
import { percentiles } from '../../services/processes/demo/score.ts'
import { startSlackServer, type SlackPosted, type SlackServer } from '../../services/processes/demo/slack-server.ts'
import { aCause, aFindingAlert, aPlace } from '../support/alerts.ts'
import { freshStore } from '../support/database.ts'
import { aRouter } from '../support/routing.ts'
import { startPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

// A backlog in every channel, two senders, a Slack that holds them to its rates, and critical alerts that come on top.

const whole = process.env['TRIPLINE_JOURNEYS'] === 'whole'
const size = whole
  ? { channels: 20, alerts: 500, perSecond: 1, critical: 90 }
  : { channels: 4, alerts: 24, perSecond: 8, critical: 8 }
const channels = Array.from({ length: size.channels }, (_, index) => `team-${index}`)
const perStorm = 20
/** Of ten alerts, so many belong to storms. */
const stormy = 4
const severities: readonly Severity[] = ['LOW', 'HIGH', 'MEDIUM', 'HIGH']

/** At full size, so that the database has a process of its own. */
let postgres: Awaited<ReturnType<typeof startPostgres>> = null
let store: Store
let server: SlackServer
const bell = createBell()
const stop = new AbortController()
const senders: Promise<void>[] = []
const createdAt = new Map<string, number>()
const order = new Map<string, number>()

/** One of a storm when it is named, else somebody's own. Its title is its identity. */
async function tell(channel: string, title: string, severity: Severity, storm: string | null): Promise<void> {
  const arn = storm === null ? null : `arn:aws:sts::111122223333:assumed-role/deploy/${storm}`
  const content: FindingAlert = aFindingAlert({
    title,
    severity,
    cause: aCause({ eventId: title, actor: { kind: 'AssumedRole', name: 'deploy', arn } }),
    place: aPlace({ resourceId: `arn:aws:s3:::${title}`, resourceName: title }),
  })
  order.set(title, order.size)
  createdAt.set(title, Date.now())
  const to = [{ destination: 'slack', channel, team: 'team', because: 'a test' }]
  await store.alerts.create({ findingId: null, key: title, content, to })
}

const titleOf = ({ text }: SlackPosted): string | null => /\b(?:a|critical)-\d+-\d+\b/u.exec(text)?.[0] ?? null
/** First versions of messages that tell one alert, in the order in which they came. */
const details = (): readonly SlackPosted[] => server.versions().filter((each) => each.edits === 0 && titleOf(each) !== null)

beforeAll(async () => {
  postgres = whole ? await startPostgres('a backlog') : null
  store = postgres === null ? await freshStore() : await openStore({ url: await postgres.database() })
  const { perSecond } = size
  server = await startSlackServer({ channels: [...channels, 'operators'], perChannelPerSecond: perSecond, burst: 1 })
  for (let index = 0; index < size.alerts; index += 1) {
    for (const [at, channel] of channels.entries()) {
      const storm = index % 10 < stormy ? `${at}-${Math.floor(index / 10 / (perStorm / stormy))}` : null
      await tell(channel, `a-${at}-${index}`, severities[index % severities.length] ?? 'LOW', storm)
    }
  }
  for (const _ of [1, 2]) {
    const slack = createSlack({ token: server.token, apiUrl: server.url, perChannelPerSecond: perSecond })
    senders.push(
      createSender({
        store,
        destinations: [slack],
        fallback: { destination: 'slack', channel: 'operators' },
        route: aRouter(),
      }).run(bell, stop.signal),
    )
  }
}, 300_000)
afterAll(async () => {
  stop.abort()
  await Promise.all(senders)
  await server.stop()
  await store[Symbol.asyncDispose]()
  await postgres?.stop()
})

test('under Slack’s limits nothing is lost or repeated, what is critical overtakes, and threads keep their order', async () => {
  const critical: string[] = []
  for (let index = 0; index < size.critical; index += 1) {
    await wait(whole ? 5_000 : 150)
    const at = (index * 7) % channels.length
    const title = `critical-${at}-${index}`
    critical.push(title)
    await tell(channels[at] ?? '', title, 'CRITICAL', index % 2 === 0 ? `${at}-0` : null)
    bell.ring()
  }
  let versions = 0
  await until(
    'an empty outbox and nothing on its way',
    async () => {
      const before = versions
      versions = server.versions().length
      const same = before === versions && (await store.deliveries.waiting()).count === 0
      await wait(same ? 0 : 1_500)
      return same
    },
    whole ? 1_400_000 : 60_000,
  )

  const seen = details()
  const titles = seen.map((each) => titleOf(each) ?? '')
  const table = server.messages().filter(({ text }) => text.includes('of this'))
  const inTables = new Set(JSON.stringify(table).match(/\ba-\d+-\d+\b/gu))
  expect([...order.keys()].filter((title) => !titles.includes(title) && !inTables.has(title))).toEqual([])

  // Only what first stood by itself and then became a thread's parent is told once more, in that thread.
  const repeated = titles.filter((title, index) => titles.indexOf(title) !== index)
  const parents = server.messages().filter(({ edits, text }) => edits > 0 && text.includes('findings by'))
  expect(repeated.length).toBeLessThanOrEqual(parents.length)

  const latencies = critical.map((title) => {
    const arrival = seen.find((each) => titleOf(each) === title)
    expect(arrival?.threadTs === null || arrival?.broadcast === true).toBe(true)
    return (arrival?.at ?? Number.POSITIVE_INFINITY) - (createdAt.get(title) ?? 0)
  })
  const { p50Ms, p99Ms, maxMs } = percentiles(latencies)
  const { impatient } = server.calls()
  const facts = {
    impatient,
    alerts: order.size,
    messages: server.messages().length,
    parents: parents.length,
    edits: server.calls().byMethod.get('chat.update'),
  }
  process.stderr.write(`${JSON.stringify({ ...facts, p50Ms, p99Ms, maxMs })}\n`)
  expect(server.calls().impatient).toBe(0)
  expect(p99Ms).toBeLessThanOrEqual(5_000)

  const replies = seen.filter(({ threadTs, broadcast }) => threadTs !== null && !broadcast)
  for (const [thread, own] of Map.groupBy(replies, ({ threadTs }) => threadTs)) {
    expect(server.messages().some(({ ts, threadTs }) => ts === thread && threadTs === null)).toBe(true)
    const news = own.map((each) => titleOf(each) ?? '').filter((title) => !repeated.includes(title))
    const severity = (title: string): number =>
      ({ HIGH: 0, MEDIUM: 1, LOW: 2 })[severities[Number(title.split('-')[2]) % 4] as 'HIGH']
    const sorted = news.toSorted((a, b) => severity(a) - severity(b) || (order.get(a) ?? 0) - (order.get(b) ?? 0))
    expect(news).toEqual(sorted)
  }
}, 1_500_000)
