import { sql } from 'kysely'
import type { Database } from './database.ts'
import type { Gap, GapCause, Gaps, LentGap } from './store.ts'
import { at, json, now, storableText, wait } from './values.ts'

/** Two reports of something stopped that began so near to each other are one: the event and AWS's own status differ by seconds. */
const sameMs = 600_000

const columns = sql`g.id, g.account_id as "accountId", g.region, g.cause, g.detail, g.from_at as "from", g.until_at as "until",
  g.opened_at as "openedAt", g.scans, g.filled_until as "filledUntil", g.read, g.known, g.touched, g.matched, g.fill, g.problem`
const lentColumns = sql`${columns}, g.token, g.attempts, g.slice_until as "sliceUntil", g.next_token as "nextToken"`

export function createGaps(database: Database): Gaps {
  const change = async ({ id, token }: LentGap, set: ReturnType<typeof sql>): Promise<boolean> =>
    (await database.first(sql`update gaps set ${set} where id = ${id} and token = ${token} returning 1`)) !== null
  return {
    open({ accountId, region, cause, detail, from, until }) {
      return database.first<Gap>(sql`
        insert into gaps as g (account_id, region, cause, detail, from_at, until_at, opened_at, closed_at, filled_until, due_at)
        select ${accountId}, ${storableText(region)}, ${cause}, ${storableText(detail).slice(0, 1_000)}, ${at(from)}, until_at, ${now},
          case when until_at is not null then ${now} end, ${at(from)}, ${now}
        from (select ${until === null ? sql`null::timestamptz` : at(until)} as until_at) as given
        where not exists (
          select from gaps as known where known.account_id = ${accountId} and known.region = ${storableText(region)}
            and known.cause = ${cause} and (known.until_at is null or known.cause <> 'silent' and abs(extract(epoch from known.from_at - ${at(from)})) * 1000 < ${sameMs}::float8)
        )
        on conflict do nothing
        returning ${columns}`)
    },
    async close(id, until, settleMs) {
      const closed = await database.first(sql`
        update gaps set until_at = ${at(until)}, closed_at = ${now},
          due_at = case when token is null then greatest(due_at, ${now} + ${wait(settleMs)}) else due_at end
        where id = ${id} and until_at is null returning 1`)
      return closed !== null
    },
    async scanned(id, scanId) {
      await database.rows(sql`update gaps set scans = scans || ${json([scanId])} where id = ${id}`)
    },
    list(limit, which = 'all') {
      return database.rows<Gap>(sql`
        select ${columns} from gaps as g where ${which === 'all' ? sql`true` : sql`until_at is null`}
        order by (until_at is null) desc, from_at desc, account_id, region limit ${limit}::integer`)
    },
    over() {
      return database.rows<Gap>(sql`
        with over as (
          update gaps set told = true where not told and until_at is not null and fill <> 'filling' returning *
        )
        select ${columns} from over as g order by account_id, region, from_at`)
    },
    lease(limit, leaseMs) {
      return database.rows<LentGap>(sql`
        update gaps as g set token = gen_random_uuid()::text, due_at = ${now} + ${wait(leaseMs)}
        where id in (
          select id from gaps where fill = 'filling' and due_at <= ${now} order by due_at, id limit ${limit}::integer for update skip locked
        )
        returning ${lentColumns}`)
    },
    filled: ({ id, token }, { filledUntil, sliceUntil, nextToken, read, known, touched, matched }, leaseMs) =>
      database.first<Pick<Gap, 'until'>>(sql`
        update gaps set filled_until = ${at(filledUntil)}, slice_until = ${sliceUntil === null ? null : at(sliceUntil)},
          next_token = ${nextToken}, read = read + ${read}::integer, known = known + ${known}::integer,
          touched = touched + ${touched}::integer, matched = matched + ${matched}::integer, attempts = 0, due_at = ${now} + ${wait(leaseMs)}
        where id = ${id} and token = ${token} returning until_at as "until"`),
    later: (gap, delayMs, how) =>
      change(
        gap,
        sql`token = null, due_at = ${now} + ${wait(delayMs)}${how === 'waiting' ? sql`` : sql`, attempts = attempts + 1`}${
          how === 'restart' ? sql`, slice_until = null, next_token = null` : sql``
        }`,
      ),
    settle: (gap, problem) =>
      change(
        gap,
        sql`token = null, fill = ${problem === null ? 'done' : 'failed'}, problem = ${problem === null ? null : storableText(problem).slice(0, 500)}`,
      ),
    async tally() {
      const rows = await database.rows<{ cause: GapCause; open: number; read: number }>(sql`
        select cause, count(*) filter (where until_at is null) as open, sum(read)::bigint as read from gaps group by cause`)
      return {
        open: new Map(rows.map(({ cause, open }) => [cause, open])),
        read: rows.reduce((sum, { read }) => sum + read, 0),
      }
    },
    async trail(trail, accountId, problem) {
      const news =
        problem === null
          ? await database.first(sql`delete from trail_problems where trail = ${trail} returning 1`)
          : await database.first(sql`
              insert into trail_problems as t (trail, account_id, problem, since) values (${trail}, ${accountId}, ${problem}, ${now})
              on conflict (trail) do update set problem = excluded.problem, since = excluded.since where t.problem <> excluded.problem
              returning 1`)
      return news !== null
    },
  }
}
