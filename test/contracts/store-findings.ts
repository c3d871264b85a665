import { expect, it } from 'vitest'
import type { FindingFilter, PolicyFinding, RuleHit } from '#store'
import { aCause } from '../support/alerts.ts'
import { aJudgement, aLook, aState } from './store-builders.ts'
import { setClock, stopClock, type Subject } from './store.ts'

const resource = { accountId: '111122223333', region: 'eu-west-1', type: 'AWS.EC2.SecurityGroup', id: 'sg-1' }

function aPolicyFinding(given: Partial<PolicyFinding> = {}): PolicyFinding {
  return {
    detectionId: 'P',
    resource,
    key: '',
    origin: 'change',
    severity: 'HIGH',
    title: 'SSH is open to the world',
    context: { port: 22 },
    causes: [aCause()],
    differences: [{ path: 'Ports', before: null, after: 22 }],
    ...given,
  }
}
const any = { detectionIds: ['P', 'Q'], busyAccounts: [] }

function aHit(given: Partial<RuleHit> = {}): RuleHit {
  return {
    detectionId: 'R',
    accountId: '111122223333',
    region: 'eu-west-1',
    dedup: 'root',
    periodMinutes: 60,
    threshold: 1,
    severity: 'HIGH',
    title: 'Root logged in',
    context: {},
    cause: aCause(),
    ...given,
  }
}

export function findingsContract(open: () => Promise<Subject>): void {
  it('opens a finding once, ends it once, and reopens it as the next epoch', async () => {
    const { store } = await open()
    const { findings } = store
    const given = aPolicyFinding()
    const { resource: of, ...rest } = given
    const opened = await findings.open(given)
    expect(opened).toMatchObject({ ...rest, resource: of, epoch: 1, status: 'open', kind: 'policy', count: 1, endedAt: null })
    expect(await findings.open(given)).toBeNull()
    expect(await findings.openOf(resource)).toEqual([opened])
    const ended = await findings.end(opened?.id ?? '', 'fixed', aCause())
    expect(ended).toMatchObject({ id: opened?.id, status: 'resolved', endedAt: expect.any(Date) as Date })
    expect(await findings.end(opened?.id ?? '', 'fixed', null)).toBeNull()
    expect(await findings.openOf(resource)).toEqual([])
    expect(await findings.open(given)).toMatchObject({ epoch: 2, status: 'open' })
  })

  it('calls an open finding by other words, and says when they are none', async () => {
    const { store } = await open()
    const { findings } = store
    const { id } = (await findings.open(aPolicyFinding())) ?? { id: '' }
    expect(await findings.reword(id, { severity: 'LOW', title: 'SSH is open to the office\0' })).toBe(true)
    expect(await findings.get(id)).toMatchObject({ severity: 'LOW', title: expect.stringContaining('the office') as string })
    expect(await findings.reword(id, { severity: 'LOW', title: 'SSH is open to the office\0' })).toBe(false)
    await findings.end(id, 'fixed', null)
    expect(await findings.reword(id, { severity: 'HIGH', title: 'SSH' })).toBe(false)
  })

  it('lists findings to people who ask: most severe first, by what they ask for, also those that a summary told', async () => {
    const { store } = await open()
    const { findings } = store
    const one = await findings.open(aPolicyFinding({ severity: 'LOW', key: '1' }))
    const two = await findings.open(aPolicyFinding({ severity: 'CRITICAL', key: '2', origin: 'baseline' }))
    const { finding: three } = await findings.hit(aHit({ accountId: '444455556666', severity: 'MEDIUM' }))
    const ids = async (filter: FindingFilter): Promise<readonly unknown[]> => (await findings.list(filter, 10)).map(({ id }) => id)
    expect(await ids({})).toEqual([two?.id, three.id, one?.id])
    expect(await findings.list({}, 1)).toEqual([two])
    expect(await findings.count({})).toBe(3)
    expect(await findings.get(one?.id ?? '')).toEqual(one)
    expect(await findings.get('none\0')).toBeNull()
    expect(await ids({ severities: ['LOW', 'MEDIUM'], statuses: ['open'] })).toEqual([three.id, one?.id])
    expect(await ids({ ids: [one?.id ?? '', 'none'] })).toEqual([one?.id])
    expect(await ids({ kind: 'rule' })).toEqual([three.id])
    expect(await ids({ accountId: '444455556666' })).toEqual([three.id])
    expect(await ids({ detectionId: 'P', region: 'eu-west-1', resourceType: 'AWS.EC2.SecurityGroup' })).toEqual([two?.id, one?.id])
    const to = [{ destination: 'slack', channel: 'C1', team: 'data', because: 'a test' }]
    const alert = { key: 'k', content: { kind: 'note' as const, title: 'a', text: 'b' }, to }
    await store.alerts.create({ ...alert, findingId: one?.id ?? '' })
    expect(await ids({ team: 'data' })).toEqual([one?.id])
    const summary = await store.alerts.create({ ...alert, findingId: null })
    await findings.told([two?.id ?? ''], summary)
    expect(await ids({ team: 'data' })).toEqual([two?.id, one?.id])
    expect(await ids({ team: 'data', statuses: ['resolved'] })).toEqual([])
    await findings.end(one?.id ?? '', 'fixed', null)
    expect(await ids({ team: 'data', statuses: ['resolved'] })).toEqual([one?.id])
  })

  it('tells all findings of a resource to people who ask, newest first, so many at most', async () => {
    const subject = await open()
    const { findings } = subject.store
    const clock = await stopClock(subject)
    const first = await findings.open(aPolicyFinding())
    await findings.end(first?.id ?? '', 'fixed', null)
    await clock(1_000)
    const second = await findings.open(aPolicyFinding({ key: '22' }))
    await clock(2_000)
    const third = await findings.open(aPolicyFinding())
    await findings.open(aPolicyFinding({ resource: { ...resource, id: 'sg-2' } }))
    await findings.hit(aHit())
    expect((await findings.of(resource, 10)).map(({ id }) => id)).toEqual([third?.id, second?.id, first?.id])
    expect((await findings.of(resource, 1)).map(({ id, status }) => [id, status])).toEqual([[third?.id, 'open']])
    expect(await findings.of({ ...resource, region: 'us-east-1' }, 10)).toEqual([])
  })

  it('keeps violation keys apart, however long', async () => {
    const { store } = await open()
    const keys = ['22', '3389', 'é'.repeat(5_000), `${'é'.repeat(5_000)}!`]
    for (const key of keys) expect(await store.findings.open(aPolicyFinding({ key }))).toMatchObject({ key, epoch: 1 })
    expect((await store.findings.openOf(resource)).map((finding) => finding.key).toSorted()).toEqual(keys.toSorted())
  })

  it('opens one finding when two workers see it at once', async () => {
    const { store } = await open()
    const opened = await Promise.all(
      [1, 2, 3, 4].map(() => store.transaction((records) => records.findings.open(aPolicyFinding()))),
    )
    expect(opened.filter((finding) => finding !== null)).toHaveLength(1)
  })

  it('opens a rule finding at its threshold, exactly once an epoch', async () => {
    const { store } = await open()
    const hits = []
    for (let i = 0; i < 4; i += 1) hits.push(await store.findings.hit(aHit({ threshold: 3, cause: aCause({ eventId: `e-${i}` }) })))
    expect(hits.map((hit) => hit.opened)).toEqual([false, false, true, false])
    expect(hits.map((hit) => hit.finding.status)).toEqual(['counting', 'counting', 'open', 'open'])
    expect(hits.at(-1)?.finding).toMatchObject({ count: 4, epoch: 1, kind: 'rule', resource: null, key: 'root' })
    expect(hits.at(-1)?.finding.causes).toHaveLength(4)
  })

  it('opens once when the threshold was lowered in between', async () => {
    const { store } = await open()
    const opened = []
    for (const threshold of [9, 9, 9, 2, 2]) opened.push((await store.findings.hit(aHit({ threshold }))).opened)
    expect(opened).toEqual([false, false, false, true, false])
  })

  it('keeps the matches of two accounts apart though their dedup is equal: each has its own team', async () => {
    const { store } = await open()
    const first = await store.findings.hit(aHit())
    const other = await store.findings.hit(aHit({ accountId: '444455556666' }))
    expect(other).toMatchObject({ opened: true, finding: { accountId: '444455556666', count: 1 } })
    expect(other.finding.id).not.toBe(first.finding.id)
  })

  it('begins the next epoch when the period from the first match is over', async () => {
    const subject = await open()
    const first = await subject.store.findings.hit(aHit())
    await setClock(subject, '59 minutes')
    expect(await subject.store.findings.hit(aHit())).toMatchObject({ opened: false, finding: { id: first.finding.id, count: 2 } })
    await setClock(subject, '61 minutes')
    expect(await subject.store.findings.hit(aHit())).toMatchObject({ opened: true, finding: { epoch: 2, count: 1 } })
  })

  it('counts every one of many matches that come at once', async () => {
    const { store } = await open()
    const hits = await Promise.all(Array.from({ length: 12 }, () => store.transaction((records) => records.findings.hit(aHit()))))
    expect(hits.filter((hit) => hit.opened)).toHaveLength(1)
    expect(hits.map((hit) => hit.finding.count).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
  })

  it('retires the open findings of policies that are gone, and no rule', async () => {
    const { store } = await open()
    const dead = await store.findings.open(aPolicyFinding({ detectionId: 'dead' }))
    await store.findings.open(aPolicyFinding({ detectionId: 'living' }))
    await store.findings.hit(aHit())
    expect(await store.findings.retire(['living'], 10)).toMatchObject([{ id: dead?.id, status: 'retired' }])
    expect(await store.findings.retire(['living'], 10)).toEqual([])
    expect((await store.findings.openOf(resource)).map((finding) => finding.detectionId)).toEqual(['living'])
  })

  it('retires some at a time, and has their resources judged anew, so that a verdict that comes back finds them again', async () => {
    const { store } = await open()
    const group = (id: string) => ({ ...resource, id })
    for (const id of ['sg-1', 'sg-2', 'sg-3']) {
      await store.states.put(aState(1, group(id)), aJudgement(1, { evaluatedWith: 'one' }), aLook())
      const detectionId = id === 'sg-3' ? 'living' : 'dead'
      await store.findings.open(aPolicyFinding({ detectionId, resource: group(id) }))
      await store.findings.open(aPolicyFinding({ detectionId, resource: group(id), key: 'two' }))
    }
    const retire = async () => (await store.findings.retire(['living'], 3)).length
    expect([await retire(), await retire(), await retire()]).toEqual([3, 1, 0])
    const among = { fingerprints: new Map([[resource.type, 'one']]), otherwise: '' }
    const due = await store.states.due(10, 30_000, among)
    expect(due.map(({ id, evaluatedWith }) => `${id}${evaluatedWith}`).toSorted()).toEqual(['sg-1', 'sg-2'])
    expect(await store.states.due(10, 30_000, among)).toEqual([])
    await store.states.giveBack([group('sg-2')])
    expect(await store.states.due(10, 30_000, among)).toMatchObject([{ id: 'sg-2' }])
  })

  it('leaves untold what was found under a later activation than the teller knows', async () => {
    const { store } = await open()
    const early = await store.findings.open(aPolicyFinding({ origin: 'baseline', judgedBy: 4 }))
    const late = await store.findings.open(aPolicyFinding({ origin: 'baseline', judgedBy: 5, key: 'late' }))
    const ids = async (judgedBy: number | null) =>
      new Set((await store.findings.untold({ ...any, judgedBy }, null, 10)).map(({ id }) => id))
    expect(await ids(4)).toEqual(new Set([early?.id]))
    expect(await ids(5)).toEqual(new Set([early?.id, late?.id]))
    expect(await ids(null)).toEqual(new Set([early?.id, late?.id]))
  })

  it('remembers which quiet findings a summary has told', async () => {
    const { store } = await open()
    await store.findings.open(aPolicyFinding())
    const quiet = await store.findings.open(aPolicyFinding({ key: '22', origin: 'baseline' }))
    const untold = await store.findings.untold(any, null, 100)
    expect(untold.map((finding) => finding.id)).toEqual([quiet?.id])
    const other = await store.findings.open(aPolicyFinding({ key: '23', origin: 'time' }))
    const [one, two] = [quiet?.id ?? '', other?.id ?? ''].toSorted()
    expect((await store.findings.untold(any, null, 1)).map(({ id }) => id)).toEqual([one])
    expect((await store.findings.untold(any, one ?? '', 5)).map(({ id }) => id)).toEqual([two])
    await store.findings.told([two ?? ''], null)
    await store.findings.told([one ?? ''], null)
    expect(await store.findings.untold(any, null, 100)).toEqual([])
  })

  it('leaves untold the findings of detections that the teller has not, and of busy accounts', async () => {
    const { store } = await open()
    const other = { ...resource, accountId: '444455556666' }
    const [here, there] = [
      await store.findings.open(aPolicyFinding({ origin: 'baseline' })),
      await store.findings.open(aPolicyFinding({ origin: 'baseline', resource: other })),
    ]
    await store.findings.open(aPolicyFinding({ detectionId: 'newer', origin: 'baseline' }))
    const ids = async (busyAccounts: readonly string[]) =>
      (await store.findings.untold({ detectionIds: ['P'], busyAccounts }, null, 10)).map(({ id }) => id)
    expect(new Set(await ids([]))).toEqual(new Set([here?.id, there?.id]))
    expect(await ids([other.accountId])).toEqual([here?.id])
    expect(await ids([other.accountId, resource.accountId])).toEqual([])
  })

  it('holds untold findings, so that two tellers never tell one', async () => {
    const { store } = await open()
    await store.findings.open(aPolicyFinding({ origin: 'baseline' }))
    const tell = async (): Promise<number> =>
      store.transaction(async (records) => {
        const untold = await records.findings.untold(any, null, 100)
        await records.findings.told(
          untold.map((finding) => finding.id),
          null,
        )
        return untold.length
      })
    expect((await Promise.all([tell(), tell(), tell()])).toSorted((a, b) => a - b)).toEqual([0, 0, 1])
  })

  it('a rule that counts distinct values opens when there are so many, however often each comes, and counts all matches', async () => {
    const { store } = await open()
    const opened: boolean[] = []
    const values = ['a', 'a', '', 'b', 'a', 'b', 'c', 'd']
    for (const unique of values) opened.push((await store.findings.hit(aHit({ threshold: 3, unique }))).opened)
    expect(opened).toEqual([false, false, false, false, false, false, true, false])
    expect(await store.findings.list({}, 10)).toMatchObject([{ status: 'open', count: 8 }])
    const none = await store.findings.hit(aHit({ dedup: 'none', unique: '' }))
    expect([none.opened, none.finding.status]).toEqual([false, 'counting'])
    expect((await store.findings.hit(aHit({ dedup: 'none', unique: 'x' }))).opened).toBe(true)
  })

  it('counts the values that a rule sums up with the matches, most first, and what is beyond the bound as others', async () => {
    const subject = await open()
    const hit = async (...summary: (readonly [string, string])[]) =>
      (await subject.store.findings.hit(aHit({ threshold: 2, summary }))).finding.summary
    const field = (path: string, values: Readonly<Record<string, number>>, others = 0) => {
      return { path, values: Object.entries(values).map(([value, count]) => ({ value, count })), others }
    }
    expect(await hit(['ip', 'b'], ['who', '__proto__\0'])).toEqual([field('ip', { b: 1 }), field('who', { ['__proto__']: 1 })])
    expect(await hit(['ip', 'a'], ['ip', 'c'])).toMatchObject([field('ip', { a: 1, b: 1, c: 1 }), { path: 'who' }])
    expect(await hit()).toHaveLength(2)
    expect(await hit(['new', 'x'.repeat(300)], ['ip', 'c'])).toEqual([
      field('ip', { c: 2, a: 1, b: 1 }),
      field('who', { ['__proto__']: 1 }),
      field('new', { ['x'.repeat(200)]: 1 }),
    ])
    for (let from = 0; from < 60; from += 20)
      await hit(...Array.from({ length: 20 }, (_, index) => ['ip', `v${from + index}`] as const))
    const [ip] = await hit(['ip', 'late'], ['ip', 'a'], ...Array.from({ length: 12 }, (_, index) => [`p${index}`, 'x'] as const))
    expect([ip?.values.length, ip?.values.slice(0, 2), ip?.others]).toEqual([50, field('', { a: 2, c: 2 }).values, 14])
    const [kept] = await subject.store.findings.list({}, 1)
    expect(kept?.summary.map(({ path }) => path)).toEqual(['ip', 'who', 'new', 'p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6'])
    await setClock(subject, '61 minutes')
    expect(await hit(['ip', 'late'])).toEqual([field('ip', { late: 1 })])
    expect(await subject.store.findings.open(aPolicyFinding())).toMatchObject({ summary: [] })
  })

  it('sums up every one of many matches that come at once', async () => {
    const { store } = await open()
    const summary = [['ip', 'a']] as const
    const hits = Array.from({ length: 12 }, () => store.transaction((records) => records.findings.hit(aHit({ summary }))))
    await Promise.all(hits)
    expect((await store.findings.list({}, 1))[0]?.summary).toEqual([{ path: 'ip', values: [{ value: 'a', count: 12 }], others: 0 }])
  })

  it('distinct values start afresh with each period', async () => {
    const subject = await open()
    const hit = async (unique: string) => (await subject.store.findings.hit(aHit({ threshold: 2, unique }))).opened
    expect(await hit('a')).toBe(false)
    await setClock(subject, '61 minutes')
    expect([await hit('b'), await hit('b'), await hit('a')]).toEqual([false, false, true])
  })

  it('findings of a staged policy are told in no summary until it is promoted, and then as those of a new one', async () => {
    const { store } = await open()
    await store.findings.open(aPolicyFinding({ staged: true }))
    await store.findings.open(aPolicyFinding({ detectionId: 'Q', origin: 'baseline', staged: true }))
    expect(await store.findings.untold(any, null, 10)).toEqual([])
    expect(await store.findings.promote(['P', 'R'])).toBe(1)
    expect(await store.findings.promote(['P', 'R'])).toBe(0)
    expect(await store.findings.untold(any, null, 10)).toMatchObject([{ detectionId: 'P', origin: 'detection', staged: false }])
  })

  it('a rule that is promoted opens a finding of its own at its next match', async () => {
    const { store } = await open()
    const [trial, real] = [await store.findings.hit(aHit({ staged: true })), await store.findings.hit(aHit())]
    expect([trial.opened, real.opened, real.finding.epoch]).toEqual([true, true, 2])
  })

  it('while some processes run a rule as staged and others do not, each match counts on the finding of its kind', async () => {
    const { store } = await open()
    const opened: (readonly [boolean, number, number])[] = []
    for (const staged of [true, false, true, false, true]) {
      const hit = await store.findings.hit(aHit({ staged }))
      opened.push([hit.opened, hit.finding.epoch, hit.finding.count])
    }
    expect(opened).toEqual([
      [true, 1, 1],
      [true, 2, 1],
      [false, 1, 2],
      [false, 2, 2],
      [false, 1, 3],
    ])
  })

  it('tallies what each detection found, staged or all, and whose it is', async () => {
    const { store } = await open()
    const group = (id: string) => ({ ...resource, id })
    const actor = { ...aCause().actor, name: 'bob' }
    for (const [id, key] of [
      ['sg-1', 'a'],
      ['sg-1', 'b'],
      ['sg-2', 'a'],
    ] as const) {
      await store.findings.open(aPolicyFinding({ resource: group(id), key, staged: true, causes: [aCause({ actor })] }))
    }
    await store.findings.open(aPolicyFinding({ detectionId: 'Q', causes: [] }))
    for (const dedup of ['x', 'y']) await store.findings.hit(aHit({ dedup, threshold: 2 }))
    await store.findings.hit(aHit({ dedup: 'x', threshold: 2 }))
    const [first] = await store.findings.list({ detectionId: 'P' }, 1)
    await store.findings.end(first?.id ?? '', 'fixed', null)
    const staged = await store.findings.tallies(true)
    expect(staged).toMatchObject([
      { detectionId: 'P', findings: 3, open: 2, counting: 0, matches: 3, actors: [{ name: 'bob', count: 3 }] },
    ])
    expect(staged[0]?.resources).toEqual([
      { name: 'sg-1', count: 2 },
      { name: 'sg-2', count: 1 },
    ])
    const all = await store.findings.tallies(false)
    expect(all.map(({ detectionId, findings, counting, matches }) => [detectionId, findings, counting, matches])).toEqual([
      ['P', 3, 0, 3],
      ['Q', 1, 0, 1],
      ['R', 1, 1, 3],
    ])
  })

  it('remembers since when a detection is known', async () => {
    const { store } = await open()
    await store.detections.note(['A', 'B'])
    const first = await store.detections.since()
    await store.detections.note(['C', 'A'])
    const later = await store.detections.since()
    expect([...later.keys()].toSorted()).toEqual(['A', 'B', 'C'])
    expect(later.get('A')).toEqual(first.get('A'))
  })
}
