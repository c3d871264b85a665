import { afterEach, describe, expect, it } from 'vitest'
import { createSender, createSlack, terminalMessage } from '#alerting'
import type { FindingAlert } from '#model'
import { createBell, type Bell } from '#runtime'
import type { Store } from '#store'
import { startSlackServer, type SlackPosted, type SlackServer } from '../../services/processes/demo/slack-server.ts'
import { aCause, aFindingAlert, aPlace } from '../support/alerts.ts'
import { freshStore } from '../support/database.ts'
import { aRouter } from '../support/routing.ts'
import { until } from '../support/until.ts'

interface Stage {
  readonly store: Store
  readonly server: SlackServer
  readonly bell: Bell
  /** One session's finding on a resource of the same name. */
  tell(title: string, given?: Partial<FindingAlert>): Promise<void>
  quiet(): Promise<void>
}
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function stage(): Promise<Stage> {
  const store = await freshStore()
  const server = await startSlackServer({ channels: ['payments', 'security'], perChannelPerSecond: 100, burst: 100 })
  const bell = createBell()
  const stop = new AbortController()
  const slack = createSlack({ token: server.token, apiUrl: server.url, perChannelPerSecond: 100, timeoutMs: 1_000 })
  const running = createSender({
    store,
    destinations: [slack],
    fallback: { destination: 'slack', channel: 'security' },
    route: aRouter(),
  }).run(bell, stop.signal)
  closing.push(async () => {
    stop.abort()
    await running
    await server.stop()
    await store[Symbol.asyncDispose]()
  })
  return {
    store,
    server,
    bell,
    async tell(title, given = {}) {
      const content = aFindingAlert({
        title,
        cause: aCause({ eventId: title }),
        place: aPlace({ resourceId: title, resourceName: title }),
        ...given,
      })
      const to = [{ destination: 'slack', channel: 'payments', team: 'payments', because: 'a test' }]
      await store.alerts.create({ findingId: null, key: title, content, to })
      bell.ring()
    },
    async quiet() {
      const shown = (): string => server.versions().length.toString()
      let before = ''
      await until('nothing more to say', async () => {
        const now = shown()
        const same = before === now && (await store.deliveries.waiting()).count === 0
        before = now
        if (!same) await new Promise((resolve) => setTimeout(resolve, 300))
        return same
      })
    },
  }
}
const says =
  (text: string) =>
  (message: SlackPosted): boolean =>
    message.text.includes(text)

describe('a storm in Slack', () => {
  it('is the first message, edited to the parent, and a reply for each finding', async () => {
    const on = await stage()
    await on.tell('first')
    const first = await on.server.waitFor(says('first'))
    for (const title of ['second', 'third']) await on.tell(title)
    await on.server.waitFor(says('3 findings by alice'))
    await on.quiet()
    const messages = on.server.messages('payments')
    expect(messages.filter(({ threadTs }) => threadTs === null)).toMatchObject([{ ts: first.ts, edits: 1 }])
    const replies = messages.filter(({ threadTs }) => threadTs === first.ts).map(({ text }) => /: (\w+)/u.exec(text)?.[1] ?? '')
    expect(replies.toSorted()).toEqual(['first', 'second', 'third'])
    const parent = messages.find(({ ts }) => ts === first.ts)
    expect(parent && terminalMessage(parent)).toContain('3 × S3 bucket is publicly readable')
  })

  it('shows what is critical in the channel too', async () => {
    const on = await stage()
    await on.tell('mild', { severity: 'LOW' })
    await on.server.waitFor(says('mild'))
    await on.tell('other', { severity: 'LOW' })
    await on.tell('worst')
    await on.server.waitFor(says('3 findings'))
    await on.quiet()
    const replies = on.server.messages().filter(({ threadTs }) => threadTs !== null)
    expect(replies.map(({ text, broadcast }) => [/: (\w+)/u.exec(text)?.[1], broadcast])).toEqual(
      expect.arrayContaining([
        ['worst', true],
        ['other', false],
        ['mild', false],
      ]),
    )
  })

  it('finds a reply whose answer was lost, and does not repeat it', async () => {
    const on = await stage()
    await on.tell('first')
    await on.server.waitFor(says('first'))
    on.server.faults.loseAnswers(2)
    await on.tell('second')
    await on.server.waitFor(says('2 findings'))
    await on.quiet()
    expect(on.server.messages()).toHaveLength(3)
    expect(on.server.calls().byMethod.get('conversations.replies')).toBeGreaterThan(0)
  })

  it('begins anew with what nobody has read when somebody deletes the first message', async () => {
    const on = await stage()
    await on.tell('first')
    const first = await on.server.waitFor(says('first'))
    on.server.faults.deleteMessage('payments', first.ts)
    for (const title of ['second', 'third', 'fourth']) await on.tell(title)
    await on.server.waitFor(says('fourth'))
    await on.quiet()
    const texts = on.server.messages().map(({ text }) => text)
    for (const title of ['second', 'third', 'fourth']) expect(texts.filter((text) => text.includes(title))).toHaveLength(1)
    const parents = on.server.messages().filter(({ threadTs, text }) => threadTs === null && text.includes('findings by'))
    const answered = on.server.messages().flatMap(({ threadTs }) => (threadTs === null ? [] : [threadTs]))
    expect(parents.map(({ ts }) => ts)).toEqual(expect.arrayContaining(answered))
  })

  it('goes on below a deleted message that had replies already', async () => {
    const on = await stage()
    await on.tell('first')
    const first = await on.server.waitFor(says('first'))
    await on.tell('second')
    await on.server.waitFor(says('2 findings'))
    await on.quiet()
    on.server.faults.deleteMessage('payments', first.ts)
    await on.tell('third')
    await on.server.waitFor(says('third'))
    await on.quiet()
    await on.tell('fourth')
    const fourth = await on.server.waitFor(says('fourth'))
    expect(fourth.threadTs).not.toBe(first.ts)
  })

  it('moves to the fallback as one thread when its channel is archived before anything was told', async () => {
    const on = await stage()
    on.server.faults.archive('payments')
    for (const title of ['first', 'second', 'third']) await on.tell(title)
    await on.server.waitFor(says('third'))
    await on.quiet()
    const inFallback = on.server.messages('security')
    for (const title of ['first', 'second', 'third']) expect(inFallback.some(says(title))).toBe(true)
    expect(inFallback.filter(({ threadTs, text }) => threadTs === null && text.includes('finding'))).not.toEqual([])
  })
})
