import { expect, it } from 'vitest'
import { wholeActor, type AlertContent, type RoutedTo } from '#model'
import type { LeasedDelivery, Store } from '#store'
import { setClock, type Subject } from './store.ts'

const to = (channel: string): RoutedTo => ({ destination: 'slack', channel, team: 'pay', because: 'a test' })
const note = (title: string): AlertContent => ({ kind: 'note', title, text: 'x' })
const summary: AlertContent = {
  kind: 'summary',
  origin: 'baseline',
  total: 1,
  bySeverity: { HIGH: 1 },
  byDetection: [],
  critical: [],
}

async function anAlert(
  store: Store,
  title = 'first',
  channels: readonly string[] = ['pay'],
): Promise<{ alertId: string; findingId: string }> {
  const hit = await store.findings.hit({
    detectionId: 'R',
    accountId: '1',
    region: 'r',
    dedup: title,
    periodMinutes: 60,
    threshold: 1,
    severity: 'HIGH',
    title,
    context: {},
    cause: {
      eventId: 'e',
      source: 's',
      name: 'n',
      time: '2026-11-21T10:00:00Z',
      receivedAt: '2026-11-21T10:00:00Z',
      actor: wholeActor({ kind: 'Root', name: 'root', arn: null, accountId: null, sourceAddress: null, userAgent: null }),
    },
  })
  const findingId = hit.finding.id
  const alertId = await store.alerts.create({ findingId, key: findingId, content: note(title), to: channels.map(to) })
  return { alertId: alertId ?? 'exists', findingId }
}
async function one(store: Store): Promise<LeasedDelivery> {
  const [first, ...more] = await store.deliveries.lease(10, 10_000)
  if (first === undefined || more.length > 0) throw new Error(`expected one delivery, got ${more.length + (first ? 1 : 0)}`)
  return first
}

export function alertsContract(open: () => Promise<Subject>): void {
  it('creates one alert a finding epoch, and one a key of what has no finding', async () => {
    const { store } = await open()
    const { findingId, alertId } = await anAlert(store)
    expect(await store.alerts.create({ findingId, key: 'other', content: note('again'), to: [to('pay')] })).toBeNull()
    expect(await store.alerts.byFinding(findingId)).toEqual({ id: alertId, content: note('first'), revision: 1 })
    const key = 'k'.repeat(9_000)
    expect(await store.alerts.create({ findingId: null, key, content: summary, to: [to('pay')] })).not.toBeNull()
    expect(await store.alerts.create({ findingId: null, key, content: summary, to: [to('pay')] })).toBeNull()
    expect(await store.deliveries.waiting()).toMatchObject({ count: 2 })
  })

  it('delivers once: lease, sending, sent', async () => {
    const { store } = await open()
    const { alertId } = await anAlert(store)
    const delivery = await one(store)
    expect(delivery).toMatchObject({
      alertId,
      to: to('pay'),
      content: note('first'),
      revision: 1,
      message: null,
      attempts: 0,
      uncertain: false,
    })
    expect(await store.deliveries.sending(delivery)).toBe(true)
    expect(await store.deliveries.sent(delivery, { ts: '1.2' })).toBe(true)
    expect(await store.deliveries.sent(delivery, { ts: '1.2' })).toBe(false)
    expect(await store.deliveries.lease(10, 10_000)).toEqual([])
    expect(await store.deliveries.waiting()).toEqual({ count: 0, oldestMs: 0 })
  })

  it('stays lent for as long as it is renewed, and can be renewed by its holder alone', async () => {
    const subject = await open()
    const { deliveries } = subject.store
    await anAlert(subject.store)
    const mine = await one(subject.store)
    await setClock(subject, '9 seconds')
    expect(await deliveries.renew(mine, 10_000)).toBe(true)
    await setClock(subject, '18 seconds')
    expect(await deliveries.lease(10, 10_000)).toEqual([])
    await setClock(subject, '20 seconds')
    const theirs = await one(subject.store)
    expect(await deliveries.renew(mine, 10_000)).toBe(false)
    expect(await deliveries.renew(theirs, 10_000)).toBe(true)
  })

  it('lends the highest severity first, the oldest first, and one a channel', async () => {
    const { store } = await open()
    await store.alerts.create({ findingId: null, key: 's', content: summary, to: [to('a'), to('b')] })
    await store.alerts.create({ findingId: null, key: 'n1', content: note('n1'), to: [to('a')] })
    await store.alerts.create({ findingId: null, key: 'n2', content: note('n2'), to: [to('a')] })
    const first = await store.deliveries.lease(10, 10_000)
    expect(first.map((each) => [each.to.channel, each.content])).toEqual([
      ['a', note('n1')],
      ['b', summary],
    ])
    expect(await store.deliveries.lease(10, 10_000)).toEqual([])
    for (const each of first) await store.deliveries.sent(each, {})
    const second = await one(store)
    expect(second.content).toEqual(note('n2'))
    await store.deliveries.sent(second, {})
    expect((await one(store)).content).toEqual(summary)
  })

  it('never lends a channel to two of many senders', async () => {
    const { store } = await open()
    for (let i = 0; i < 6; i += 1)
      await store.alerts.create({ findingId: null, key: `n${i}`, content: note(`n${i}`), to: [to('a'), to('b')] })
    const sent: string[] = []
    while (sent.length < 12) {
      const lent = (await Promise.all([1, 2, 3, 4].map(() => store.deliveries.lease(10, 10_000)))).flat()
      expect(lent.map((each) => each.to.channel).toSorted()).toEqual(['a', 'b'])
      for (const each of lent) if (await store.deliveries.sent(each, {})) sent.push(each.id)
    }
    expect(new Set(sent).size).toBe(12)
  })

  it('knows that a post is uncertain after a crash in it, and not after a crash before it', async () => {
    const subject = await open()
    const { store } = subject
    await anAlert(store)
    await one(store)
    await setClock(subject, '11 seconds')
    const again = await one(store)
    expect(again.uncertain).toBe(false)
    await store.deliveries.sending(again)
    await setClock(subject, '22 seconds')
    const third = await one(store)
    expect(third.uncertain).toBe(true)
    expect(await store.deliveries.sent(again, {})).toBe(false)
    expect(await store.deliveries.giveBack(third, 0, 'rate limited', true)).toBe(true)
    expect(await one(store)).toMatchObject({ uncertain: true, attempts: 1 })
  })

  it('waits before it tries again what was not sent, and says whether that is certain', async () => {
    const subject = await open()
    const { store } = subject
    await anAlert(store)
    const first = await one(store)
    await store.deliveries.sending(first)
    expect(await store.deliveries.giveBack(first, 5_000, 'rate limited', true)).toBe(true)
    expect(await store.deliveries.lease(10, 10_000)).toEqual([])
    await setClock(subject, '6 seconds')
    const second = await one(store)
    expect(second).toMatchObject({ uncertain: false, attempts: 1 })
    await store.deliveries.sending(second)
    await store.deliveries.giveBack(second, 0, 'no answer', false)
    const third = await one(store)
    expect(third).toMatchObject({ uncertain: true, attempts: 2 })
    await store.deliveries.release([third])
    expect(await one(store)).toMatchObject({ attempts: 2 })
  })

  it('edits the same message when the alert is revised, once for several revisions', async () => {
    const subject = await open()
    const { store } = subject
    const { findingId } = await anAlert(store)
    await store.deliveries.sent(await one(store), { ts: '1' })
    await store.alerts.revise(findingId, () => note('second'), 2_000)
    expect(await store.alerts.revise(findingId, (content) => ({ ...note('third'), text: content.kind }), 2_000)).not.toBeNull()
    expect(await store.deliveries.lease(10, 10_000)).toEqual([])
    await setClock(subject, '3 seconds')
    const edit = await one(store)
    expect(edit).toMatchObject({ message: { ts: '1' }, revision: 3, content: { title: 'third', text: 'note' } })
    await store.deliveries.sent(edit, { ts: '1' })
    expect(await store.deliveries.lease(10, 10_000)).toEqual([])
    expect(await store.alerts.revise('no such finding', (content) => content, 0)).toBeNull()
  })

  it('remembers when it was first posted, whatever is edited later', async () => {
    const subject = await open()
    const { store } = subject
    const { findingId } = await anAlert(store)
    const posting = await one(store)
    expect(posting.sentAt).toBeNull()
    await store.deliveries.sent(posting, { ts: '1' })
    const posted = (await store.now()).getTime()
    for (const later of ['1 minute', '2 minutes']) {
      await setClock(subject, later)
      await store.alerts.revise(findingId, () => note(later), 0)
      const edit = await one(store)
      expect(Math.abs((edit.sentAt?.getTime() ?? 0) - posted)).toBeLessThan(5_000)
      await store.deliveries.sent(edit, { ts: '1' })
    }
  })

  it('edits again when the alert was revised while an older revision was on its way', async () => {
    const { store } = await open()
    const { findingId } = await anAlert(store)
    const posting = await one(store)
    await store.deliveries.sending(posting)
    await store.alerts.revise(findingId, () => note('resolved'), 0)
    expect(await store.deliveries.sent(posting, { ts: '1' })).toBe(true)
    const edit = await one(store)
    expect(edit).toMatchObject({ message: { ts: '1' }, revision: 2, content: note('resolved') })
    await store.deliveries.sent(edit, { ts: '1' })
    expect(await store.deliveries.lease(10, 10_000)).toEqual([])
  })

  it('diverts what cannot be sent, and never sends twice to one channel', async () => {
    const { store } = await open()
    await anAlert(store, 'first', ['archived', 'security'])
    const lent = await store.deliveries.lease(10, 10_000)
    const archived = lent.find((each) => each.to.channel === 'archived')
    const security = lent.find((each) => each.to.channel === 'security')
    if (archived === undefined || security === undefined) throw new Error('expected both channels')
    expect(await store.deliveries.divert(archived, 'is_archived', to('security'))).toBe(true)
    expect(await store.deliveries.divert(archived, 'is_archived', to('security'))).toBe(false)
    await store.deliveries.sent(security, {})
    expect(await store.deliveries.lease(10, 10_000)).toEqual([])
    await anAlert(store, 'second', ['archived'])
    expect(await store.deliveries.divert(await one(store), 'is_archived', to('fallback'))).toBe(true)
    expect(await one(store)).toMatchObject({ to: to('fallback'), content: note('second'), attempts: 0 })
  })
}
