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
    await setClock(subject, '29 days')
    await subject.store.maintain()
    expect(await quarantine.list(10)).toHaveLength(2)
    await setClock(subject, '31 days')
    await subject.store.maintain()
    expect(await quarantine.list(10)).toEqual([])
  })
}
