import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, it } from 'vitest'
import { migrations } from '../../services/store/migrations/all.ts'
import { aBucket, aJudgement, aLook, aState } from './store-builders.ts'
import { setClock, type Subject } from './store.ts'

/** A database of an earlier version with rows in it, and a way to open it with this one. */
export interface Earlier {
  readonly kysely: Kysely<unknown>
  sql(statement: string): Promise<unknown>
  upgrade(): Promise<Subject>
}

const event = JSON.stringify({ eventId: 'e', source: 's3.amazonaws.com', name: 'PutBucketAcl' })

/** What a database of the first release keeps when it is brought up to date. */
export function upgradeContract(open: () => Promise<Earlier>): void {
  it('takes over marks, states and scans of the version before, and lets that version go on', async () => {
    const earlier = await open()
    const known = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0009'))
    const { error } = await new Migrator({
      db: earlier.kysely,
      provider: { getMigrations: async () => known },
    }).migrateToLatest()
    expect(error).toBeUndefined()
    await earlier.sql(`insert into marks (account_id, region, type, id, class, due_at, wishes, causes, first_wished_at)
      values ('1', 'r', 'T', 'marked', 0, now(), 1, '[${event}]', now()), ('1', 'r', 'T', 'scanned', 2, now(), 1, '[]', now())`)
    await earlier.sql(`insert into resources (account_id, region, type, id, number, shape, attributes, fetched_at, gone,
      evaluated_with, evaluate_at, verdict)
      select '${aBucket.accountId}', '${aBucket.region}', '${aBucket.type}', id, 1, 1, '{"Size":1}', '2026-01-01', id = 'gone', 'x',
        '2099-01-01', '{"number":1,"outcomes":[]}'
      from unnest(array['there', 'gone']) as id`)
    const scan = `insert into scans (id, account_id, kind, status, listing_until, started_at, finished_at)`
    await earlier.sql(`${scan} values ('done', 'a-done', 'baseline', 'done', now(), now(), now()),
      ('fetching', 'a-fetching', 'baseline', 'fetching', now(), now(), null),
      ('cut off', 'a-cut-off', 'baseline', 'listing', now() - interval '1 minute', now(), null),
      ('listing', 'a-listing', 'baseline', 'listing', now() + interval '1 hour', now(), null)`)

    const subject = await earlier.upgrade()
    const { store } = subject
    expect(await store.marks.lease(10, 10_000)).toMatchObject([
      { ref: { id: 'marked' }, expectations: [{ cause: { eventId: 'e' }, kind: 'update', witnesses: [] }], looks: 0 },
      { ref: { id: 'scanned' }, expectations: [] },
    ])
    const there = { ...aBucket, id: 'there' }
    expect(await store.states.get(there)).toMatchObject({ bornAt: null, confirmed: true, unread: null, gone: false })
    expect(await store.states.meant({ ...there, region: 'elsewhere' })).toEqual(there)
    expect(await store.versions.list(there, 10)).toMatchObject([{ number: 1, kind: 'first', attributes: { Size: 1 } }])
    expect(await store.versions.list({ ...aBucket, id: 'gone' }, 10)).toEqual([])

    const begin = (accountId: string): Promise<string | null> =>
      store.scans.begin({ accountId, kind: 'baseline', key: 'first', parts: [{ region: 'r', type: 'T' }] })
    expect(await begin('a-done')).toBeNull()
    expect(await begin('a-fetching')).toBeNull()
    expect(await begin('a-listing')).toBeNull()
    expect(await begin('a-cut-off')).not.toBeNull()
    expect(await store.scans.advance()).toMatchObject([{ id: 'fetching', status: 'done' }])
    expect(await store.scans.advance()).toEqual([])

    // Statements of the version before, which runs on beside this one for a while.
    await subject.sql(`insert into marks (account_id, region, type, id, class, due_at, wishes, causes, first_wished_at)
      values ('1', 'r', 'T', 'wished', 0, now(), 1, '[${event}]', now())`)
    expect(await store.marks.lease(10, 10_000)).toMatchObject([{ ref: { id: 'wished' }, expectations: [] }])
    await subject.sql(`insert into resources (account_id, region, type, id, number, shape, attributes, fetched_at, evaluated_with,
      evaluate_at, verdict) values ('1', 'r', 'T', 'put', 1, 1, '{}', now(), 'x', now(), '{"number":1,"outcomes":[]}')`)
    await subject.sql(`update scans set status = 'fetching', unread = '[]' where id = 'listing' and status = 'listing'`)
    expect(await store.scans.advance()).toMatchObject([{ id: 'listing', status: 'done' }])
    await setClock(subject, '2 hours')
    const takenOver = await subject.sql(`insert into scans as s (account_id, kind, status, listing_until, started_at)
      values ('a-cut-off', 'baseline', 'listing', now(), now())
      on conflict (account_id) where kind = 'baseline' do update set listing_until = excluded.listing_until
      where s.status = 'listing' and s.listing_until <= tripline_now() returning 1`)
    expect(takenOver).toEqual([])
    expect(await store.states.put(aState(9, there), aJudgement(9), aLook())).toBe(true)
  })
}
