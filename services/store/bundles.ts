import { sql, type RawBuilder } from 'kysely'
import type { Database } from './database.ts'
import { StoreError } from './error.ts'
import type { ActiveBundle, BundleAct, BundleFile, Bundles, BundleRow, NewBundle } from './store.ts'
import { json, now, storableText } from './values.ts'

/** Files are written in statements of about this many letters. */
const lettersAtOnce = 1024 * 1024

export function createBundles(database: Database): Bundles {
  return {
    active: () => database.one<ActiveBundle>(sql`select activation, number from bundle_active`),
    async isActive(activation) {
      const row = await database.first(sql`select from bundle_active where activation = ${activation} for share`)
      return row !== null
    },
    add: (bundle, act) =>
      database.together(async (within) => {
        // Uploads follow one another: each sees the numbers of those before it.
        const active = await within.one<ActiveBundle>(sql`select activation, number from bundle_active for update`)
        const known = await within.first<{ number: number }>(sql`select number from bundles where digest = ${bundle.digest}`)
        const number = known?.number ?? (await insert(within, bundle))
        if (number === active.number) return { ...active, added: false, activated: false }
        return { ...(await activate(within, number, 'upload', act)), added: known === null, activated: true }
      }),
    goBack: (number, act) =>
      database.together(async (within) => {
        const active = await within.one<ActiveBundle>(sql`select activation, number from bundle_active for update`)
        const wanted = number ?? (await before(within, active))
        if (wanted === null) return null
        const known = wanted === 0 || (await within.first(sql`select from bundles where number = ${wanted}`)) !== null
        if (!known) return null
        if (wanted === active.number) return { ...active, activated: false }
        return { ...(await activate(within, wanted, 'rollback', act)), activated: true }
      }),
    async files(number) {
      const rows = await database.rows<BundleFile>(sql`
        select given.path, f.content as text
        from bundles as b, jsonb_to_recordset(b.files) as given(path text, digest text) join bundle_files as f on f.digest = given.digest
        where b.number = ${number}::integer order by given.path`)
      return rows
    },
    async get(number) {
      return (await list(database, sql`b.number = ${number}::integer`, 1))[0] ?? null
    },
    list: (limit) => list(database, sql`true`, limit),
    acts: (limit) =>
      database.rows(sql`
        select id as activation, number, how, at, by, origin, message, forced from bundle_activations
        order by id desc limit ${limit}::integer`),
  }
}

async function insert(within: Database, { digest, files, detections }: NewBundle): Promise<number> {
  for (const batch of batches(files))
    await within.rows(sql`
      insert into bundle_files (digest, content)
      select distinct on (digest) digest, content from jsonb_to_recordset(${json(batch)}) as given(digest text, content text)
      order by digest
      on conflict do nothing`)
  const named = files.map(({ path, digest: of }) => ({ path, digest: of }))
  const { number } = await within.one<{ number: number }>(sql`
    insert into bundles (number, digest, files, detections)
    select coalesce(max(number), 0) + 1, ${digest}, ${json(named)}, ${json(detections)} from bundles
    returning number`)
  return number
}

function* batches(files: NewBundle['files']): Generator<readonly { digest: string; content: string }[]> {
  let [batch, letters]: [{ digest: string; content: string }[], number] = [[], 0]
  for (const { path, digest, text } of files) {
    if (text !== storableText(text)) throw new StoreError('invalid-input', `${path} refused: given what is no text, allowed text`)
    batch.push({ digest, content: text })
    letters += text.length
    if (letters < lettersAtOnce) continue
    yield batch
    ;[batch, letters] = [[], 0]
  }
  if (batch.length > 0) yield batch
}

async function activate(within: Database, number: number, how: 'upload' | 'rollback', act: BundleAct): Promise<ActiveBundle> {
  const text = (given: string | null): string | null => (given === null ? null : storableText(given))
  return within.one<ActiveBundle>(sql`
    with act as (
      insert into bundle_activations (id, number, how, at, by, origin, message, forced)
      select coalesce(max(id), 0) + 1, ${number}::integer, ${how}, ${now}, ${storableText(act.by)}, ${text(act.origin)}::text,
        ${text(act.message)}::text, ${act.forced}::boolean
      from bundle_activations
      returning id
    )
    update bundle_active set activation = act.id, number = ${number}::integer from act returning activation, number`)
}

/** What counted before what counts now; null when nothing did. */
async function before(within: Database, { activation }: ActiveBundle): Promise<number | null> {
  if (activation === 0) return null
  const row = await within.first<{ number: number }>(sql`
    select number from bundle_activations where id < ${activation} order by id desc limit 1`)
  return row?.number ?? 0
}

async function list(database: Database, only: RawBuilder<unknown>, limit: number): Promise<readonly BundleRow[]> {
  return database.rows<BundleRow>(sql`
    select b.number, b.digest, jsonb_array_length(b.files) as files, b.detections, a.at as "uploadedAt", a.by, a.origin, a.message,
      a.forced, b.number = (select number from bundle_active) as active
    from bundles as b, lateral (
      select * from bundle_activations as first where first.number = b.number order by first.id limit 1
    ) as a
    where ${only} order by b.number desc limit ${limit}::integer`)
}
