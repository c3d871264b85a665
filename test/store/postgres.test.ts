import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { migrate, openStore, type Store } from '#store'
import { storeContract } from '../contracts/store.ts'
import { run, startPostgres, type Postgres } from '../support/postgres.ts'

const title = 'the store on PostgreSQL'
const postgres = await startPostgres(title)
const opened: Store[] = []

afterEach(async () => {
  for (const store of opened.splice(0)) await store[Symbol.asyncDispose]()
})
afterAll(async () => {
  await postgres?.stop()
})

function server(): Postgres {
  if (postgres === null) throw new Error('PostgreSQL did not start')
  return postgres
}
async function open(url: string): Promise<Store> {
  const store = await openStore({ url })
  opened.push(store)
  return store
}

describe.skipIf(postgres === null)(title, () => {
  storeContract(async () => {
    const url = await server().database()
    return { store: await open(url), sql: (statement) => run(url, statement) }
  })

  it('refuses a database that lacks migrations, and says what to do', async () => {
    const url = await server().database('empty')
    await expect(openStore({ url })).rejects.toMatchObject({
      code: 'not-migrated',
      message: expect.stringContaining('tripline migrate') as string,
    })
    const ran = await Promise.all([migrate({ url }), migrate({ url }), migrate({ url })])
    expect(ran.filter((names) => names.length > 0)).toHaveLength(1)
    expect(await migrate({ url })).toEqual([])
    expect(await (await open(url)).now()).toBeInstanceOf(Date)
  })

  it('opens beside a newer version that has migrated further', async () => {
    const url = await server().database()
    await run(url, `insert into kysely_migration (name, timestamp) values ('9999-later', '2099-01-01T00:00:00Z')`)
    expect(await (await open(url)).now()).toBeInstanceOf(Date)
    await expect(migrate({ url })).rejects.toMatchObject({ code: 'migration-failed' })
  })

  it('tries a transaction again after a deadlock, and both are done', async () => {
    const store = await open(await server().database())
    const wish = (id: string) => [
      { ref: { accountId: '1', region: 'r', type: 'T', id }, class: 'event' as const, expectation: null, scanId: null, delayMs: 0 },
    ]
    await store.marks.wish([...wish('a'), ...wish('b')])
    let arrived = 0
    const both = Promise.withResolvers<void>()
    const crossing = (first: string, second: string): Promise<void> =>
      store.transaction(async (records) => {
        await records.marks.wish(wish(first))
        arrived += 1
        if (arrived === 2) both.resolve()
        await both.promise
        await records.marks.wish(wish(second))
      })
    await Promise.all([crossing('a', 'b'), crossing('b', 'a')])
    expect(arrived).toBe(3)
  })

  it('opens one day for many processes that need it at once, and loses no claim', async () => {
    const url = await server().database()
    const stores = await Promise.all([1, 2, 3, 4].map(() => open(url)))
    const time = new Date(Date.now() - 5 * 86_400_000)
    const claim = (store: Store, writer: number): Promise<ReadonlySet<number>> =>
      store.transaction((records) =>
        records.inbox.claim([`own-${writer}`, 'shared'].map((eventId) => ({ accountId: '1', region: 'r', eventId, time }))),
      )
    const claimed = await Promise.all(stores.map(claim))
    expect(claimed.every((indices) => indices.has(0))).toBe(true)
    expect(claimed.filter((indices) => indices.has(1))).toHaveLength(1)
  })

  it('keeps a day that a transaction is using, and lets it go at the next maintenance', async () => {
    const url = await server().database()
    const store = await open(url)
    await run(url, `select tripline_open_inbox_day(current_date - 40)`)
    const count = async (): Promise<unknown> =>
      (await run(url, `select count(*)::int as n from pg_inherits where inhparent = 'inbox'::regclass`))[0]?.['n']
    const before = await count()
    const other = await open(url)
    await other.transaction(async (records) => {
      await records.inbox.claim([{ accountId: '1', region: 'r', eventId: 'e', time: new Date() }])
      await store.maintain()
      expect(await count()).toBe(before)
    })
    await store.maintain()
    expect(await count()).toBe(Number(before) - 1)
  })

  it('says that the database does not answer, in a way that asks for another try', async () => {
    await expect(openStore({ url: 'postgres://nobody:secret@127.0.0.1:1/none' })).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
    })
    const url = await server().database()
    const cut = await open(url)
    const failing = cut.transaction(async (records) => {
      await records.now()
      await run(
        url,
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      )
      return records.now()
    })
    await expect(failing).rejects.toMatchObject({ code: 'unavailable', retryable: true })
    expect(await cut.now()).toBeInstanceOf(Date)
  })
})
