import { expect, it } from 'vitest'
import { StoreError } from '#store'
import { setClock, type Subject } from './store.ts'

const ref = { accountId: '1', region: 'r', type: 'T', id: 'i' }
const item = { source: 'queue', reason: 'not-json', detail: 'given x', body: 'x' }

export function transactionContract(open: () => Promise<Subject>): void {
  it('writes all of a transaction or nothing', async () => {
    const { store } = await open()
    const failing = store.transaction(async (records) => {
      await records.marks.wish([{ ref, class: 'event', expectation: null, scanId: null, delayMs: 0 }])
      throw new Error('on purpose')
    })
    await expect(failing).rejects.toThrow('on purpose')
    expect(await store.marks.lease(1, 1_000)).toEqual([])
  })

  it('refuses the outer store inside a transaction instead of waiting for itself', async () => {
    const { store } = await open()
    await expect(store.transaction(async () => store.now())).rejects.toMatchObject({ code: 'nested' })
    await expect(store.transaction(() => store.transaction(async () => 1))).rejects.toMatchObject({ code: 'nested' })
    expect(await store.transaction((records) => records.now())).toBeInstanceOf(Date)
  })

  it('refuses the records of a transaction after it ended', async () => {
    const { store } = await open()
    const kept = await store.transaction(async (records) => ({ records }))
    await expect(kept.records.now()).rejects.toMatchObject({ code: 'closed' })
  })

  it('says that it was closed', async () => {
    const { store } = await open()
    await store[Symbol.asyncDispose]()
    await expect(store.now()).rejects.toBeInstanceOf(StoreError)
    await expect(store.now()).rejects.toMatchObject({ code: 'closed', retryable: false })
  })

  it('tells the time of its one clock', async () => {
    const subject = await open()
    await setClock(subject, '100 days')
    expect((await subject.store.now()).getTime()).toBeGreaterThan(Date.now() + 99 * 86_400_000)
  })

  it('quarantines equal bodies as one row with a count, cut and cleaned, for thirty days', async () => {
    const subject = await open()
    const { quarantine } = subject.store
    await quarantine.add([
      item,
      { ...item, detail: 'given y' },
      { ...item, reason: 'too-large', body: `a\0b\ud800${'é'.repeat(200_000)}` },
    ])
    await quarantine.add([item])
    const kept = await quarantine.list(10)
    expect(kept.find((row) => row.reason === 'not-json')).toMatchObject({ ...item, count: 3, receivedAt: expect.any(Date) as Date })
    const long = kept.find((row) => row.reason === 'too-large')?.body ?? ''
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(256 * 1024)
    expect(long.slice(0, 3)).toBe('abé')
    expect(long.endsWith('é')).toBe(true)
    expect(kept.map(({ reason, cut }) => ({ reason, cut }))).toContainEqual({ reason: 'too-large', cut: true })
    await setClock(subject, '29 days')
    await subject.store.maintain()
    expect(await quarantine.list(10)).toHaveLength(2)
    await setClock(subject, '31 days')
    await subject.store.maintain()
    expect(await quarantine.list(10)).toEqual([])
  })

  it('keeps what two detections owe on one body apart, and finds items by the beginning of their id, reason and source', async () => {
    const { quarantine } = (await open()).store
    const owed = { ...item, reason: 'detection-failed' }
    await quarantine.add([
      item,
      { ...owed, owed: { detectionId: 'A', record: 0 } },
      { ...owed, owed: { detectionId: 'B', record: 0 } },
    ])
    await quarantine.add([{ ...owed, owed: { detectionId: 'B', record: 0 } }])
    const rows = await quarantine.page({}, null, 10)
    expect(rows.map((row) => row.id)).toEqual(rows.map((row) => row.id).toSorted())
    expect(rows.flatMap((row) => (row.owed === undefined ? [] : [{ ...row.owed, count: row.count }]))).toEqual(
      expect.arrayContaining([
        { detectionId: 'A', record: 0, count: 1 },
        { detectionId: 'B', record: 0, count: 2 },
      ]),
    )
    expect(await quarantine.tally()).toEqual([
      { reason: 'detection-failed', count: 2 },
      { reason: 'not-json', count: 1 },
    ])
    const [first] = rows
    expect(await quarantine.list(10, { ids: [first?.id.slice(0, 8) ?? ''] })).toEqual([first])
    expect(await quarantine.page({}, first?.id ?? null, 10)).toEqual(rows.slice(1))
    expect(await quarantine.count({ source: 'another' })).toBe(0)
    expect(await quarantine.drop({ reason: 'detection-failed' })).toBe(2)
    expect(await quarantine.list(10)).toMatchObject([item])
  })

  it('keeps to which accounts the way of an item was bound, and apart what came by another way', async () => {
    const { quarantine } = (await open()).store
    const only = { accounts: ['111111111111'], by: 'topic shop' }
    const settled = { ...item, reason: 'account-mismatch' }
    await quarantine.add([item, { ...item, only }, { ...item, only }])
    const rows = await quarantine.list(10)
    expect(rows.map(({ only: bound, count }) => [bound, count])).toEqual(
      expect.arrayContaining([
        [undefined, 1],
        [only, 2],
      ]),
    )
    const id = rows.find((row) => row.only !== undefined)?.id ?? ''
    expect(await quarantine.settle(id, [{ ...settled, only }])).toBe(true)
    expect(await quarantine.list(10, { ids: [id] })).toMatchObject([{ reason: 'account-mismatch', only, count: 2 }])
  })

  it('settles an item once, and keeps what is still refused with its id, count and time', async () => {
    const { quarantine } = (await open()).store
    await quarantine.add([item, item, { ...item, reason: 'too-deep' }])
    const [row] = await quarantine.list(10, { reason: 'not-json' })
    const id = row?.id ?? ''
    expect(await quarantine.hold(id)).toBe(true)
    expect(await quarantine.settle(id, [{ ...item, reason: 'unknown-account', detail: 'given z' }])).toBe(true)
    expect(await quarantine.list(10, { ids: [id] })).toEqual([{ ...row, reason: 'unknown-account', detail: 'given z' }])
    // What stands under its reason already was counted when it came.
    expect(await quarantine.settle(id, [{ ...item, reason: 'too-deep', detail: 'given a' }])).toBe(true)
    expect(await quarantine.list(10)).toMatchObject([{ reason: 'too-deep', count: 1, detail: 'given a' }])
    expect(await quarantine.settle(id, [item])).toBe(false)
    expect(await quarantine.hold(id)).toBe(false)
    expect(await quarantine.count({})).toBe(1)
  })
}
