import { expect, it } from 'vitest'
import type { LeasedMark, Wish } from '#store'
import { aCause } from '../support/alerts.ts'
import { until } from '../support/until.ts'
import { setClock, type Subject } from './store.ts'

function aWish(id = 'a', given: Partial<Wish> & { accountId?: string } = {}): Wish {
  const { accountId = '111122223333', ...rest } = given
  const ref = { accountId, region: 'eu-west-1', type: 'AWS.S3.Bucket', id }
  return { ref, class: 'event', cause: aCause({ eventId: `of ${id}` }), scanId: null, delayMs: 0, ...rest }
}
const ids = (marks: readonly LeasedMark[]): readonly string[] => marks.map((mark) => mark.ref.id)
function only<T>(list: readonly T[]): T {
  const [first] = list
  if (first === undefined || list.length > 1) throw new Error(`expected one, got ${list.length}`)
  return first
}

export function marksContract(open: () => Promise<Subject>): void {
  it('makes a storm of wishes one mark with the last twenty causes', async () => {
    const { store } = await open()
    const storm = Array.from({ length: 15 }, (_, i) => aWish('a', { cause: aCause({ eventId: `e-${i}` }) }))
    const more = Array.from({ length: 10 }, (_, i) => aWish('a', { cause: aCause({ eventId: `f-${i}` }) }))
    await store.marks.wish(storm)
    await store.marks.wish(more)
    const mark = only(await store.marks.lease(10, 10_000))
    expect(mark.causes.map((cause) => cause.eventId)).toEqual([...storm.slice(5), ...more].map((wish) => wish.cause?.eventId))
    expect(await store.marks.settle(mark)).toBe(true)
    expect(await store.marks.waiting()).toMatchObject([{ count: 0 }, { count: 0 }, { count: 0 }])
  })

  it('keeps the higher class and the earlier time of two wishes', async () => {
    const { store } = await open()
    await store.marks.wish([aWish('a', { class: 'scan', delayMs: 3_600_000, scanId: 's' })])
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    await store.marks.wish([aWish('a', { class: 'event' })])
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
    expect(await store.marks.renew(second, 60_000)).toBe(true)
    await setClock(subject, '50 seconds')
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    expect(await store.marks.settle(second)).toBe(true)
    expect(await store.marks.settle(second)).toBe(false)
  })

  it('keeps a wish that comes during a lease, with only its own causes', async () => {
    const { store } = await open()
    await store.marks.wish([aWish('a', { cause: aCause({ eventId: 'before' }) })])
    const mark = only(await store.marks.lease(10, 10_000))
    await store.marks.wish([aWish('a', { class: 'recheck', cause: aCause({ eventId: 'during' }) })])
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    expect(await store.marks.settle(mark)).toBe(true)
    const next = only(await store.marks.lease(10, 10_000))
    expect(next).toMatchObject({ class: 'recheck', attempts: 0, causes: [{ eventId: 'during' }] })
    expect(await store.marks.settle(next)).toBe(true)
    expect(await store.marks.lease(10, 10_000)).toEqual([])
  })

  it('keeps a wish that comes after the lease ran out, though the late worker still settles', async () => {
    const subject = await open()
    await subject.store.marks.wish([aWish('a', { cause: aCause({ eventId: 'before' }) })])
    const mark = only(await subject.store.marks.lease(10, 10_000))
    await setClock(subject, '11 seconds')
    await subject.store.marks.wish([aWish('a', { cause: aCause({ eventId: 'after' }) })])
    expect(await subject.store.marks.settle(mark)).toBe(true)
    expect(only(await subject.store.marks.lease(10, 10_000)).causes).toMatchObject([{ eventId: 'after' }])
  })

  it('joins the causes of before and during when the mark is given back', async () => {
    const subject = await open()
    const { store } = subject
    await store.marks.wish([aWish('a', { cause: aCause({ eventId: 'before' }) })])
    const mark = only(await store.marks.lease(10, 10_000))
    expect(await store.marks.giveBack(mark, 5_000)).toBe(true)
    expect(await store.marks.lease(10, 10_000)).toEqual([])
    await setClock(subject, '6 seconds')
    const again = only(await store.marks.lease(10, 10_000))
    expect(again).toMatchObject({ attempts: 1, causes: [{ eventId: 'before' }], firstWishedAt: mark.firstWishedAt })
    await store.marks.wish([aWish('a', { cause: aCause({ eventId: 'during' }) })])
    expect(await store.marks.giveBack(again, 3_600_000)).toBe(true)
    const third = only(await store.marks.lease(10, 10_000))
    expect(third).toMatchObject({ attempts: 2, causes: [{ eventId: 'before' }, { eventId: 'during' }] })
  })

  it('lets a stopping worker give back everything without counting an attempt', async () => {
    const { store } = await open()
    await store.marks.wish([aWish('a'), aWish('b')])
    const lent = await store.marks.lease(10, 10_000)
    await store.marks.release(lent)
    const again = await store.marks.lease(10, 10_000)
    expect(again.map((mark) => mark.attempts)).toEqual([0, 0])
    expect(await store.marks.settle(lent[0] ?? only([]))).toBe(false)
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
