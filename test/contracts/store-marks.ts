import { expect, it } from 'vitest'
import type { Expectation } from '#model'
import type { LeasedMark, Wish } from '#store'
import { aCause } from '../support/alerts.ts'
import { until } from '../support/until.ts'
import { setClock, stopClock, type Subject } from './store.ts'

function anExpectation(eventId: string, given: Partial<Expectation> = {}): Expectation {
  return { cause: aCause({ eventId }), kind: 'update', witnesses: [{ kind: 'is', path: ['Acl'], value: eventId }], ...given }
}
function aWish(id = 'a', given: Partial<Wish> & { accountId?: string } = {}): Wish {
  const { accountId = '111122223333', ...rest } = given
  const ref = { accountId, region: 'eu-west-1', type: 'AWS.S3.Bucket', id }
  return { ref, class: 'event', expectation: anExpectation(`of ${id}`), scanId: null, delayMs: 0, ...rest }
}
const aScanWish = (id = 'a', given: Partial<Wish> = {}): Wish =>
  aWish(id, { class: 'scan', expectation: null, scanId: 'scan-1', ...given })
const ids = (marks: readonly LeasedMark[]): readonly string[] => marks.map((mark) => mark.ref.id)
const events = (mark: LeasedMark): readonly string[] => mark.expectations.map(({ cause }) => cause.eventId)
function only<T>(list: readonly T[]): T {
  const [first] = list
  if (first === undefined || list.length > 1) throw new Error(`expected one, got ${list.length}`)
  return first
}

export function marksContract(open: () => Promise<Subject>): void {
  it('keeps what says that a resource was created or deleted, however many events follow', async () => {
    const { store } = await open()
    const batch = (name: string, count: number) =>
      Array.from({ length: count }, (_, i) => aWish('a', { expectation: anExpectation(`${name}-${i}`) }))
    const life = (name: string, kind: 'create' | 'delete') => aWish('a', { expectation: anExpectation(name, { kind }) })
    await store.marks.wish([life('born', 'create'), ...batch('e', 25)])
    await store.marks.wish([life('gone', 'delete'), ...batch('f', 15)])
    await store.marks.wish(batch('g', 15))
    const mark = only(await store.marks.lease(1, 1_000))
    expect(events(mark).slice(0, 3)).toEqual(['born', 'gone', 'f-10'])
    expect(mark.expectations).toHaveLength(22)
  })

  it('makes a storm of wishes one mark with the last twenty expectations', async () => {
    const { store } = await open()
    const storm = Array.from({ length: 15 }, (_, i) => aWish('a', { expectation: anExpectation(`e-${i}`) }))
    const more = Array.from({ length: 10 }, (_, i) => aWish('a', { expectation: anExpectation(`f-${i}`) }))
    await store.marks.wish(storm)
    await store.marks.wish(more)
    const mark = only(await store.marks.lease(10, 10_000))
    expect(mark.expectations).toEqual([...storm.slice(5), ...more].map((wish) => wish.expectation))
    expect(await store.marks.settle(mark)).toBe(true)
    expect(await store.marks.waiting()).toMatchObject([{ count: 0 }, { count: 0 }, { count: 0 }])
  })

  it('keeps the higher class and the earlier time of two wishes', async () => {
    const { store } = await open()
    await store.marks.wish([aWish('a', { class: 'recheck', delayMs: 3_600_000, scanId: 's' })])
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    await store.marks.wish([aWish('a', { class: 'event' })])
    await store.marks.wish([aWish('a', { class: 'recheck', delayMs: 3_600_000 })])
    expect(only(await store.marks.lease(10, 10_000))).toMatchObject({ class: 'event', scanId: 's' })
  })

  it('lends a mark to one worker at a time, and again when the lease ran out', async () => {
    const subject = await open()
    const { store } = subject
    await store.marks.wish([aWish()])
    const first = only(await store.marks.lease(10, 10_000))
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    await setClock(subject, '11 seconds')
    const second = only(await store.marks.lease(10, 10_000))
    expect(await store.marks.settle(first)).toBe(false)
    expect(await store.marks.renew(first, 10_000)).toBe(false)
    expect(await store.marks.giveBack(first, 0)).toBe(false)
    expect(await store.marks.again(first, 0, [])).toBe(false)
    expect(await store.marks.renew(second, 60_000)).toBe(true)
    await setClock(subject, '50 seconds')
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    expect(await store.marks.settle(second)).toBe(true)
    expect(await store.marks.settle(second)).toBe(false)
  })

  it('keeps a wish that comes during a lease, a second after the lease began, with only its own expectation', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    await store.marks.wish([aWish('a', { expectation: anExpectation('before') })])
    const mark = only(await store.marks.lease(10, 10_000))
    await store.marks.wish([aWish('a', { class: 'recheck', expectation: anExpectation('during') })])
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    expect(await store.marks.settle(mark)).toBe(true)
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    await clock(1_100)
    const next = only(await store.marks.lease(10, 10_000))
    expect(next).toMatchObject({ class: 'recheck', attempts: 0, looks: 0 })
    expect(events(next)).toEqual(['during'])
    expect(await store.marks.settle(next)).toBe(true)
    await clock(3_600_000)
    expect(await store.marks.lease(10, 10_000)).toEqual([])
  })

  it('keeps a wish that comes after the lease ran out, though the late worker still settles', async () => {
    const subject = await open()
    await subject.store.marks.wish([aWish('a', { expectation: anExpectation('before') })])
    const mark = only(await subject.store.marks.lease(10, 10_000))
    await setClock(subject, '11 seconds')
    await subject.store.marks.wish([aWish('a', { expectation: anExpectation('after') })])
    expect(await subject.store.marks.settle(mark)).toBe(true)
    expect(events(only(await subject.store.marks.lease(10, 10_000)))).toEqual(['after'])
  })

  it('joins the wishes of an expired lease when the mark is lent again', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    await store.marks.wish([aScanWish('a', { expectation: anExpectation('before') })])
    await store.marks.giveBack(only(await store.marks.lease(10, 10_000)), 0)
    expect(only(await store.marks.lease(10, 10_000))).toMatchObject({ class: 'scan', attempts: 1 })
    await store.marks.wish([aWish('a', { expectation: anExpectation('during') })])
    await clock(11_000)
    const again = only(await store.marks.lease(10, 10_000))
    expect(again).toMatchObject({ class: 'event', attempts: 0, scanId: 'scan-1' })
    expect(events(again)).toEqual(['before', 'during'])
    expect(await store.marks.settle(again)).toBe(true)
    expect(await store.marks.waiting()).toMatchObject([{ count: 0 }, { count: 0 }, { count: 0 }])
  })

  it('counts the failed looks of a mark that is given back, anew when a wish came meanwhile', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    await store.marks.wish([aWish('a', { expectation: anExpectation('before') })])
    const mark = only(await store.marks.lease(10, 10_000))
    expect(await store.marks.giveBack(mark, 5_000)).toBe(true)
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    await clock(6_000)
    const again = only(await store.marks.lease(10, 10_000))
    expect(again).toMatchObject({ attempts: 1, looks: 0, firstWishedAt: mark.firstWishedAt })
    expect(events(again)).toEqual(['before'])
    await store.marks.wish([aWish('a', { expectation: anExpectation('during') })])
    expect(await store.marks.giveBack(again, 3_600_000)).toBe(true)
    await clock(8_000)
    const third = only(await store.marks.lease(10, 10_000))
    expect(third).toMatchObject({ attempts: 0 })
    expect(events(third)).toEqual(['before', 'during'])
  })

  it('looks again for what was not seen yet: expectations replaced, looks counted, the first wish remembered', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    await store.marks.wish(['seen', 'unseen'].map((eventId) => aWish('a', { expectation: anExpectation(eventId) })))
    const mark = only(await store.marks.lease(10, 10_000))
    expect(mark).toMatchObject({ attempts: 0, looks: 0 })
    expect(await store.marks.again(mark, 3_000, mark.expectations.slice(1))).toBe(true)
    expect(await store.marks.again(mark, 3_000, [])).toBe(false)
    await clock(2_000)
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    await clock(4_000)
    const second = only(await store.marks.lease(10, 10_000))
    expect(second).toMatchObject({ class: 'event', attempts: 0, looks: 1, firstWishedAt: mark.firstWishedAt })
    expect(events(second)).toEqual(['unseen'])
    await store.marks.again(second, 0, second.expectations)
    expect(only(await store.marks.lease(10, 10_000)).looks).toBe(2)
  })

  it('joins a wish of the lease to what is left to be seen: due earlier, looks counted anew', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    await store.marks.wish([aWish('a', { expectation: anExpectation('before') })])
    await store.marks.again(only(await store.marks.lease(10, 10_000)), 0, [anExpectation('before')])
    const mark = only(await store.marks.lease(10, 10_000))
    expect(mark.looks).toBe(1)
    await store.marks.wish([aWish('a', { expectation: anExpectation('during') })])
    await store.marks.again(mark, 3_600_000, mark.expectations)
    await clock(1_100)
    const next = only(await store.marks.lease(10, 10_000))
    expect(next.looks).toBe(0)
    expect(events(next)).toEqual(['before', 'during'])
  })

  it('begins to count anew when an event comes to a mark that is put off, and makes it due', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    await store.marks.wish([aWish()])
    await store.marks.again(only(await store.marks.lease(10, 10_000)), 0, [])
    await store.marks.giveBack(only(await store.marks.lease(10, 10_000)), 3_600_000)
    await clock(2_000)
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    await store.marks.wish([aWish()])
    expect(only(await store.marks.lease(10, 10_000))).toMatchObject({ looks: 0, attempts: 0 })
  })

  it('looks once a second in a storm, and once after its last event', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    const looks: { at: number; events: readonly string[] }[] = []
    for (let ms = 0; ms < 6_000; ms += 100) {
      await clock(ms)
      if (ms <= 3_500) await store.marks.wish([aWish('a', { expectation: anExpectation(`e-${ms}`) })])
      const [mark] = await store.marks.lease(1, 10_000)
      if (mark === undefined) continue
      looks.push({ at: ms, events: events(mark) })
      // An event in each look; the first does not show what is expected, the second fails, the others settle.
      await clock(ms + 50)
      if (ms <= 3_500) await store.marks.wish([aWish('a', { expectation: anExpectation(`e-${ms + 50}`) })])
      if (looks.length === 1) await store.marks.again(mark, 300, mark.expectations)
      else if (looks.length === 2) await store.marks.giveBack(mark, 0)
      else await store.marks.settle(mark)
    }
    expect(looks.map(({ at }) => at)).toEqual([0, 1_000, 2_000, 3_000, 4_000])
    expect(looks.at(-1)?.events.at(-1)).toBe('e-3500')
  })

  it('never looks for an event within a second of the stored state, nor of the last lease; at once on a quiet resource', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    const { ref } = aWish()
    const put = async (fetchedAt: Date): Promise<void> => {
      const number = await store.states.nextNumber()
      const judged = { verdict: { number, outcomes: [] }, evaluatedWith: 'x', evaluateAt: new Date('2099-01-01'), lookedUp: [] }
      const look = { confirmed: true, bornAt: null, eventId: ref.id, changed: true }
      await store.states.put({ ...ref, number, shape: 1, attributes: {}, fetchedAt }, judged, look)
    }
    await put(new Date(Date.now() - 5_000))
    await store.marks.wish([aWish()])
    const quiet = only(await store.marks.lease(10, 10_000))
    await put(await store.now())
    await store.marks.settle(quiet)
    await store.marks.wish([aWish(), aWish('never stored')])
    expect(ids(await store.marks.lease(10, 10_000))).toEqual(['never stored'])
    await clock(1_100)
    expect(ids(await store.marks.lease(10, 10_000))).toEqual(['a'])
  })

  it('waits no longer than a second though the stored state claims to be of the future', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    const { ref } = aWish()
    const judged = { verdict: { number: 1, outcomes: [] }, evaluatedWith: 'x', evaluateAt: new Date('2099-01-01'), lookedUp: [] }
    const fetchedAt = new Date(Date.now() + 3_600_000)
    await store.states.put({ ...ref, number: 1, shape: 1, attributes: {}, fetchedAt }, judged, {
      confirmed: true,
      bornAt: null,
      eventId: ref.id,
      changed: true,
    })
    await store.marks.wish([aWish()])
    await clock(1_100)
    expect(ids(await store.marks.lease(10, 10_000))).toEqual(['a'])
  })

  it('lets a scan only add itself to a mark that waits: no other class, time or count', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    await store.marks.wish([aWish('a'), aWish('b', { class: 'recheck', delayMs: 30_000 }), aScanWish('c', { delayMs: 30_000 })])
    const mark = only(await store.marks.lease(10, 10_000))
    await store.marks.again(mark, 0, mark.expectations)
    await store.marks.giveBack(only(await store.marks.lease(10, 10_000)), 30_000)
    await store.marks.wish([aScanWish('a'), aScanWish('b'), aScanWish('c', { scanId: 'scan-2' })])
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    await clock(31_000)
    expect(await store.marks.lease(10, 10_000)).toMatchObject([
      { ref: { id: 'a' }, class: 'event', scanId: 'scan-1', attempts: 1, looks: 1 },
      { ref: { id: 'b' }, class: 'recheck', scanId: 'scan-1' },
      { ref: { id: 'c' }, class: 'scan', scanId: 'scan-1' },
    ])
  })

  it("keeps a scan's wish that comes during a lease, and neither hurries the mark nor counts anew for it", async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    await store.marks.wish([aWish('a'), aWish('b')])
    const [first, second] = await store.marks.lease(10, 10_000)
    if (first === undefined || second === undefined) throw new Error('expected two marks')
    await store.marks.wish([aScanWish('a'), aScanWish('b')])
    await store.marks.giveBack(first, 30_000)
    await store.marks.settle(second)
    expect(await store.marks.lease(10, 60_000)).toEqual([])
    await clock(2_000)
    expect(only(await store.marks.lease(10, 60_000))).toMatchObject({ ref: { id: 'b' }, class: 'scan', scanId: 'scan-1' })
    await clock(31_000)
    expect(only(await store.marks.lease(10, 60_000))).toMatchObject({ class: 'event', scanId: 'scan-1', attempts: 1 })
  })

  it('does not let a scan wait for the mark of an event that is put off for more than a minute', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    await store.marks.wish([aWish('joined before', { scanId: 'scan-1' }), aWish('joined after'), aScanWish("the scan's own")])
    for (const mark of await store.marks.lease(10, 10_000)) await store.marks.giveBack(mark, 3_600_000)
    await store.marks.wish([aScanWish('joined after')])
    await clock(3_660_000)
    const scans = (await store.marks.lease(10, 10_000)).map((mark) => [mark.ref.id, mark.scanId])
    expect(Object.fromEntries(scans)).toEqual({ 'joined before': null, 'joined after': null, "the scan's own": 'scan-1' })
  })

  it('lets a stopping worker give back everything without counting an attempt', async () => {
    const subject = await open()
    const { store } = subject
    await stopClock(subject)
    await store.marks.wish([aWish('a'), aWish('b')])
    const lent = await store.marks.lease(10, 10_000)
    await store.marks.wish([aWish('a', { expectation: anExpectation('during') })])
    await store.marks.release(lent)
    const again = await store.marks.lease(10, 10_000)
    expect(again.map((mark) => [mark.ref.id, mark.attempts, mark.looks, events(mark)])).toEqual([
      ['a', 0, 0, ['of a', 'during']],
      ['b', 0, 0, ['of b']],
    ])
    expect(await store.marks.settle(lent[0] ?? only([]))).toBe(false)
    // It did not look, so the next event need not wait.
    await store.marks.release(again)
    await store.marks.wish([aWish('a')])
    expect(ids(await store.marks.lease(10, 10_000))).toEqual(['a', 'b'])
  })

  it('lends events before rechecks before scans, accounts in turn, oldest first', async () => {
    const { store } = await open()
    await store.marks.wish([
      aWish('scan', { class: 'scan', accountId: '1' }),
      aWish('recheck', { class: 'recheck', accountId: '1' }),
    ])
    for (const id of ['a1', 'a2', 'a3']) await store.marks.wish([aWish(id, { accountId: '1' })])
    for (const id of ['b1', 'b2']) await store.marks.wish([aWish(id, { accountId: '2' })])
    expect(ids(await store.marks.lease(3, 10_000))).toEqual(['a1', 'b1', 'a2'])
    expect(ids(await store.marks.lease(10, 10_000))).toEqual(['a3', 'b2', 'recheck', 'scan'])
  })

  it('lends none of the accounts that it is told to leave out', async () => {
    const { store } = await open()
    await store.marks.wish(['1', '2', '3'].map((accountId) => aWish(`of ${accountId}`, { accountId })))
    await store.marks.wish([aWish('scan of 1', { class: 'scan', accountId: '1' })])
    expect(ids(await store.marks.lease(10, 10_000, { without: ['1', '3'] }))).toEqual(['of 2'])
    expect(ids(await store.marks.lease(10, 10_000))).toEqual(['of 1', 'of 3', 'scan of 1'])
  })

  it('lends none of a lower class than asked for', async () => {
    const { store } = await open()
    await store.marks.wish([aWish('event'), aWish('recheck', { class: 'recheck' }), aWish('scan', { class: 'scan' })])
    expect(ids(await store.marks.lease(10, 10_000, { upTo: 'event' }))).toEqual(['event'])
    expect(ids(await store.marks.lease(10, 10_000, { upTo: 'recheck' }))).toEqual(['recheck'])
    expect(ids(await store.marks.lease(10, 10_000, { upTo: 'scan' }))).toEqual(['scan'])
  })

  it('comes to every one of more accounts than a lease looks at, without those left out', async () => {
    const { store } = await open()
    const accounts = Array.from({ length: 40 }, (_, i) => String(111_122_223_333 + i * 22_000_000_000))
    await store.marks.wish(accounts.flatMap((accountId) => ['x', 'y'].map((id) => aWish(id, { accountId, class: 'scan' }))))
    const lent: string[] = []
    for (;;) {
      const marks = await store.marks.lease(1, 60_000, { without: accounts.slice(0, 30) })
      if (marks.length === 0) break
      lent.push(...marks.map((mark) => mark.ref.accountId))
    }
    expect(lent.toSorted()).toEqual(accounts.slice(30).flatMap((accountId) => [accountId, accountId]))
  })

  it('counts what waits by class, with the age of the oldest due one', async () => {
    const subject = await open()
    const { store } = subject
    await store.marks.wish([aWish('a'), aWish('b'), aWish('c', { class: 'scan', delayMs: 60_000 })])
    await store.marks.lease(1, 10_000)
    await setClock(subject, '3 seconds')
    const [event, recheck, scan] = await store.marks.waiting()
    expect(event).toMatchObject({ class: 'event', count: 1 })
    expect(event?.oldestMs).toBeGreaterThanOrEqual(3_000)
    expect(recheck).toEqual({ class: 'recheck', count: 0, oldestMs: 0 })
    expect(scan).toEqual({ class: 'scan', count: 1, oldestMs: 0 })
  })

  it('survives many writers that wish for the same resources in different orders', async () => {
    const { store } = await open()
    const wishes = Array.from({ length: 60 }, (_, i) => aWish(`r-${i}`))
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let round = 0; round < 5; round += 1) {
        await store.transaction((records) => records.marks.wish(writer % 2 === 0 ? wishes : wishes.toReversed()))
      }
    })
    await Promise.all(writers)
    const lent = await store.marks.lease(100, 10_000)
    expect(new Set(ids(lent)).size).toBe(60)
  })

  it('gives each mark to one of many workers that lease and settle at once', async () => {
    const { store } = await open()
    await store.marks.wish(Array.from({ length: 100 }, (_, i) => aWish(`r-${i}`, { accountId: String(i % 3) })))
    const settled: string[] = []
    const worker = async (): Promise<void> => {
      await until('all marks settled', async () => {
        for (const mark of await store.marks.lease(7, 60_000)) if (await store.marks.settle(mark)) settled.push(mark.ref.id)
        return settled.length === 100
      })
    }
    await Promise.all([worker(), worker(), worker(), worker()])
    expect(new Set(settled).size).toBe(100)
  })

  it('refuses a resource id that no key can hold, naming the limit', async () => {
    const { store } = await open()
    await expect(store.marks.wish([aWish('x'.repeat(3_000))])).rejects.toMatchObject({ code: 'invalid-input', retryable: false })
  })
}
