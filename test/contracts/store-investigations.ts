import { expect, it } from 'vitest'
import { wholeActor, type Severity } from '#model'
import type { Investigation, Store } from '#store'
import { aBucket } from './store-builders.ts'
import { stopClock, type Subject } from './store.ts'

export function investigationsContract(open: () => Promise<Subject>): void {
  let findings = 0
  async function aFindingIn(store: Store, severity: Severity = 'HIGH'): Promise<string> {
    const finding = await store.findings.open({
      detectionId: `P${(findings += 1)}`,
      resource: aBucket,
      key: '',
      origin: 'baseline',
      severity,
      title: 't',
      context: {},
      causes: [],
      differences: [],
    })
    return finding?.id ?? ''
  }
  const idsOf = (leased: readonly Investigation[]): readonly string[] => leased.map(({ finding }) => finding.id)

  it('lends questions most severe first, one of a line at a time, and the next when that is settled', async () => {
    const { store } = await open()
    const { investigations } = store
    const [low, critical, other] = [
      await aFindingIn(store, 'LOW'),
      await aFindingIn(store, 'CRITICAL'),
      await aFindingIn(store, 'MEDIUM'),
    ]
    const about = { question: 'origin', delayMs: 0 } as const
    await investigations.ask([
      { ...about, findingId: low, line: '1 eu', severity: 'LOW' },
      { ...about, findingId: critical, line: '1 eu', severity: 'CRITICAL' },
      { ...about, findingId: other, line: '2 eu', severity: 'MEDIUM' },
    ])
    const leased = await investigations.lease(10, 10_000)
    expect(idsOf(leased)).toEqual([critical, other])
    expect(await investigations.lease(10, 10_000)).toEqual([])
    const [first] = leased
    expect(first?.finding).toMatchObject({ severity: 'CRITICAL', resource: aBucket })
    expect(await investigations.settle(first as Investigation, 'alice')).toBe(true)
    expect(await investigations.settle(first as Investigation, 'bob')).toBe(false)
    expect(idsOf(await investigations.lease(10, 10_000))).toEqual([low])
  })

  it('asks for an origin once, and for a session anew', async () => {
    const { store } = await open()
    const { investigations } = store
    const findingId = await aFindingIn(store)
    for (const question of ['origin', 'session'] as const) {
      await investigations.ask([{ findingId, question, line: question, severity: 'HIGH', delayMs: 0 }])
      const [leased] = await investigations.lease(1, 10_000)
      await investigations.settle(leased as Investigation, 'known')
      await investigations.ask([{ findingId, question, line: question, severity: 'HIGH', delayMs: 0 }])
      expect(await investigations.lease(1, 10_000)).toHaveLength(question === 'origin' ? 0 : 1)
    }
  })

  it('comes again after its delay, with one more try; a lease that ran out is lent anew and the old token is worth nothing', async () => {
    const subject = await open()
    const { investigations } = subject.store
    const clock = await stopClock(subject)
    const findingId = await aFindingIn(subject.store)
    await investigations.ask([{ findingId, question: 'session', line: 'l', severity: 'HIGH', delayMs: 5_000 }])
    expect(await investigations.lease(1, 10_000)).toEqual([])
    await clock(5_000)
    const [first] = await investigations.lease(1, 10_000)
    await clock(15_001)
    const [second] = await investigations.lease(1, 10_000)
    expect(await investigations.again(first as Investigation, 0)).toBe(false)
    expect(await investigations.again(second as Investigation, 60_000)).toBe(true)
    expect(await investigations.lease(1, 10_000)).toEqual([])
    await clock(80_000)
    const [third] = await investigations.lease(1, 10_000)
    expect(third?.attempts).toBe(1)
    await investigations.release([third as Investigation])
    expect(await investigations.lease(1, 10_000)).toMatchObject([{ attempts: 1 }])
  })

  it('gives up after an hour what was not asked by then, and forgets it after thirty days', async () => {
    const subject = await open()
    const { investigations } = subject.store
    const clock = await stopClock(subject)
    const findingId = await aFindingIn(subject.store)
    await investigations.ask([{ findingId, question: 'origin', line: 'l', severity: 'HIGH', delayMs: 0 }])
    await clock(3_600_001)
    expect(await investigations.lease(1, 10_000)).toEqual([])
    expect(await subject.sql('select answer from investigations')).toEqual([{ answer: 'not asked in time' }])
    await clock(32 * 86_400_000)
    await subject.store.maintain()
    expect(await subject.sql('select answer from investigations')).toEqual([])
  })

  it('a finding is explained afterwards', async () => {
    const { store } = await open()
    const id = await aFindingIn(store)
    const [before] = await store.findings.openOf(aBucket)
    expect(before?.causes).toEqual([])
    const actor = { kind: 'Root', name: 'root', arn: null, accountId: null, sourceAddress: null, userAgent: null }
    const cause = { eventId: 'e', source: 's', name: 'n', time: '2026-11-21T10:00:00Z', receivedAt: '2026-11-21T10:00:00Z' }
    await store.findings.explain(id, [{ ...cause, actor: wholeActor(actor) }])
    const [after] = await store.findings.openOf(aBucket)
    expect(after?.causes).toMatchObject([{ eventId: 'e', actor: { name: 'root' } }])
  })
}
