import { expect, it } from 'vitest'
import type { InboxKey } from '#store'
import { setClock, type Subject } from './store.ts'

const dayMs = 86_400_000

function aKey(given: Partial<InboxKey> = {}): InboxKey {
  return { accountId: '111122223333', region: 'eu-west-1', eventId: 'e-1', time: new Date(), ...given }
}

async function days(subject: Subject): Promise<readonly unknown[]> {
  const rows = await subject.sql(
    `select relname from pg_class where relname ~ '^inbox_[0-9]{8}$' and relkind = 'r' order by relname`,
  )
  return rows.map((row) => row['relname'])
}

export function inboxContract(open: () => Promise<Subject>): void {
  it('claims an event once, also within a batch', async () => {
    const { store } = await open()
    const key = aKey()
    expect(await store.inbox.claim([key, key, aKey({ eventId: 'e-2' })])).toEqual(new Set([0, 2]))
    expect(await store.inbox.claim([aKey({ eventId: 'e-3' }), key])).toEqual(new Set([0]))
  })

  it('keeps accounts and regions apart', async () => {
    const { store } = await open()
    const keys = [aKey(), aKey({ accountId: '444455556666' }), aKey({ region: 'us-east-1' })]
    expect(await store.inbox.claim(keys)).toEqual(new Set([0, 1, 2]))
  })

  it('opens the day of a late event on demand, inside a transaction, and knows the copy thirteen days later', async () => {
    const subject = await open()
    const late = aKey({ time: new Date(Date.now() - 1 * dayMs) })
    const later = aKey({ time: new Date(Date.now() - 9 * dayMs) })
    const claimed = await subject.store.transaction((records) => records.inbox.claim([late, later]))
    expect(claimed).toEqual(new Set([0, 1]))
    await setClock(subject, '13 days')
    expect(await subject.store.inbox.claim([late])).toEqual(new Set())
  })

  it('gives back what a failed transaction claimed, and keeps the day that it needed', async () => {
    const { store } = await open()
    const late = aKey({ time: new Date(Date.now() - 7 * dayMs) })
    const failing = store.transaction(async (records) => {
      await records.inbox.claim([late])
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await store.inbox.claim([late])).toEqual(new Set([0]))
  })

  it('claims events with wild times and ids instead of refusing the batch, and opens no day for them', async () => {
    const subject = await open()
    const before = await days(subject)
    const wild = [8.64e15, -8.64e15, Date.UTC(1999, 0), Date.UTC(2150, 0)].map((ms) =>
      aKey({ time: new Date(ms), eventId: `at ${ms}` }),
    )
    const keys = [...wild, aKey({ eventId: 'x'.repeat(1_000_000) }), aKey({ eventId: 'nul\0 and \ud800' })]
    expect(await subject.store.inbox.claim(keys)).toEqual(new Set(keys.keys()))
    expect(await subject.store.inbox.claim(keys)).toEqual(new Set())
    expect(await days(subject)).toEqual(before)
  })

  it('drops days after fifteen, and opens the coming ones', async () => {
    const subject = await open()
    await subject.store.inbox.claim([aKey(), aKey({ time: new Date(0), eventId: 'outside' })])
    const before = await days(subject)
    await setClock(subject, '15 days')
    await subject.store.maintain()
    expect(await subject.store.inbox.claim([aKey()])).toEqual(new Set())
    await setClock(subject, '18 days')
    await subject.store.maintain()
    const after = await days(subject)
    expect(after.filter((day) => before.includes(day))).toEqual([])
    // Of each maintenance, what its window still holds.
    expect(after.length).toBeGreaterThanOrEqual(4)
    expect(await subject.sql('select * from inbox')).toEqual([])
  })
}
