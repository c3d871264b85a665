import { expect, it } from 'vitest'
import type { ScanPart, Store, Wish } from '#store'
import { aBucket, aJudgement, aLook, aState } from './store-builders.ts'
import { setClock, stopClock, type Subject } from './store.ts'

const account = aBucket.accountId
const buckets = { region: aBucket.region, type: aBucket.type }
const keys = { region: aBucket.region, type: 'AWS.KMS.Key' }

async function begun(store: Store, given: Partial<Parameters<Store['scans']['begin']>[0]> = {}): Promise<string> {
  const id = await store.scans.begin({ accountId: account, kind: 'daily', key: '2026-11-21', parts: [buckets], ...given })
  if (id === null) throw new Error('expected a new scan')
  return id
}
async function onePart(store: Store): Promise<ScanPart> {
  const [part, ...more] = await store.scans.leaseParts(1, 60_000)
  if (part === undefined || more.length > 0) throw new Error('expected one part')
  return part
}
const wishFor = (scanId: string, id: string, given: Partial<Wish> = {}): Wish => ({
  ref: { ...aBucket, id },
  class: 'scan',
  expectation: null,
  scanId,
  delayMs: 0,
  ...given,
})
/** A page as the pipeline writes it. */
async function page(store: Store, part: ScanPart, ids: readonly string[], next: string | null): Promise<boolean> {
  return store.transaction(async (records) => {
    if (!(await records.scans.listed(part, ids.length, next))) return false
    const ref = { accountId: part.accountId, region: part.region, type: part.type }
    await records.marks.wish(ids.map((id) => wishFor(part.scanId, id, { ref: { ...ref, id } })))
    return true
  })
}
async function put(store: Store, id: string): Promise<void> {
  const number = await store.states.nextNumber()
  await store.states.put(aState(number, { id }), aJudgement(number), aLook())
}
/** Looks at all that is marked; `read` says what of it is found. */
async function look(
  store: Store,
  read: (id: string) => 'present' | 'gone' | 'unread' = () => 'present',
): Promise<readonly string[]> {
  const marks = await store.marks.lease(100, 60_000)
  for (const mark of marks) {
    const number = await store.states.nextNumber()
    const found = read(mark.ref.id)
    if (found === 'present') await store.states.put(aState(number, mark.ref), aJudgement(number), aLook())
    else if (found === 'gone') await store.states.gone(mark.ref, number)
    else await store.states.unread(mark.ref, 'denied')
    await store.marks.settle(mark)
  }
  return marks.map((mark) => mark.ref.id).toSorted()
}
const statusOf = async (store: Store, id: string) => (await store.scans.progress([id]))[0]?.status

export function scansContract(open: () => Promise<Subject>): void {
  it('begins a scan once an account, kind and key, and one baseline an account', async () => {
    const { store } = await open()
    const scan = { accountId: account, kind: 'daily', key: '2026-11-21', parts: [buckets, keys, buckets] } as const
    const ids = await Promise.all([1, 2, 3].map(() => store.scans.begin(scan)))
    expect(ids.filter((id) => id !== null)).toHaveLength(1)
    expect(await store.scans.progress()).toMatchObject([{ id: ids.find((id) => id !== null), parts: 2, status: 'listing' }])
    expect(await store.scans.begin({ ...scan, key: '2026-11-22' })).not.toBeNull()
    expect(await store.scans.begin({ ...scan, kind: 'gap' })).not.toBeNull()
    expect(await store.scans.begin({ ...scan, accountId: '444455556666' })).not.toBeNull()
    expect(await store.scans.begin({ ...scan, kind: 'baseline', key: 'first' })).not.toBeNull()
    expect(await store.scans.begin({ ...scan, kind: 'baseline', key: 'another' })).toBeNull()
  })

  it('goes from listing to done: pages, looks, a check of what was not listed', async () => {
    const { store } = await open()
    for (const id of ['listed', 'deleted meanwhile', 'recreated']) await put(store, id)
    const id = await begun(store, { parts: [buckets, keys] })
    const before = await store.now()
    const [second, first] = (await store.scans.leaseParts(10, 60_000)).toSorted((a, b) => a.type.localeCompare(b.type))
    if (first === undefined || second === undefined) throw new Error('expected two parts')
    expect([first, second]).toMatchObject([
      { scanId: id, accountId: account, ...buckets, after: null, attempts: 0 },
      { scanId: id, accountId: account, ...keys, after: null, attempts: 0 },
    ])
    expect(await page(store, first, ['listed', 'new'], 'page 2')).toBe(true)
    expect(await store.scans.advance()).toEqual([])
    expect(await store.scans.progress([id])).toMatchObject([
      { id, accountId: account, kind: 'daily', status: 'listing', parts: 2, listedParts: 0, listed: 2, waiting: 2, unread: [] },
    ])
    expect(await page(store, first, ['newer'], null)).toBe(true)
    expect(await page(store, first, ['late'], null)).toBe(false)
    expect(await store.scans.unreadPart(second, 'denied', 'kms:ListKeys')).toBe(true)
    expect(await store.scans.unreadPart(second, 'denied', 'kms:ListKeys')).toBe(false)
    expect(await store.scans.advance()).toEqual([])
    expect(await store.scans.progress([id])).toMatchObject([
      {
        status: 'fetching',
        listedParts: 1,
        listed: 3,
        waiting: 3,
        unread: [{ ...keys, cause: 'denied', detail: 'kms:ListKeys' }],
      },
    ])
    await put(store, 'recreated')
    expect(await look(store)).toEqual(['listed', 'new', 'newer'])
    expect(await store.scans.advance()).toEqual([])
    expect(await statusOf(store, id)).toBe('checking')
    expect(await store.scans.running()).toBe(1)
    expect(await store.scans.busyAccounts()).toEqual([account])
    expect(await look(store, () => 'gone')).toEqual(['deleted meanwhile'])
    const [done] = await store.scans.advance()
    expect(done).toMatchObject({ id, accountId: account, kind: 'daily', status: 'done' })
    expect(done?.startedAt.getTime()).toBeLessThanOrEqual(before.getTime())
    expect(done?.finishedAt?.getTime()).toBeGreaterThanOrEqual(before.getTime())
    expect(await store.scans.advance()).toEqual([])
    expect(await store.scans.progress()).toEqual([])
    expect(await store.scans.running()).toBe(0)
    expect(await store.scans.busyAccounts()).toEqual([])
    expect(await store.scans.progress([id])).toMatchObject([{ status: 'done', waiting: 0 }])
    expect(await store.scans.leaseParts(10, 60_000)).toEqual([])
  })

  it('checks nothing in parts that could not be listed, of other types and accounts, and what is gone already', async () => {
    const { store } = await open()
    await put(store, 'gone before')
    await store.states.gone({ ...aBucket, id: 'gone before' }, await store.states.nextNumber())
    const number = await store.states.nextNumber()
    for (const other of [{ type: keys.type }, { accountId: '444455556666' }, { region: 'us-east-1' }])
      await store.states.put(aState(number, other), aJudgement(number), aLook())
    const id = await begun(store, { parts: [buckets, keys] })
    for (const part of await store.scans.leaseParts(10, 60_000)) {
      await (part.type === keys.type ? store.scans.unreadPart(part, 'denied', '') : page(store, part, [], null))
    }
    expect(await store.scans.advance()).toMatchObject([{ id, status: 'done' }])
  })

  it('does not take for gone, nor ask for twice, what was listed and could not be read', async () => {
    const { store } = await open()
    for (const id of ['denied', 'denied and deleted']) {
      await put(store, id)
      await store.states.unread({ ...aBucket, id }, 'denied')
    }
    const id = await begun(store)
    await page(store, await onePart(store), ['denied'], null)
    await store.scans.advance()
    expect(await look(store, () => 'unread')).toEqual(['denied'])
    await store.scans.advance()
    expect(await look(store, () => 'gone')).toEqual(['denied and deleted'])
    expect(await store.scans.advance()).toMatchObject([{ id }])
    expect(await store.states.get({ ...aBucket, id: 'denied' })).toMatchObject({ gone: false, unread: { cause: 'denied' } })
  })

  it('waits for its marks wherever they are: joined to an event, wished for during a lease', async () => {
    const { store } = await open()
    await store.marks.wish([wishFor('', 'event', { class: 'event', scanId: null }), wishFor('', 'leased', { scanId: null })])
    const [event, leased] = (await store.marks.lease(10, 60_000)).toSorted((a, b) => a.ref.id.localeCompare(b.ref.id))
    if (event === undefined || leased === undefined) throw new Error('expected two marks')
    await store.marks.giveBack(event, 0)
    const id = await begun(store)
    await page(store, await onePart(store), ['event', 'leased'], null)
    await store.scans.advance()
    expect(await store.scans.progress([id])).toMatchObject([{ status: 'fetching', waiting: 2 }])
    expect(await look(store)).toEqual(['event'])
    await store.scans.advance()
    expect(await store.scans.progress([id])).toMatchObject([{ status: 'fetching', waiting: 1 }])
    await store.marks.giveBack(leased, 0)
    expect(await look(store)).toEqual(['leased'])
    expect(await store.scans.advance()).toMatchObject([{ id }])
  })

  it('waits for a resource that another scan of the account has marked first, in its own parts only', async () => {
    const { store } = await open()
    const first = await begun(store, { parts: [buckets, keys] })
    const parts = await store.scans.leaseParts(2, 60_000)
    const [keysOfFirst, bucketsOfFirst] = parts.toSorted((a, b) => a.type.localeCompare(b.type))
    if (bucketsOfFirst === undefined || keysOfFirst === undefined) throw new Error('expected two parts')
    await page(store, bucketsOfFirst, ['shared'], null)
    await page(store, keysOfFirst, ['a key'], null)
    const second = await begun(store, { kind: 'request', key: 'r' })
    await page(store, await onePart(store), ['shared'], null)
    await store.scans.advance()
    expect(await statusOf(store, second)).toBe('fetching')
    const marks = await store.marks.lease(10, 60_000)
    expect(marks.map((mark) => mark.scanId)).toEqual([first, first])
    for (const mark of marks) if (mark.ref.type === buckets.type) await store.marks.settle(mark)
    expect(await store.scans.advance()).toMatchObject([{ id: second }])
    expect(await statusOf(store, first)).toBe('fetching')
  })

  it('goes on where a killed worker stopped, and fences that worker off', async () => {
    const subject = await open()
    const { store } = subject
    const id = await begun(store)
    const first = await onePart(store)
    await page(store, first, ['a'], 'page 2')
    expect(await store.scans.leaseParts(10, 60_000)).toEqual([])
    expect(await store.scans.renewPart(first, 120_000)).toBe(true)
    await setClock(subject, '61 seconds')
    expect(await store.scans.leaseParts(10, 60_000)).toEqual([])
    await setClock(subject, '121 seconds')
    await put(store, 'put between the lives')
    const second = await onePart(store)
    expect(second).toMatchObject({ id: first.id, after: 'page 2', attempts: 0 })
    expect(await page(store, first, ['b'], null)).toBe(false)
    expect(await store.scans.renewPart(first, 60_000)).toBe(false)
    expect(await store.scans.giveBackPart(first, 0, true)).toBe(false)
    expect(await store.scans.unreadPart(first, 'denied', '')).toBe(false)
    expect(await page(store, second, ['b'], null)).toBe(true)
    await store.scans.advance()
    expect(await store.scans.progress([id])).toMatchObject([{ status: 'fetching', listed: 2, waiting: 2 }])
    expect(await look(store)).toEqual(['a', 'b'])
    // Looked at since the part began, though before its second life.
    expect(await store.scans.advance()).toMatchObject([{ id }])
  })

  it('counts the failed tries since the last page, waits before the next, and begins anew when asked to', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    const id = await begun(store)
    const first = await onePart(store)
    expect(await store.scans.giveBackPart(first, 5_000, false)).toBe(true)
    expect(await store.scans.leaseParts(10, 60_000)).toEqual([])
    await clock(5_000)
    const second = await onePart(store)
    expect(second).toMatchObject({ attempts: 1, after: null })
    await page(store, second, ['a', 'b'], 'page 2')
    await store.scans.giveBackPart(second, 0, false)
    const third = await onePart(store)
    expect(third).toMatchObject({ attempts: 1, after: 'page 2' })
    await put(store, 'put before the new beginning')
    await store.scans.giveBackPart(third, 0, true)
    const fourth = await onePart(store)
    expect(fourth).toMatchObject({ attempts: 2, after: null })
    await page(store, fourth, ['a'], null)
    await store.scans.advance()
    expect(await store.scans.progress([id])).toMatchObject([{ listed: 1, listedParts: 1 }])
    await look(store)
    await store.scans.advance()
    expect(await look(store)).toEqual(['put before the new beginning'])
  })

  it('lends parts to one worker at a time, accounts in turn, the oldest scan first', async () => {
    const subject = await open()
    const { store } = subject
    const clock = await stopClock(subject)
    const parts = ['a', 'b', 'c'].map((region) => ({ region, type: buckets.type }))
    await begun(store, { key: 'older', accountId: '1', parts: parts.slice(0, 2) })
    await clock(1_000)
    await begun(store, { key: 'newer', accountId: '1', parts: parts.slice(2) })
    await begun(store, { accountId: '2', parts: parts.slice(0, 2) })
    const names = (lent: readonly ScanPart[]): readonly string[] => lent.map((part) => `${part.accountId}${part.region}`)
    const lent = await store.scans.leaseParts(3, 10_000)
    expect(lent.map((part) => part.accountId)).toEqual(['1', '2', '1'])
    expect(names(lent)).toEqual(expect.arrayContaining(['1a', '1b']))
    await clock(2_000)
    const [first, , third] = lent
    if (first === undefined || third === undefined) throw new Error('expected three parts')
    await store.scans.giveBackPart(first, 0, false)
    const rest = await store.scans.leaseParts(10, 60_000)
    expect(rest.map((part) => part.accountId)).toEqual(['1', '2', '1'])
    expect(names(rest).filter((name) => name.startsWith('1'))).toEqual([names([first])[0], '1c'])
    await clock(11_001)
    const others = await Promise.all([1, 2, 3].map(() => store.scans.leaseParts(1, 60_000)))
    expect(names(others.flat()).toSorted()).toEqual(names(lent.slice(1)).toSorted())
  })

  it('moves on in several processes at once, each scan once', async () => {
    const { store } = await open()
    for (let i = 0; i < 50; i += 1) await put(store, `old-${i}`)
    const ids = [await begun(store), await begun(store, { accountId: '444455556666' })]
    for (const part of await store.scans.leaseParts(10, 60_000)) await page(store, part, [], null)
    const finished: string[] = []
    const process = async (): Promise<void> => {
      for (let round = 0; round < 6; round += 1) {
        finished.push(...(await store.scans.advance()).map(({ id }) => id))
        for (const mark of await store.marks.lease(7, 60_000)) await store.marks.settle(mark)
      }
    }
    await Promise.all([process(), process(), process()])
    expect(finished.toSorted()).toEqual(ids.toSorted())
  })

  it('checks more resources than one statement takes', async () => {
    const subject = await open()
    const { store } = subject
    await put(store, 'old')
    await subject.sql(`insert into resources (account_id, region, type, id, number, shape, attributes, fetched_at, evaluated_with,
      evaluate_at, verdict)
      select account_id, region, type, 'many-' || i, 1, 1, '{}', fetched_at, evaluated_with, evaluate_at, verdict
      from resources, generate_series(1, 4500) as i`)
    const id = await begun(store)
    await page(store, await onePart(store), [], null)
    await store.scans.advance()
    expect(await store.scans.progress([id])).toMatchObject([{ status: 'checking', waiting: 4_501, listed: 0 }])
  })

  it('ends a scan without parts, and keeps a done one for thirty days, a baseline for ever', async () => {
    const subject = await open()
    const { store } = subject
    const empty = await begun(store, { parts: [] })
    const baseline = await begun(store, { kind: 'baseline', key: '' })
    await page(store, await onePart(store), [], null)
    expect((await store.scans.advance()).map(({ id }) => id).toSorted()).toEqual([empty, baseline].toSorted())
    await setClock(subject, '29 days')
    const running = await begun(store, { key: 'running' })
    await store.maintain()
    expect(await store.scans.progress([empty, baseline])).toHaveLength(2)
    await setClock(subject, '31 days')
    await store.maintain()
    expect(await store.scans.progress([empty, baseline])).toMatchObject([{ id: baseline, parts: 0 }])
    expect(await store.scans.begin({ accountId: account, kind: 'baseline', key: '', parts: [buckets] })).toBeNull()
    expect(await store.scans.progress()).toMatchObject([{ id: running, parts: 1 }])
  })

  it('names what could not be looked at, also what was never read before, once in each running scan that has its part', async () => {
    const { store } = await open()
    const other = await begun(store, { key: 'other type', parts: [keys] })
    const id = await begun(store)
    const refs = Array.from({ length: 11 }, (_, index) => ({ ...aBucket, id: `b-${String(index).padStart(2, '0')}` }))
    for (const ref of [...refs, refs[0] as typeof aBucket]) await store.scans.unlooked(ref, 'access-denied', 'no right to read it')
    await store.scans.unlooked({ ...aBucket, accountId: '444455556666' }, 'access-denied', '')
    expect(await store.scans.progress([id])).toMatchObject([{ unlooked: 11 }])
    const [progress] = await store.scans.progress([id])
    expect(progress?.firstUnlooked).toHaveLength(10)
    expect(progress?.firstUnlooked[0]).toEqual({
      region: aBucket.region,
      type: aBucket.type,
      id: 'b-00',
      cause: 'access-denied',
      detail: 'no right to read it',
    })
    expect(await store.scans.progress([other])).toMatchObject([{ unlooked: 0, firstUnlooked: [] }])
  })
}
