import { sql } from 'kysely'
import type { Database } from './database.ts'
import { joinFlapping } from './flapping.ts'
import { beginThread, changeOf, place, type Fresh, type Group, type Row, type Writes } from './gather-thread.ts'
import { takesIn, threadKeysOf } from './join-resource.ts'
import { json, now, texts } from './values.ts'

const atOnce = 64

/**
 * Decides for each new delivery of a finding where it is told: in a message of its own, in the message of its change, as a reply in the
 * thread of its doing (or of its resource), in that thread's table, or in the message of its earlier epoch when it flaps. Runs under the lease's lock, so that no two
 * decide at once; rows that somebody else holds are left for the next time, so that it never waits.
 */
export async function gather(database: Database, threaded: readonly string[]): Promise<void> {
  const fresh = await database.rows<Fresh>(sql`
    select d.id, d.alert_id as "alertId", d.destination, d.channel, d.rank, a.finding_id as "findingId", a.content,
      d.token is not null or d.uncertain or d.sending as tried
    from deliveries as d join alerts as a on a.id = d.alert_id
    where d.status = 'due' and not d.gathered and (d.token is null or d.due_at <= ${now}) and d.destination = any (${texts(threaded)})
    order by d.rank desc, d.number limit ${atOnce}::integer for update of d skip locked`)
  if (fresh.length === 0) return
  const left = await joinFlapping(
    database,
    fresh.filter(({ tried }) => !tried),
  )
  const single = ({ tried, content }: Fresh): boolean => tried || content.kind !== 'finding' || content.cause === null
  const alone = [...fresh.filter(({ tried }) => tried), ...left].filter(single).map(({ id }) => id)
  if (alone.length > 0) await database.rows(sql`update deliveries set gathered = true where id = any (${texts(alone)})`)

  const gathered = left.filter(({ id }) => !alone.includes(id))
  const keys = await threadKeysOf(database, gathered)
  const groups = Map.groupBy(gathered, ({ id }) => keys.get(id) ?? id)
  const known = await openThreads(database, groups)
  const writes: Writes = { places: [], extras: [], moves: [] }
  const touched: Group[] = []
  for (const [key, members] of groups) {
    const found = known.get(key)
    // Its head is held by somebody else.
    if (found === 'busy') continue
    const [first, ...others] = members
    if (first === undefined) continue
    const group = found ?? beginThread(first, key, writes)
    if (found !== undefined) place(group, first, writes)
    for (const each of others) place(group, each, writes)
    touched.push(group)
  }
  await write(database, touched, writes)
}

/** The open threads of groups, with what they tell of the changes at hand; all their rows are held, or they are `busy`. */
async function openThreads(
  database: Database,
  groups: ReadonlyMap<string, readonly Fresh[]>,
): Promise<ReadonlyMap<string, Group | 'busy'>> {
  const places = [...groups].map(([key, [first]]) => ({ key, destination: first?.destination, channel: first?.channel }))
  const found = await database.rows<ThreadRow>(sql`
    select t.id, t.group_digest as digest, t.head_id as "headId", t.rest_id as "restId", t.changes, t.replies
    from jsonb_to_recordset(${json(places)}) as given(key text, destination text, channel text),
    lateral (
      select * from threads
      where destination = given.destination and channel = given.channel and group_digest = given.key and ${takesIn}
      order by joined_at desc limit 1
    ) as t
    join deliveries as head on head.id = t.head_id and head.status <> 'closed'`)
  if (found.length === 0) return new Map()
  const changes = [...groups.values()].flatMap((members) => members.map(({ content }) => changeOf(content)))
  const tellers = await database.rows<ChangeRow>(sql`
    select d.thread_id as "threadId", d.change_digest as change, bool_or(a.content ->> 'severity' = 'CRITICAL') as critical,
      bool_or(d.id = t.head_id) as head, bool_or(d.told_by = t.rest_id) as "inTable", max(d.id) filter (where d.part = 'reply') as reply
    from deliveries as d join threads as t on t.id = d.thread_id join deliveries as head on head.id = t.head_id
    join alerts as a on a.id = d.alert_id
    where d.thread_id = any (${texts(found.map(({ id }) => id))}) and d.status <> 'closed' and d.part in ('whole', 'head', 'reply')
      and (d.change_digest = any (${texts(changes)}) or d.change_digest = head.change_digest)
    group by d.thread_id, d.change_digest`)
  const ids = [...found.flatMap(({ headId, restId }) => [headId, restId]), ...tellers.map(({ reply }) => reply)]
  const held = await database.rows<HeldRow>(sql`
    select id, message is not null as posted, token is not null as lent, wish, rank, change_digest as change
    from deliveries where id = any (${texts(ids.filter((id) => id !== null))}) order by id for update skip locked`)
  const rows = new Map(held.map((row) => [row.id, { ...row, bump: null }]))
  return new Map(
    found.map((thread) => {
      const own = tellers.filter(({ threadId }) => threadId === thread.id)
      return [thread.digest, groupOf(thread, own, rows)]
    }),
  )
}

interface ThreadRow {
  readonly id: string
  readonly digest: string
  readonly headId: string
  readonly restId: string | null
  readonly changes: number
  readonly replies: number
}
interface ChangeRow {
  readonly threadId: string
  readonly change: string
  readonly critical: boolean
  readonly head: boolean
  readonly inTable: boolean | null
  readonly reply: string | null
}
type HeldRow = Omit<Row, 'bump'> & { readonly change: string }

function groupOf(
  thread: ThreadRow,
  own: readonly ChangeRow[],
  rows: ReadonlyMap<string, Row & { change: string }>,
): Group | 'busy' {
  const { id, digest: key, changes: changeCount, replies } = thread
  const head = rows.get(thread.headId)
  const rest = thread.restId === null ? null : rows.get(thread.restId)
  if (head === undefined || rest === undefined) return 'busy'
  const changes: Group['changes'] = new Map()
  for (const each of own) {
    const teller =
      each.reply !== null ? rows.get(each.reply) : each.inTable === true ? rest : each.head && changeCount === 1 ? head : null
    if (teller === undefined) return 'busy'
    if (teller !== null) changes.set(each.change, { teller, critical: each.critical })
  }
  return { id, digest: key, head, changes, rest, changeCount, replies }
}

async function write(database: Database, touched: readonly Group[], { places, extras, moves }: Writes): Promise<void> {
  if (touched.length === 0) return
  const threads = touched.map(({ id, digest: key, head, rest, changeCount, replies }) => {
    return { id, key, head: head.id, rest: rest?.id ?? null, changes: changeCount, replies }
  })
  const given = sql`jsonb_to_recordset(${json(threads)}) as g(id text, key text, head text, rest text, changes integer, replies integer)`
  await database.rows(sql`
    insert into threads (id, destination, channel, group_digest, head_id, started_at, joined_at)
    select g.id, d.destination, d.channel, g.key, g.head, ${now}, ${now} from ${given} join deliveries as d on d.id = g.head
    order by g.id on conflict do nothing`)
  await database.rows(sql`
    update deliveries as d set gathered = true, part = p.part, status = p.status, thread_id = p."threadId", change_digest = p.change,
      rank = p.rank, resource_digest = p.resource
    from jsonb_to_recordset(${json(places)})
      as p(id text, part text, status text, "threadId" text, change text, resource text, rank smallint)
    where d.id = p.id`)
  if (extras.length > 0) {
    await database.rows(sql`
      insert into deliveries (id, alert_id, destination, channel, team, because, rank, status, due_at, created_at, part, extra, gathered,
        thread_id, change_digest, number, shows, flaps, flaps_within_ms)
      select e.id, d.alert_id, d.destination, d.channel, d.team, d.because, e.rank, e.status, ${now}, ${now}, e.part, true, true,
        e."threadId", e.change,
        case when e.status = 'held' then d.number else nextval(pg_get_serial_sequence('deliveries', 'number')) end, d.shows, d.flaps, d.flaps_within_ms
      from jsonb_to_recordset(${json(extras)})
        as e(id text, "like" text, part text, status text, "threadId" text, change text, rank smallint)
      join deliveries as d on d.id = e."like"`)
  }
  const joins = places.filter(({ toldBy }) => toldBy !== null)
  if (joins.length > 0) {
    await database.rows(sql`
      update deliveries as d set told_by = p."toldBy", joined_wish = p."joinedWish"
      from jsonb_to_recordset(${json(joins)}) as p(id text, "toldBy" text, "joinedWish" integer) where d.id = p.id`)
  }
  if (moves.length > 0) {
    await database.rows(sql`
      update deliveries as d set told_by = m."to", joined_wish = 1
      from jsonb_to_recordset(${json(moves)}) as m("from" text, "to" text)
      where d.told_by = m."from" and d.status = 'joined' and d.part = 'whole' and not d.id = any (${texts(joins.map(({ id }) => id))})`)
  }
  await database.rows(sql`
    update threads as t set rest_id = g.rest, changes = g.changes, replies = g.replies, joined_at = ${now} from ${given} where t.id = g.id`)
  await sayAnew(database, touched)
}

async function sayAnew(database: Database, touched: readonly Group[]): Promise<void> {
  const rows = new Map<string, Row>()
  for (const { head, rest, changes } of touched) {
    for (const row of [head, rest, ...[...changes.values()].map(({ teller }) => teller)]) {
      if (row !== null && row.bump !== null) rows.set(row.id, row)
    }
  }
  if (rows.size === 0) return
  const wishes = [...rows.values()].map(({ id, rank, bump }) => ({ id, rank, bump }))
  await database.rows(sql`
    update deliveries as d set wish = d.wish + 1, rank = w.rank, status = case when d.status = 'sent' then 'due' else d.status end,
      due_at = case when d.status = 'sent' then greatest(${now}, d.settled_at + w.bump * interval '1 millisecond') else d.due_at end
    from jsonb_to_recordset(${json(wishes)}) as w(id text, rank smallint, bump float8) where d.id = w.id`)
}
