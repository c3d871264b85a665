import { expect, it } from 'vitest'
import type { Actor, AlertContent, FindingAlert, RoutedTo } from '#model'
import type { LeasedDelivery, Store } from '#store'
import { aCause, aFindingAlert, aPlace } from '../support/alerts.ts'
import { aBucket } from './store-builders.ts'
import { setClock, type Subject } from './store.ts'

const threaded = ['slack']
const to = (channel: string, destination = 'slack'): RoutedTo => ({ destination, channel, team: 'pay', because: 'a test' })
const deploy = { kind: 'AssumedRole', name: 'ci', arn: 'arn:aws:sts::111122223333:assumed-role/deploy/ci' }

interface Given {
  readonly detection?: string
  /** The resource and the event that changed it. */
  readonly bucket?: string
  readonly event?: string
  readonly actor?: Partial<FindingAlert['cause'] & object>['actor'] | Partial<Actor>
  readonly severity?: FindingAlert['severity']
  readonly channels?: readonly RoutedTo[]
}

/** A policy finding with its alert, as a look writes them. Returns the finding's id. */
async function tell(store: Store, title: string, given: Given = {}): Promise<string> {
  const { detection = 'P', bucket = title, event = `e-${title}`, actor = deploy, severity = 'HIGH', channels = [to('pay')] } = given
  const cause = aCause({ eventId: event, actor })
  const finding = await store.findings.open({
    detectionId: detection,
    resource: { ...aBucket, id: bucket },
    key: '',
    severity,
    title,
    context: {},
    origin: 'change',
    causes: [cause],
    differences: [],
  })
  if (finding === null) throw new Error(`${title} is open already`)
  const content = aFindingAlert({
    title,
    cause,
    severity,
    place: aPlace({ resourceId: bucket }),
    detection: { id: detection, kind: 'policy', displayName: detection },
  })
  await store.alerts.create({ findingId: finding.id, key: finding.id, content, to: channels })
  return finding.id
}
const lease = (store: Store): Promise<readonly LeasedDelivery[]> => store.deliveries.lease(10, 10_000, threaded)
async function one(store: Store): Promise<LeasedDelivery> {
  const [first, ...more] = await lease(store)
  if (first === undefined || more.length > 0) throw new Error(`expected one delivery, got ${more.length + (first ? 1 : 0)}`)
  return first
}
/** What is to be seen at the destination: the last said of each message, in the order in which they came. */
async function sendAll(store: Store, seen = new Map<string, LeasedDelivery>()): Promise<ReadonlyMap<string, LeasedDelivery>> {
  for (;;) {
    const leased = await lease(store)
    if (leased.length === 0) return seen
    for (const each of leased) {
      seen.set(each.id, each)
      await store.deliveries.sent(each, { ts: each.id })
    }
  }
}
const words = ({ content, together, in: reply }: LeasedDelivery): string => {
  const mark = reply === null ? '' : reply.broadcast ? '↳!' : '↳'
  if (together?.kind === 'storm') return `${mark}storm of ${together.total}, ${together.over} over`
  if (together?.kind === 'rest') return `${mark}table of ${together.total}, ${together.over} over`
  if (together?.kind === 'reminder')
    return `${mark}after ${together.openForMs / 3_600_000} h: ${together.open} of ${together.total}`
  const findings = together?.kind === 'change' ? together.findings : [content]
  return (
    mark + findings.map((each) => (each.kind === 'finding' ? each.title + (each.ended === null ? '' : ' over') : '')).join(' + ')
  )
}
const shown = (seen: ReadonlyMap<string, LeasedDelivery>): readonly string[] => [...seen.values()].map(words)
async function end(store: Store, findingId: string): Promise<void> {
  await store.findings.end(findingId, 'fixed', null)
  await store.alerts.revise(
    findingId,
    (content) =>
      content.kind === 'finding' ? { ...content, ended: { how: 'fixed', at: '2026-11-21T15:00:00Z', cause: null } } : content,
    0,
  )
}

export function threadsContract(open: () => Promise<Subject>): void {
  it('makes a thread of one doing: the first message becomes the parent by an edit, all findings are replies', async () => {
    const subject = await open()
    const { store } = subject
    await tell(store, 'first')
    const seen = await sendAll(store)
    expect(shown(seen)).toEqual(['first'])
    await tell(store, 'second')
    await tell(store, 'third', { severity: 'MEDIUM' })
    await tell(store, 'elsewhere', { channels: [to('lab')] })
    await tell(store, 'of another', { actor: { arn: 'arn:aws:iam::1:user/bob' } })
    await setClock(subject, '3 seconds')
    const all = await sendAll(store, new Map(seen))
    expect(shown(all)).toEqual(['storm of 3, 0 over', 'elsewhere', 'of another', '↳second', '↳first', '↳third'])
    const [parent] = [...all.values()]
    expect([...all.values()].flatMap((each) => (each.in === null ? [] : [each.in.message]))).toEqual(
      Array.from({ length: 3 }, () => ({ ts: parent?.id })),
    )
    expect(await store.deliveries.waiting()).toMatchObject({ count: 0 })
  })

  it('puts what AWS reports of a resource and what was done to it into one thread, whichever comes first', async () => {
    const subject = await open()
    const { store } = subject
    const report = { actor: { identity: 'report' as const, name: 'Amazon GuardDuty', arn: null }, detection: 'G' }
    await tell(store, 'guard saw a', { ...report, bucket: 'a' })
    await tell(store, 'guard saw z', { ...report, bucket: 'z' })
    await tell(store, 'b was opened', { bucket: 'b' })
    const seen = await sendAll(store)
    expect(shown(seen)).toEqual(['guard saw a', 'guard saw z', 'b was opened'])
    // One session changes a, of which a report was told, and has a thread of its own already, for b.
    await tell(store, 'a was opened', { bucket: 'a' })
    await tell(store, 'guard saw b', { ...report, bucket: 'b' })
    await setClock(subject, '3 seconds')
    const all = await sendAll(store, new Map(seen))
    const [ofA, ofZ, ofB, ...replies] = [...all.values()]
    expect([ofA, ofZ, ofB].map((each) => each && words(each))).toEqual(['storm of 2, 0 over', 'guard saw z', 'storm of 2, 0 over'])
    const repliesTo = (parent: LeasedDelivery | undefined): readonly string[] =>
      replies.flatMap((each) =>
        each.content.kind === 'finding' && each.in?.message['ts'] === parent?.id ? [each.content.title] : [],
      )
    expect([ofA, ofZ, ofB].map((each) => repliesTo(each).toSorted())).toEqual([
      ['a was opened', 'guard saw a'],
      [],
      ['b was opened', 'guard saw b'],
    ])
    // Who did it is named, not who saw it.
    expect(ofA?.together).toMatchObject({ kind: 'storm', cause: { actor: { arn: deploy.arn } } })

    await setClock(subject, '11 minutes')
    await tell(store, 'guard saw b again', { ...report, bucket: 'b', detection: 'G2' })
    expect(shown(await sendAll(store))).toEqual(['guard saw b again'])
  })

  it('joins a report and a change that wait together, and keeps channels apart', async () => {
    const { store } = await open()
    const report = { actor: { identity: 'report' as const, name: 'Amazon GuardDuty', arn: null }, detection: 'G' }
    await tell(store, 'opened', { bucket: 'a', severity: 'MEDIUM' })
    await tell(store, 'seen', { ...report, bucket: 'a' })
    await tell(store, 'seen elsewhere', { ...report, bucket: 'a', detection: 'G2', channels: [to('lab')] })
    expect(shown(await sendAll(store))).toEqual(['storm of 2, 0 over', 'seen elsewhere', '↳seen', '↳opened'])
  })

  it('tells the storm at once when it was there before the first post, and holds replies until the parent stands', async () => {
    const { store } = await open()
    for (const title of ['a', 'b', 'c']) await tell(store, title)
    const parent = await one(store)
    expect(words(parent)).toBe('storm of 3, 0 over')
    expect(await lease(store)).toEqual([])
    expect(await store.deliveries.waiting()).toMatchObject({ count: 3 })
    await store.deliveries.sent(parent, { ts: 'p' })
    expect(shown(await sendAll(store))).toEqual(['↳a', '↳b', '↳c'])
  })

  it('makes the parent of a message that was on its way when the second finding came', async () => {
    const subject = await open()
    const { store } = subject
    await tell(store, 'first')
    const posting = await one(store)
    await store.deliveries.sending(posting)
    await tell(store, 'second', { channels: [to('pay')] })
    expect(await lease(store)).toEqual([])
    expect(await store.deliveries.sent(posting, { ts: 'p' })).toBe(true)
    await setClock(subject, '3 seconds')
    expect(shown(await sendAll(store))).toEqual(['storm of 2, 0 over', '↳first', '↳second'])
  })

  it('tells four policies on one change as one message, and which of them are over', async () => {
    const subject = await open()
    const { store } = subject
    const change = { bucket: 'b', event: 'e' }
    const ids: string[] = []
    for (const detection of ['P1', 'P2', 'P3']) ids.push(await tell(store, detection, { ...change, detection }))
    const seen = await sendAll(store)
    expect(shown(seen)).toEqual(['P1 + P2 + P3'])
    ids.push(await tell(store, 'P4', { ...change, detection: 'P4', severity: 'MEDIUM' }))
    const again = await sendAll(store, new Map(seen))
    expect(shown(again)).toEqual(['P1 + P2 + P3 + P4'])
    await end(store, ids[1] ?? '')
    expect(shown(await sendAll(store, new Map(again)))).toEqual(['P1 + P3 + P4 + P2 over'])
    for (const id of [ids[0], ids[2], ids[3]]) await end(store, id ?? '')
    expect(shown(await sendAll(store))).toEqual(['P1 over + P2 over + P3 over + P4 over'])
    await tell(store, 'other')
    await setClock(subject, '3 seconds')
    expect(shown(await sendAll(store))).toEqual(['storm of 5, 4 over', '↳other', '↳P1 over + P2 over + P3 over + P4 over'])
  })

  it('sends what is critical first and shows it in the channel, unless the first message was it', async () => {
    const subject = await open()
    const { store } = subject
    await tell(store, 'first', { severity: 'CRITICAL' })
    await sendAll(store)
    await tell(store, 'low', { severity: 'LOW' })
    await tell(store, 'worst', { severity: 'CRITICAL' })
    await tell(store, 'worse on it', { bucket: 'low', event: 'e-low', severity: 'CRITICAL', detection: 'Q' })
    await setClock(subject, '3 seconds')
    const replies = shown(await sendAll(store)).filter((each) => each.startsWith('↳'))
    expect(replies).toEqual(['↳!worst', '↳!worse on it + low', '↳first'])
  })

  it('never counts a critical finding into a message that was milder when it was read', async () => {
    const subject = await open()
    const { store } = subject
    await tell(store, 'mild', { severity: 'MEDIUM', bucket: 'b', event: 'e' })
    await sendAll(store)
    await tell(store, 'severe', { severity: 'CRITICAL', bucket: 'b', event: 'e', detection: 'Q' })
    await setClock(subject, '3 seconds')
    expect(shown(await sendAll(store))).toEqual(['storm of 2, 0 over', '↳!severe', '↳mild'])
  })

  it('tells twenty in detail and the rest in one table, which keeps true', async () => {
    const subject = await open()
    const { store } = subject
    const ids: string[] = []
    for (let i = 0; i < 30; i += 1) ids.push(await tell(store, `f${i}`))
    await tell(store, 'c', { severity: 'CRITICAL' })
    const all = await sendAll(store)
    expect(shown(all).slice(0, 2)).toEqual(['storm of 31, 0 over', '↳!c'])
    expect(shown(all).at(-1)).toBe('↳table of 11, 0 over')
    expect(all.size).toBe(1 + 1 + 19 + 1)
    await end(store, ids[29] ?? '')
    await setClock(subject, '10 seconds')
    expect(shown(await sendAll(store)).toSorted()).toEqual(['storm of 31, 1 over', '↳table of 11, 1 over'])
    const [parent] = [...all.values()]
    const id = parent?.together?.kind === 'storm' ? parent.together.threadId : ''
    expect((await store.threads.find(id))?.alerts).toHaveLength(31)
    expect(await store.threads.find('no such thread')).toBeNull()
    expect(await store.threads.find('')).toBeNull()
  })

  it('begins a new thread when nothing came for ten minutes, and after four hours', async () => {
    const subject = await open()
    const { store } = subject
    await tell(store, 'first')
    await sendAll(store)
    await setClock(subject, '11 minutes')
    await tell(store, 'later')
    expect(shown(await sendAll(store))).toEqual(['later'])
    for (let minutes = 20; minutes <= 260; minutes += 9) {
      await setClock(subject, `${minutes} minutes`)
      await tell(store, `at ${minutes}`)
      await sendAll(store)
    }
    const heads = await subject.sql(`select count(*)::int as n from threads`)
    expect(heads).toEqual([{ n: 3 }])
  })

  it('gives destinations without threads each finding as its own', async () => {
    const { store } = await open()
    for (const title of ['a', 'b', 'c']) await tell(store, title, { channels: [to('hook', 'webhook')] })
    expect(shown(await sendAll(store))).toEqual(['a', 'b', 'c'])
  })

  it('gathers nothing twice when many senders lease at once', async () => {
    const { store } = await open()
    for (let i = 0; i < 12; i += 1) await tell(store, `f${i}`)
    const leased = (await Promise.all([1, 2, 3, 4].map(() => lease(store)))).flat()
    expect(leased.map(words)).toEqual(['storm of 12, 0 over'])
  })

  it('takes a thread along to the fallback when its channel takes no message', async () => {
    const { store } = await open()
    for (const title of ['a', 'b']) await tell(store, title, { channels: [to('archived')] })
    const parent = await one(store)
    expect(await store.deliveries.divert(parent, 'is_archived', to('fallback'))).toBe(true)
    expect(await store.deliveries.divert(parent, 'is_archived', to('fallback'))).toBe(false)
    const seen = await sendAll(store)
    expect(shown(seen)).toEqual(['storm of 2, 0 over', '↳a', '↳b'])
    expect(new Set([...seen.values()].map((each) => each.to.channel))).toEqual(new Set(['fallback']))
    await tell(store, 'c', { channels: [to('archived')] })
    expect(words(await one(store))).toBe('c')
  })

  it('begins anew with what nobody has read when the parent was deleted', async () => {
    const subject = await open()
    const { store } = subject
    await tell(store, 'read')
    await sendAll(store)
    for (const title of ['b', 'c']) await tell(store, title)
    const reply = await one(store)
    expect(words(reply)).toBe('↳b')
    expect(await store.deliveries.lost(reply, 'deleted')).toBe(true)
    expect(await store.deliveries.lost(reply, 'deleted')).toBe(false)
    expect(shown(await sendAll(store))).toEqual(['storm of 2, 0 over', '↳b', '↳c'])
  })

  it('leaves a thread whose reply went astray, since its parent was deleted', async () => {
    const subject = await open()
    const { store } = subject
    await tell(store, 'read')
    await sendAll(store)
    for (const title of ['b', 'c', 'd']) await tell(store, title)
    await store.deliveries.sent(await one(store), { ts: 'r' })
    const astray = await one(store)
    expect(words(astray)).toBe('↳c')
    expect(await store.deliveries.sent(astray, { ts: 'x' }, true)).toBe(true)
    expect(shown(await sendAll(store))).toEqual(['d'])
  })

  it.each(['sent', 'closed'])('frees the replies of a head that a version without threads has %s', async (status) => {
    const subject = await open()
    const { store } = subject
    for (const title of ['a', 'b']) await tell(store, title)
    const parent = await one(store)
    const message = status === 'sent' ? `'{"ts": "p"}'` : 'null'
    await subject.sql(`update deliveries set status = '${status}', token = null, message = ${message} where id = '${parent.id}'`)
    await lease(store)
    await setClock(subject, '20 seconds')
    const rest = shown(await sendAll(store))
    expect(rest.filter((each) => each.startsWith('↳'))).toEqual(status === 'sent' ? ['↳a', '↳b'] : [])
    expect(rest.join(' ')).toContain('b')
    expect(await store.deliveries.waiting()).toMatchObject({ count: 0 })
  })

  it('continues a flapping finding in its message, and posts anew once it was quiet', async () => {
    const subject = await open()
    const { store } = subject
    const flap = async (minutes: number): Promise<ReadonlyMap<string, LeasedDelivery>> => {
      await setClock(subject, `${minutes} minutes`)
      const id = await tell(store, 'flaps', { event: `e${minutes}`, actor: { arn: null } })
      const seen = await sendAll(store)
      await setClock(subject, `${minutes + 1} minutes`)
      const rest = await sendAll(store, new Map(seen))
      await end(store, id)
      await sendAll(store)
      return rest
    }
    const first = await flap(0)
    const second = await flap(10)
    expect([...second.keys()]).not.toEqual([...first.keys()])
    const third = await flap(20)
    expect([...third.keys()]).toEqual([...second.keys()])
    expect([...third.values()][0]).toMatchObject({ flapping: { times: 3, withinMs: expect.closeTo(1_200_000, -4) as number } })
    expect(shown(third)).toEqual(['flaps'])
    expect([...(await flap(30)).keys()]).toEqual([...second.keys()])
    expect([...(await flap(120)).values()][0]).toMatchObject({ flapping: null, message: null })
  })

  it('never continues a flapping finding that is critical, worse than before or of another actor', async () => {
    const subject = await open()
    const { store } = subject
    let minutes = 0
    const flap = async (given: Given): Promise<string> => {
      await setClock(subject, `${(minutes += 5)} minutes`)
      const id = await tell(store, 'flaps', { event: `e${minutes}`, actor: { arn: null }, ...given })
      const [told] = [...(await sendAll(store)).values()]
      await end(store, id)
      await setClock(subject, `${(minutes += 1)} minutes`)
      await sendAll(store)
      return told?.message === null ? 'new' : 'goes on'
    }
    expect(await flap({ severity: 'LOW' })).toBe('new')
    expect(await flap({ severity: 'LOW' })).toBe('new')
    expect(await flap({ severity: 'LOW' })).toBe('goes on')
    expect(await flap({ severity: 'MEDIUM' })).toBe('new')
    expect(await flap({ severity: 'LOW' })).toBe('goes on')
    expect(await flap({ severity: 'LOW', actor: deploy })).toBe('new')
    expect(await flap({ severity: 'CRITICAL', actor: { arn: null } })).toBe('new')
    expect(await flap({ severity: 'CRITICAL', actor: { arn: null } })).toBe('new')
  })

  it('reminds of each reply that is open when the first message of its thread was deleted', async () => {
    const subject = await open()
    const { store } = subject
    const ids: string[] = []
    for (const title of ['a', 'b', 'c']) ids.push(await tell(store, title))
    const seen = await sendAll(store)
    await end(store, ids[2] ?? '')
    await setClock(subject, '1 minute')
    const head = (await lease(store)).find(({ together }) => together?.kind === 'storm')
    if (head === undefined) throw new Error('the parent was not to be edited')
    await store.deliveries.lost(head, 'deleted')
    await sendAll(store)
    await setClock(subject, '25 hours')
    const periods = { HIGH: 24 * 3_600_000 }
    expect(await store.deliveries.remind(periods, threaded)).toBe(2)
    const reminders = [...(await sendAll(store)).values()].filter(({ together }) => together?.kind === 'reminder')
    expect(reminders.map(words)).toEqual(['↳!after 24 h: 1 of 1', '↳!after 24 h: 1 of 1'])
    const parent = [...seen.values()].find(({ together }) => together?.kind === 'storm')
    expect(reminders.map((each) => each.in?.message)).toEqual([{ ts: parent?.id }, { ts: parent?.id }])
  })

  it('reminds of what is open too long, once a period, in the thread of its message', async () => {
    const subject = await open()
    const { store } = subject
    const periods = { CRITICAL: 4 * 3_600_000, HIGH: 24 * 3_600_000 }
    const ids = [await tell(store, 'a', { severity: 'CRITICAL' }), await tell(store, 'b', { severity: 'CRITICAL' })]
    const lone = await tell(store, 'lone', { severity: 'CRITICAL', actor: { arn: null } })
    await tell(store, 'patient', { severity: 'MEDIUM', actor: { arn: null } })
    await sendAll(store)
    expect(await store.deliveries.remind(periods, threaded)).toBe(0)
    await setClock(subject, '4 hours 1 minute')
    await end(store, ids[0] ?? '')
    await sendAll(store)
    expect(await store.deliveries.remind({}, threaded)).toBe(0)
    const counted = await Promise.all([1, 2, 3].map(() => store.deliveries.remind(periods, threaded)))
    expect(counted.toSorted((a, b) => a - b)).toEqual([0, 0, 2])
    await setClock(subject, '4 hours 2 minutes')
    await end(store, lone)
    expect(shown(await sendAll(store)).filter((each) => each.includes('after'))).toEqual(['↳!after 4 h: 1 of 2'])
    await setClock(subject, '7 hours')
    expect(await store.deliveries.remind(periods, threaded)).toBe(0)
    await setClock(subject, '8 hours 5 minutes')
    expect(await store.deliveries.remind(periods, threaded)).toBe(1)
    expect(shown(await sendAll(store)).filter((each) => each.includes('after'))).toEqual(['↳!after 8 h: 1 of 2'])
  })

  it('forgets what ended 400 days ago with all that told it, and a thread only as a whole', async () => {
    const subject = await open()
    const { store } = subject
    const over: string[] = []
    for (const title of ['a', 'b']) over.push(await tell(store, title))
    const lasting = await tell(store, 'lasting')
    for (const detection of ['P1', 'P2'])
      over.push(await tell(store, detection, { event: 'one doing', bucket: 'one', detection, actor: { arn: null } }))
    const summary: AlertContent = { kind: 'summary', origin: 'baseline', total: 2, bySeverity: {}, byDetection: [], critical: [] }
    const alertId = await store.alerts.create({ findingId: null, key: 'summary', content: summary, to: [to('lab')] })
    const found = await Promise.all(['was there', 'is there'].map((title) => tell(store, title, { channels: [] })))
    await store.findings.told(found, alertId)
    over.push(found[0] ?? '')
    const hit = {
      detectionId: 'R',
      accountId: '1',
      region: 'r',
      periodMinutes: 60,
      severity: 'HIGH',
      title: 'R',
      context: {},
    } as const
    await store.findings.hit({ ...hit, dedup: 'told', threshold: 1, cause: aCause() })
    await store.findings.hit({ ...hit, dedup: 'never enough', threshold: 2, cause: aCause() })
    await sendAll(store)
    // One flaps: its later findings are told by an earlier one's message.
    for (const minutes of [10, 20, 30]) {
      await setClock(subject, `${minutes} minutes`)
      const id = await tell(store, 'flaps', { event: `e${minutes}`, actor: { arn: null } })
      await sendAll(store)
      await end(store, id)
      await sendAll(store)
    }
    for (const id of over) await end(store, id)
    await sendAll(store)
    const left = async () => {
      const rows = await subject.sql(`select title from findings order by title collate "C"`)
      return rows.map(({ title }) => title)
    }
    const counts = async () => {
      const tables = ['alerts', 'deliveries', 'threads', 'summarised']
      const rows = await subject.sql(
        `select ${tables.map((table) => `(select count(*)::int from ${table}) as ${table}`).join(', ')}`,
      )
      return rows[0]
    }
    const all = await left()
    const before = await counts()
    expect(before).toMatchObject({ summarised: 2 })
    await setClock(subject, '29 days')
    await store.maintain()
    expect(await left()).toEqual(all)
    await setClock(subject, '399 days')
    await store.maintain()
    // What never reached its threshold is worth less.
    expect(await left()).toEqual(all.toSpliced(all.indexOf('R'), 1))
    expect(await counts()).toEqual(before)

    await setClock(subject, '401 days')
    await store.maintain()
    // An open finding keeps its thread, so that its parent counts rightly.
    expect(await left()).toEqual(['a', 'b', 'is there', 'lasting'])
    expect(await counts()).toEqual({ alerts: 5, deliveries: 5, threads: 1, summarised: 1 })
    await end(store, lasting)
    expect(shown(await sendAll(store))).toContain('storm of 3, 3 over')
    await end(store, found[1] ?? '')
    await setClock(subject, '802 days')
    await store.maintain()
    expect(await left()).toEqual([])
    expect(await counts()).toEqual({ alerts: 0, deliveries: 0, threads: 0, summarised: 0 })
  })

  it('keeps a channel to its pace and to its waits, whoever sends', async () => {
    const subject = await open()
    const { store } = subject
    for (const title of ['a', 'b', 'c']) await tell(store, title, { actor: { arn: null } })
    const first = await one(store)
    await store.deliveries.sending(first, 1_000)
    await store.deliveries.sent(first, { ts: '1' })
    expect(await lease(store)).toEqual([])
    await setClock(subject, '2 seconds')
    const second = await one(store)
    expect(await store.deliveries.holdUp(second, 'posts', 30_000)).toBe(true)
    expect(await store.deliveries.holdUp(second, 'posts', 30_000)).toBe(false)
    await tell(store, 'worst', { severity: 'CRITICAL', actor: { arn: null } })
    await tell(store, 'other channel', { actor: { arn: null }, channels: [to('lab')] })
    expect(shown(await sendAll(store))).toEqual(['other channel'])
    await setClock(subject, '33 seconds')
    expect(shown(await sendAll(store))).toEqual(['worst', 'b', 'c'])
  })

  it('lends one edit of a destination at a time, since they share one limit', async () => {
    const { store } = await open()
    const ids = [
      await tell(store, 'a', { actor: { arn: null } }),
      await tell(store, 'b', { actor: { arn: null }, channels: [to('lab')] }),
    ]
    await sendAll(store)
    for (const id of ids) await end(store, id)
    const edit = await one(store)
    await tell(store, 'new', { actor: { arn: null }, channels: [to('lab')] })
    const post = await one(store)
    expect([words(edit), words(post)]).toEqual(['a over', 'new'])
    await store.deliveries.sent(edit, { ts: '1' })
    await store.deliveries.sent(post, { ts: '2' })
    expect(words(await one(store))).toBe('b over')
  })

  it('edits nothing anywhere while edits must wait, and posts on', async () => {
    const subject = await open()
    const { store } = subject
    const id = await tell(store, 'a', { actor: { arn: null } })
    await sendAll(store)
    await end(store, id)
    expect(await store.deliveries.holdUp(await one(store), 'edits', 5_000)).toBe(true)
    await tell(store, 'b', { actor: { arn: null } })
    expect(shown(await sendAll(store))).toEqual(['b'])
    await setClock(subject, '6 seconds')
    expect(shown(await sendAll(store))).toEqual(['a over'])
  })
}
