import { sql } from 'kysely'
import type { Database } from './database.ts'
import type { Coverage, Covered } from './store.ts'
import { json, milliseconds, now, storableText, texts, wait } from './values.ts'

interface Row extends Omit<Covered, 'signs'> {
  readonly signs: readonly { readonly ms: number; readonly beat: boolean }[]
}

export function createCoverage(database: Database): Coverage {
  return {
    async hear(signs) {
      if (signs.length === 0) return
      const given = signs.map(({ accountId, region, at, beat }) => ({
        account_id: accountId,
        region: storableText(region),
        at_ms: milliseconds(at),
        beat,
      }))
      await database.rows(sql`
        insert into heard as h (account_id, region, minute, beat, at)
        select account_id, region, date_trunc('minute', to_timestamp(at_ms / 1000)) as minute, beat, max(to_timestamp(at_ms / 1000))
        from jsonb_to_recordset(${json(given)}) as given(account_id text, region text, at_ms float8, beat boolean)
        group by account_id, region, minute, beat
        order by account_id, region, minute, beat
        on conflict (account_id, region, minute, beat) do update set at = excluded.at where h.at < excluded.at`)
    },
    async list() {
      const rows = await database.rows<Row>(sql`
        select account_id as "accountId", region, c.heard_at as "heardAt", c.beat_at as "beatAt",
          coalesce(jsonb_agg(jsonb_build_object('ms', extract(epoch from h.at) * 1000, 'beat', h.beat) order by h.at)
            filter (where h.at is not null), '[]') as signs
        from coverage as c full join heard as h using (account_id, region)
        group by account_id, region, c.heard_at, c.beat_at
        order by account_id, region`)
      return rows.map((row) => Object.assign(row, { signs: row.signs.map(({ ms, beat }) => ({ at: new Date(ms), beat })) }))
    },
    async looked(covered) {
      const given = covered.map(({ accountId, region, heardAt, beatAt }) => ({
        account_id: accountId,
        region,
        heard_ms: heardAt === null ? null : milliseconds(heardAt),
        beat_ms: beatAt === null ? null : milliseconds(beatAt),
      }))
      await database.rows(sql`
        with given as (
          select account_id, region, to_timestamp(heard_ms / 1000) as heard_at, to_timestamp(beat_ms / 1000) as beat_at
          from jsonb_to_recordset(${json(given)}) as each(account_id text, region text, heard_ms float8, beat_ms float8)
        ), written as (
          insert into coverage (account_id, region, heard_at, beat_at)
          select * from given order by account_id, region
          on conflict (account_id, region) do update set heard_at = excluded.heard_at, beat_at = excluded.beat_at
        )
        delete from heard as h using given where h.account_id = given.account_id and h.region = given.region and h.at <= given.heard_at`)
    },
    async reading(source, fresh) {
      await database.rows(sql`
        insert into reading as r (source, since, current_at) values (${storableText(source)}, ${now}, ${now})
        on conflict (source) do update set current_at = excluded.current_at, since = case
          when ${fresh} and r.current_at >= excluded.current_at - ${wait(breakMs)} then r.since else excluded.since end`)
    },
    async readingSince(sources) {
      const { since } = await database.one<{ since: Date | null }>(sql`
        select case when count(*) filter (where r.current_at >= ${now} - ${wait(breakMs)}) = count(*) then max(r.since) end as since
        from unnest(${texts(sources.map((each) => storableText(each)))}) as wanted(source) left join reading as r using (source)`)
      return since
    },
    async turn(name, everyMs) {
      const taken = await database.first(sql`
        insert into turns as t (name, due_at) values (${name}, ${now} + ${wait(everyMs)})
        on conflict (name) do update set due_at = excluded.due_at where t.due_at <= ${now}
        returning 1`)
      return taken !== null
    },
  }
}

/** A source of which nobody said for so long that it is read is not read. Longer than a deploy's pause. */
const breakMs = 120_000
