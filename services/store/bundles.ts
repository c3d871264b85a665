import { sql, type RawBuilder } from 'kysely'
import type { Database } from './database.ts'
import { StoreError } from './error.ts'
import type { ActiveBundle, BundleAct, BundleFile, Bundles, BundleRow, NewBundle } from './store.ts'
import { json, now as time, storableText } from './values.ts'

/** Files are written in statements of about this many letters. */
const lettersAtOnce = 1024 * 1024

export function createBundles(database: Database): Bundles {
  return {
    active: () => active(database),
    isActive: (activation) =>
      database.together(async (within) => {
        const { held } = await within.one<{ held: boolean }>(sql`
          select pg_try_advisory_xact_lock_shared(hashtext('tripline bundles')) as held`)
        return held && (await active(within)).activation === activation
      }),
    add: (bundle, act) =>
      database.together(async (within) => {
        // Nobody waits for the files: what counts is held for two rows.
        if ((await numberOf(within, bundle)) === null) await insertFiles(within, bundle)
        const now = await hold(within)
        const known = await numberOf(within, bundle)
        const number = known ?? (await insert(within, bundle))
        if (number === now.number) return { ...now, added: false, activated: false }
        return { ...(await activate(within, number, 'upload', act)), added: known === null, activated: true }
      }),
    goBack: (number, act) =>
      database.together(async (within) => {
        const now = await hold(within)
        const wanted = number ?? (await before(within, now))
        if (wanted === null) return null
        const known = wanted === 0 || (await within.first(sql`select from bundles where number = ${wanted}`)) !== null
        if (!known) return null
        if (wanted === now.number) return { ...now, activated: false }
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

/** The last activation. */
async function active(database: Database): Promise<ActiveBundle> {
  const last = await database.first<ActiveBundle>(sql`
    select id as activation, number from bundle_activations order by id desc limit 1`)
  return last ?? { activation: 0, number: 0 }
}

/** What changes what counts waits for those who depend on it, and for one another: each sees the numbers of those before it. */
async function hold(within: Database): Promise<ActiveBundle> {
  await within.rows(sql`select pg_advisory_xact_lock(hashtext('tripline bundles'))`)
  return active(within)
}

async function numberOf(within: Database, { digest }: NewBundle): Promise<number | null> {
  const known = await within.first<{ number: number }>(sql`select number from bundles where digest = ${digest}`)
  return known?.number ?? null
}

/** By digest, all of them: two uploads that have files in common wait for each other in one order. */
async function insertFiles(within: Database, { files }: NewBundle): Promise<void> {
  for (const batch of batches(files.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))))
    await within.rows(sql`
      insert into bundle_files (digest, content)
      select distinct on (digest) digest, content from jsonb_to_recordset(${json(batch)}) as given(digest text, content text)
      order by digest
      on conflict do nothing`)
}

async function insert(within: Database, { digest, files, detections }: NewBundle): Promise<number> {
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
      select coalesce(max(id), 0) + 1, ${number}::integer, ${how}, ${time}, ${storableText(act.by)}, ${text(act.origin)}::text,
        ${text(act.message)}::text, ${act.forced}::boolean
      from bundle_activations
      returning id, number
    )
    select id as activation, number from act`)
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
      a.forced,
      b.number = (select number from bundle_activations order by id desc limit 1) as active
    from bundles as b, lateral (
      select * from bundle_activations as first where first.number = b.number order by first.id limit 1
    ) as a
    where ${only} order by b.number desc limit ${limit}::integer`)
}
