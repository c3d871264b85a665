import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { needKafka, startKafka, untilThere } from '../support/kafka.ts'
import { freshStore } from '../support/database.ts'
import { until } from '../support/until.ts'

const title = 'members come, go and are killed: nothing is lost, no effect repeated, and none waits for long'
const member = fileURLToPath(new URL('../support/kafka-member.ts', import.meta.url))
const partitions = 12
/** On a machine that does nothing else: `TRIPLINE_JOURNEYS=whole`. Beside other tests a wait says little. */
const whole = process.env['TRIPLINE_JOURNEYS'] === 'whole'
const mostMs = whole ? 10_000 : 40_000

interface Asked {
  readonly call: number
  readonly messages: readonly { readonly id: string; readonly body: string }[]
}

test.runIf(needKafka(title))(title, { timeout: 300_000 }, async () => {
  const broker = await startKafka()
  await using store = await freshStore()
  const topic = `group-${process.pid}`
  await broker.admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }] })
  await untilThere(broker.admin, topic)
  const producer = broker.client.producer()
  await producer.connect()

  /** By partition, the offsets whose handling ended. */
  const ended = Array.from({ length: partitions }, () => new Set<number>())
  const sentAt = new Map<string, number>()
  const waits: { at: number; ms: number }[] = []
  let effects = 0
  let deliveries = 0
  let above = 0
  let looks = 0
  let offsets: readonly number[] = []
  const members = new Set<ChildProcess>()

  async function handle(child: ChildProcess, { call, messages }: Asked): Promise<void> {
    deliveries += messages.length
    // Some take their time, so that partitions have gaps while members come and go.
    if (messages.some(({ body }) => body.endsWith('7'))) await new Promise((resolve) => setTimeout(resolve, 400))
    const keys = messages.map(({ body }) => ({ accountId: '111111111111', region: 'eu-west-1', eventId: body, time: new Date() }))
    const claimed = await store.transaction((records) => records.inbox.claim(keys))
    effects += claimed.size
    for (const [index, { id, body }] of messages.entries()) {
      const [, partition = '', offset = ''] = id.split('/')
      ended[Number(partition)]?.add(Number(offset))
      if (claimed.has(index)) waits.push({ at: sentAt.get(body) ?? 0, ms: performance.now() - (sentAt.get(body) ?? 0) })
    }
    if (child.connected) child.send(call, () => undefined)
  }

  function join(): ChildProcess {
    const env = { ...process.env, TRIPLINE_LOG: 'silent' }
    const child = fork(member, [broker.brokers.join(','), `group-${topic}`, topic], { execArgv: [], env })
    members.add(child)
    child.on('message', (asked) => void handle(child, asked as Asked))
    child.once('exit', () => members.delete(child))
    return child
  }

  /** What is committed, each with a look at whether all below it has ended. */
  async function look(): Promise<void> {
    const [found] = await broker.admin.fetchOffsets({ groupId: `group-${topic}`, topics: [topic] })
    looks += 1
    for (const { partition, offset } of found?.partitions ?? []) {
      const done = ended[partition]
      for (let each = 0; each < Number(offset); each += 1) if (done?.has(each) !== true) above += 1
    }
    offsets = (found?.partitions ?? []).map(({ offset }) => Number(offset))
  }

  /** Nothing is sent meanwhile: how producers fare is not the question. */
  async function restart(): Promise<void> {
    held = Promise.withResolvers<void>()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await broker.restart()
    held.resolve()
  }

  const sending = new AbortController()
  let sent = 0
  let held = Promise.withResolvers<void>()
  held.resolve()
  const feed = (async () => {
    while (!sending.signal.aborted) {
      await held.promise
      const messages = Array.from({ length: 6 }, () => ({ value: `event-${(sent += 1)}`, partition: sent % partitions }))
      for (const { value } of messages) sentAt.set(value, performance.now())
      await producer.send({ topic, messages })
      await look()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })()

  try {
    const first = join()
    const second = join()
    await until('the group works', () => waits.length > 100)
    const steps: readonly (readonly [string, () => unknown])[] = [
      ['one is added', () => join()],
      ['one is stopped', () => first.kill('SIGTERM')],
      ['one is killed', () => second.kill('SIGKILL')],
      ['two are added', () => (join(), join())],
      ...(whole ? [['the broker is killed and started again', restart] as const] : []),
    ]
    for (const [what, change] of steps) {
      const begun = performance.now()
      await change()
      const changedAt = performance.now()
      const end = changedAt + (what.includes('broker') ? 3 : 1) * mostMs
      await new Promise((resolve) => setTimeout(resolve, what === 'one is killed' ? 9_000 : whole ? 4_000 : 2_500))
      const before = sent
      await until('all that was sent is handled', () => waits.length >= before, Math.max(1, end - performance.now()) + 2_000)
      const longest = Math.max(...waits.filter(({ at }) => at > begun - 1_000).map(({ ms }) => ms))
      process.stderr.write(`${what}: nothing waits longer than ${Math.round(longest)} ms\n`)
      // A broker that is away is asked again at growing intervals.
      expect(longest).toBeLessThan(end - changedAt)
    }
    sending.abort()
    await feed
    await until('everything is committed', async () => {
      await look()
      return offsets.reduce((sum, each) => sum + each, 0) >= sent
    })
    // What a producer repeats when its broker was away counts among the offsets.
    await until('every event has its effect', () => effects >= sent)
    const kept = (await broker.admin.fetchTopicOffsets(topic)).reduce((sum, { offset }) => sum + Number(offset), 0)
    process.stderr.write(`${kept} messages on the topic for ${sent} events\n`)
    const repeated = deliveries - sent
    process.stderr.write(
      `${sent} events in ${deliveries} deliveries (${repeated} repeated), ${effects} effects, ${looks} looks at offsets\n`,
    )
    expect(effects).toBe(sent)
    expect(above).toBe(0)
  } finally {
    sending.abort()
    await feed.catch(() => undefined)
    for (const child of members) child.kill('SIGKILL')
    await producer.disconnect()
    await broker.stop()
  }
})
