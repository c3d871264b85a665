import { expect, it } from 'vitest'
import type { Gap, Sign, Store } from '#store'
import { stopClock, type Subject } from './store.ts'

const [shop, bank, region] = ['111122223333', '444455556666', 'eu-west-1']
const start = new Date('2026-11-21T12:00:00Z')
const after = (minutes: number): Date => new Date(start.getTime() + minutes * 60_000)
const aSign = (minutes: number, more: Partial<Sign> = {}): Sign => ({
  accountId: shop,
  region,
  at: after(minutes),
  beat: false,
  ...more,
})
const aGap = (more: Partial<Gap> = {}) => ({
  accountId: shop,
  region,
  cause: 'silent' as const,
  detail: '',
  from: start,
  until: null,
  ...more,
})

async function openGap({ gaps }: Store, more: Partial<Gap> = {}): Promise<Gap> {
  const gap = await gaps.open(aGap(more))
  if (gap === null) throw new Error('no gap')
  return gap
}

export function gapsContract(open: () => Promise<Subject>): void {
  it('keeps one sign a minute of an account’s region until it is looked at, in the order of their own times', async () => {
    const { coverage } = (await open()).store
    await coverage.hear([])
    await coverage.hear([aSign(5), aSign(5.5), aSign(1, { beat: true }), aSign(1)])
    await coverage.hear([aSign(5.2), aSign(2, { accountId: bank })])
    expect(await coverage.list()).toEqual([
      { accountId: shop, region, heardAt: null, beatAt: null, signs: expect.any(Array) as unknown },
      { accountId: bank, region, heardAt: null, beatAt: null, signs: [{ at: after(2), beat: false }] },
    ])
    const signs = (await coverage.list())[0]?.signs ?? []
    expect(signs.map(({ at }) => at)).toEqual([after(1), after(1), after(5.5)])
    expect(signs.filter(({ beat }) => beat)).toEqual([{ at: after(1), beat: true }])

    await coverage.looked([{ accountId: shop, region, heardAt: after(1), beatAt: after(1) }])
    expect((await coverage.list())[0]).toEqual({
      accountId: shop,
      region,
      heardAt: after(1),
      beatAt: after(1),
      signs: [{ at: after(5.5), beat: false }],
    })
    await coverage.looked([{ accountId: shop, region, heardAt: after(5.5), beatAt: after(1) }])
    expect((await coverage.list())[0]?.signs).toEqual([])
  })

  it('knows since when sources are read without a break and bring what is fresh, all of them', async () => {
    const subject = await open()
    const { coverage } = subject.store
    const move = await stopClock(subject)
    const since = async (...names: string[]): Promise<Date | null> => coverage.readingSince(names)
    const began = await subject.store.now()
    const at = (ms: number): Date => new Date(began.getTime() + ms)
    expect(await since('a')).toBeNull()
    await coverage.reading('a', true)
    await move(100_000)
    await coverage.reading('a', true)
    await coverage.reading('b', true)
    expect(await since('a')).toEqual(at(0))
    expect(await since('a', 'b')).toEqual(at(100_000))
    expect(await since('a', 'c')).toBeNull()
    // A backlog: as if reading began now.
    await move(150_000)
    await coverage.reading('a', false)
    expect(await since('a')).toEqual(at(150_000))
    // Away for longer than a deploy takes.
    await move(280_000)
    expect(await since('a')).toBeNull()
    await coverage.reading('a', true)
    expect(await since('a')).toEqual(at(280_000))
  })

  it('gives each turn to one, whoever asks at the same time', async () => {
    const subject = await open()
    const { coverage } = subject.store
    const move = await stopClock(subject)
    const asked = await Promise.all(Array.from({ length: 4 }, () => coverage.turn('look', 1_000)))
    expect(asked.filter(Boolean)).toHaveLength(1)
    expect(await coverage.turn('other', 1_000)).toBe(true)
    await move(999)
    expect(await coverage.turn('look', 1_000)).toBe(false)
    await move(1_000)
    expect(await coverage.turn('look', 1_000)).toBe(true)
  })

  it('notes a gap once while it is open, and once for what began at nearly the same time', async () => {
    const { store } = await open()
    const { gaps } = store
    const opened = await Promise.all(Array.from({ length: 4 }, () => gaps.open(aGap())))
    const [gap, ...others] = opened.filter((each) => each !== null)
    if (gap === undefined) throw new Error('no gap')
    expect(others).toEqual([])
    expect(await gaps.open(aGap({ from: after(60) }))).toBeNull()
    expect(await gaps.open(aGap({ cause: 'logging-stopped' }))).not.toBeNull()
    expect(await gaps.open(aGap({ accountId: bank }))).not.toBeNull()
    expect(await gaps.close(gap.id, after(40), 0)).toBe(true)
    expect(await gaps.close(gap.id, after(50), 0)).toBe(false)
    expect(await gaps.open(aGap({ until: after(40) }))).toBeNull()
    const stopped = { cause: 'logging-stopped' as const, accountId: bank, until: after(1) }
    expect(await gaps.open(aGap(stopped))).not.toBeNull()
    expect(await gaps.open(aGap({ ...stopped, from: after(9) }))).toBeNull()
    expect(await gaps.open(aGap({ from: after(90), until: after(130) }))).toMatchObject({ from: after(90), until: after(130) })
    await gaps.scanned(gap.id, 'one')
    await gaps.scanned(gap.id, 'two')
    const all = await gaps.list(10)
    expect(all.map(({ until }) => until === null)).toEqual([true, true, false, false, false])
    expect(all.find(({ id }) => id === gap.id)).toMatchObject({
      from: start,
      until: after(40),
      scans: ['one', 'two'],
      fill: 'filling',
    })
    expect(await gaps.list(10, 'open')).toHaveLength(2)
    expect((await gaps.tally()).open).toEqual(
      new Map([
        ['silent', 1],
        ['logging-stopped', 1],
      ]),
    )
  })

  it('lends a gap to one reader, who goes on where the last one was', async () => {
    const subject = await open()
    const { gaps } = subject.store
    const move = await stopClock(subject)
    await openGap(subject.store)
    const [first, ...others] = await gaps.lease(5, 1_000)
    if (first === undefined) throw new Error('none lent')
    expect(others).toEqual([])
    expect(first).toMatchObject({ filledUntil: start, sliceUntil: null, nextToken: null, attempts: 0 })
    expect(await gaps.lease(5, 1_000)).toEqual([])
    const page = { filledUntil: start, sliceUntil: after(60), nextToken: 'next', read: 50, known: 3, touched: 7, matched: 1 }
    expect(await gaps.filled(first, page, 1_000)).toEqual({ until: null })
    await move(1_001)
    // The first reader was killed.
    const [second] = await gaps.lease(5, 1_000)
    if (second === undefined) throw new Error('none lent')
    expect(second).toMatchObject(page)
    expect(await gaps.filled(first, page, 1_000)).toBeNull()
    expect(await gaps.settle(first, null)).toBe(false)
    expect(await gaps.later(second, 500, 'restart')).toBe(true)
    expect(await gaps.lease(5, 1_000)).toEqual([])
    await move(1_501)
    const [third] = await gaps.lease(5, 1_000)
    expect(third).toMatchObject({ attempts: 1, sliceUntil: null, nextToken: null, read: 50 })
    expect((await gaps.tally()).read).toBe(50)
  })

  it('names a gap that is over and made up for once, and forgets it after 400 days', async () => {
    const subject = await open()
    const { gaps, maintain } = { ...subject.store, maintain: () => subject.store.maintain() }
    const move = await stopClock(subject)
    const gap = await openGap(subject.store)
    await gaps.close(gap.id, after(40), 900_000)
    expect(await gaps.lease(5, 1_000)).toEqual([])
    expect(await gaps.over()).toEqual([])
    await move(900_001)
    const [lent] = await gaps.lease(5, 1_000)
    if (lent === undefined) throw new Error('none lent')
    expect(await gaps.settle(lent, 'denied')).toBe(true)
    const told = await Promise.all([gaps.over(), gaps.over()])
    expect(told.flat()).toMatchObject([{ id: gap.id, problem: 'denied', fill: 'failed' }])
    await move(399 * 86_400_000)
    await maintain()
    expect(await gaps.list(5)).toHaveLength(1)
    await move(401 * 86_400_000)
    await maintain()
    expect(await gaps.list(5)).toEqual([])
  })

  it('says once what is wrong with a trail, and once that it is well again', async () => {
    const { gaps } = (await open()).store
    const heard: boolean[] = []
    for (const problem of [null, 'stopped', 'stopped', 'other', null, null, 'stopped'])
      heard.push(await gaps.trail('t', shop, problem))
    expect(heard).toEqual([false, true, false, true, true, false, true])
  })
}
