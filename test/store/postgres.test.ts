import { setTimeout as wait } from 'node:timers/promises'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { migrate, openStore, type Store } from '#store'
import { withNames } from '../../services/store/prepared.ts'
import { storeContract } from '../contracts/store.ts'
import { upgradeContract } from '../contracts/store-upgrade.ts'
import { until } from '../support/until.ts'
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
  upgradeContract(async () => {
    const url = await server().database('empty')
    const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) })
    const sql = (statement: string): Promise<readonly Readonly<Record<string, unknown>>[]> => run(url, statement)
    return {
      kysely,
      sql,
      async upgrade() {
        await kysely.destroy()
        await migrate({ url })
        return { store: await open(url), sql }
      },
    }
  })

  it('takes nothing for what counts while another bundle is about to, and has nobody wait who holds rows', async () => {
    const url = await server().database()
    const store = await open(url)
    expect(await store.bundles.isActive(0)).toBe(true)
    const uploader = new pg.Client({ connectionString: url })
    await uploader.connect()
    await uploader.query(`begin; select pg_advisory_xact_lock(hashtext('tripline bundles'))`)
    expect(await store.transaction(({ bundles }) => bundles.isActive(0))).toBe(false)
    await uploader.query('rollback')
    await uploader.end()
    expect(await store.transaction(({ bundles }) => bundles.isActive(0))).toBe(true)
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

  it('goes on when a newer version changes a column, in the middle of a transaction too', async () => {
    const url = await server().database()
    const store = await open(url)
    const key = (eventId: string) => ({ accountId: '1', region: 'r', eventId, time: new Date() })
    const look = (): Promise<unknown> => store.quarantine.list(1)
    const item = { source: 's', reason: 'not-json', detail: 'd', body: '{' }
    await store.quarantine.add([item])
    const onAllConnections = (): Promise<unknown> => Promise.all(Array.from({ length: 10 }, look))
    await onAllConnections()
    await run(url, 'alter table quarantine alter column reason type varchar(99)')
    expect(await look()).toMatchObject([{ reason: 'not-json' }])
    await onAllConnections()
    await run(url, 'alter table quarantine alter column reason type text')
    let tries = 0
    await store.transaction(async (records) => {
      tries += 1
      await records.inbox.claim([key('e')])
      expect(await records.quarantine.list(1)).toHaveLength(1)
    })
    expect(tries).toBe(2)
    expect((await store.inbox.claim([key('e'), key('f')])).has(0)).toBe(false)
  })

  it('goes on without names where a pooler forgets them', async () => {
    const pool = new pg.Pool({ connectionString: await server().database('empty'), max: 1 })
    const client = await withNames(pool).connect()
    const ask = (): Promise<{ rows: unknown[] }> => client.query('select $1::integer as given', [7])
    const names = async (): Promise<number> => (await client.query('select from pg_prepared_statements', [])).rows.length
    expect((await ask()).rows).toEqual([{ given: 7 }])
    expect(await names()).toBe(1)
    // What a pooler does by handing the next transaction to another connection.
    await client.query('deallocate all', [])
    expect((await ask()).rows).toEqual([{ given: 7 }])
    expect((await ask()).rows).toEqual([{ given: 7 }])
    expect(await names()).toBe(0)
    client.release()
    await pool.end()
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

  it('reads an index for one of very many, whatever the statistics say', async () => {
    const url = await server().database()
    await run(
      url,
      `insert into marks (account_id, region, type, id, class, due_at, wishes, first_wished_at)
        select lpad((i % 50)::text, 12, '7'), 'r', 'T', 'r-' || i, 0, now(), 1, now() from generate_series(1, 2000) as i`,
    )
    await run(url, 'analyze marks')
    // All statistics say event, all that waits is a scan's; of resources there are no statistics yet.
    await run(url, 'delete from marks')
    await run(url, 'vacuum marks')
    await run(
      url,
      `insert into marks (account_id, region, type, id, class, due_at, wishes, first_wished_at)
        select lpad((i % 50)::text, 12, '7'), 'r', 'T', 'r-' || i, 2, now(), 1, now() from generate_series(1, 30000) as i`,
    )
    await run(
      url,
      `insert into resources (account_id, region, type, id, number, shape, attributes, fetched_at, evaluated_with, evaluate_at,
        verdict, looked_up)
        select '1', 'r', 'T', 'arn:x/r-' || i, i, 1, '{}', now(), 'x', '2099-01-01', '{}', array['u-' || i, 'v-' || i % 1000]
        from generate_series(1, 30000) as i`,
    )
    const reads = async (): Promise<number> => {
      const [row] = await run<{ reads: string }>(
        url,
        `select (select sum(idx_tup_read) from pg_stat_user_indexes where relname in ('marks', 'resources'))
          + (select sum(seq_tup_read) from pg_stat_user_tables where relname in ('marks', 'resources')) as reads`,
      )
      return Number(row?.reads)
    }
    // The connections that prepared this report a moment after their end.
    const before = await until('what was read before', async () => {
      const first = await reads()
      await wait(500)
      return first === (await reads()) ? first : null
    })
    const store = await openStore({ url })
    const ref = { accountId: '1', region: 'r', type: 'T', id: 'arn:x/r-7' }
    await store.marks.wish([{ ref: { ...ref, id: 'e' }, class: 'event', expectation: null, scanId: null, delayMs: 0 }])
    expect(await store.marks.lease(1, 1_000)).toMatchObject([{ class: 'event' }])
    expect(await store.marks.lease(8, 1_000)).toHaveLength(8)
    expect((await store.states.attributes(['arn:x/r-7', 'unknown'])).size).toBe(1)
    expect(await store.states.find('r-7', 10)).toHaveLength(1)
    expect(await store.states.meant({ ...ref, region: 'elsewhere' })).toEqual(ref)
    const judged = { verdict: { number: 0, outcomes: [] }, evaluatedWith: 'x', evaluateAt: new Date('2099-01-01'), lookedUp: [] }
    const look = { confirmed: true, bornAt: null, eventId: 'u-7', changed: true }
    const changed = { ...ref, id: 'u-7', number: 1, shape: 1, attributes: {}, fetchedAt: new Date() }
    expect(await store.states.put(changed, judged, look)).toBe(true)
    expect(await store.states.due(10, 1_000, { fingerprints: new Map(), otherwise: 'x' })).toMatchObject([{ id: 'arn:x/r-7' }])
    // A process that ends reports what it has read.
    await store[Symbol.asyncDispose]()
    const read = await until('the statistics', async () => ((await reads()) > before ? (await reads()) - before : null))
    expect(read).toBeLessThan(1_000)
  })

  it('writes an unchanged look in place, without touching an index', async () => {
    const url = await server().database()
    await run(
      url,
      `insert into resources (account_id, region, type, id, number, shape, attributes, fetched_at, evaluated_with, evaluate_at, verdict)
        select '1', 'r', 'T', 'i-' || i, 1, 1, '{}', now(), 'x', '2099-01-01', '{}' from generate_series(1, 200) as i`,
    )
    const store = await openStore({ url })
    for (let i = 1; i <= 20; i += 1) await store.states.seen({ accountId: '1', region: 'r', type: 'T', id: `i-${i * 10}` }, 2, true)
    await store[Symbol.asyncDispose]()
    const inPlace = await until('the statistics', async () => {
      const statement = `select n_tup_hot_upd::int as n from pg_stat_user_tables where relname = 'resources' and n_tup_upd > 0`
      const [row] = await run<{ n: number }>(url, statement)
      return row?.n ?? null
    })
    expect(inPlace).toBe(20)
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
