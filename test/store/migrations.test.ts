import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import { expect, it } from 'vitest'
import { migrations } from '../../services/store/migrations/all.ts'

/** From here on old processes are known to run beside the new ones: decision 0017. */
const since = '0029'
/** What must go, once no running version uses it: the migration, and why it may. */
const agreed: Readonly<Record<string, string>> = {}

it('refuses what old processes could not live with, and takes what only adds', () => {
  const refused = [
    'drop table marks',
    'alter table marks drop column causes',
    'alter table marks add column a integer, drop causes',
    'alter table marks rename column causes to reasons',
    'alter table marks alter column causes type text',
    'alter table marks alter column causes set not null',
    'alter table marks add column reasons jsonb not null',
    'create unique index one_of_each on marks (type)',
    `alter table scans add constraint scans_kind_check check (kind in ('a'))`,
    `alter table scans add check (kind in ('a'))`,
    'drop function tripline_now',
    'truncate marks',
    'create table fresh (id text); alter table marks drop column causes',
  ]
  expect(refused.filter((statement) => narrowing([statement]).length === 0)).toEqual([])
  const taken = [
    `create table fresh (id text primary key, name text not null unique, check (id <> ''))`,
    'create unique index fresh_name on fresh (name)',
    'alter table marks add column reasons jsonb, add column looks integer not null default 0',
    `alter table scans drop constraint scans_kind_check, add constraint scans_kind_check check (kind in ('a', 'b'))`,
    `alter table scans drop constraint scans_kind_check, add check (kind in ('a', 'b'))`,
    'create or replace function tripline_now() returns timestamptz language sql as $$ select now() $$',
    'drop index marks_due',
    `update marks set reasons = '["drop table"]'`,
  ]
  expect(narrowing(taken)).toEqual([])
})

it('migrations only add, so that the version before goes on while a new one is rolled out', async () => {
  const found: Record<string, readonly string[]> = {}
  for (const [name, migration] of Object.entries(migrations)) {
    if (name < since || agreed[name] !== undefined) continue
    const statements: string[] = []
    const recording = new Kysely<unknown>({
      dialect: {
        createAdapter: () => new PostgresAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: (database) => new PostgresIntrospector(database),
        createQueryCompiler: () => new PostgresQueryCompiler(),
      },
      log: ({ query }) => void statements.push(query.sql),
    })
    await migration.up(recording)
    const wrong = narrowing(statements)
    if (wrong.length > 0) found[name] = wrong
  }
  expect(found).toEqual({})
})

const forbidden = [
  /\bdrop\s+(?:table|view|function|type|schema|sequence)\b/u,
  /\btruncate\b/u,
  /\brename\b/u,
  /\balter\s+column\s+\w+\s+(?:set\s+data\s+)?type\b/u,
  /\bset\s+not\s+null\b/u,
]

/** The statements of a migration that take something from a process that does not know of it. What is of tables made here is free. */
function narrowing(all: readonly string[]): readonly string[] {
  // Texts and bodies of functions say nothing of tables.
  const bare = all
    .flatMap((text) =>
      text
        .toLowerCase()
        .replaceAll(/(\$\w*\$).*?\1/gsu, `''`)
        .replaceAll(/'(?:[^']|'')*'/gu, `''`)
        .split(';'),
    )
    .map((text) => text.replaceAll(/--.*$/gmu, '').replaceAll(/\s+/gu, ' ').trim())
  const fresh = new Set(bare.flatMap((text) => /^create table (?:if not exists )?(\w+)/u.exec(text)?.[1] ?? []))
  return bare.filter((text) => {
    const table = /^(?:alter table (?:only )?|create (?:unique )?index \w+ on )(\w+)/u.exec(text)?.[1]
    if (text.startsWith('create table') || (table !== undefined && fresh.has(table))) return false
    if (text.startsWith('create unique index') || forbidden.some((each) => each.test(text))) return true
    return text.startsWith('alter table') && clausesOf(text).some((clause, _, clauses) => isNarrow(clause, clauses))
  })
}

function isNarrow(clause: string, clauses: readonly string[]): boolean {
  // A check that is put in place of another takes more than that: whether it does is for the reader.
  const [, verb, name] = /^(drop|add) (?:constraint (?:if exists )?(\w+)|check)/u.exec(clause) ?? []
  const other = verb === 'add' ? 'drop' : 'add'
  const swapped = (each: string): boolean =>
    each.startsWith(`${other} constraint ${name ?? ''}`) || each.startsWith(`${other} check`)
  if (verb !== undefined) return !clauses.some(swapped)
  if (clause.startsWith('drop ')) return true
  return clause.startsWith('add ') && clause.includes('not null') && !clause.includes('default')
}

/** What stands between the commas of an `alter table`, outside of brackets. */
function clausesOf(text: string): readonly string[] {
  const clauses: string[] = ['']
  let depth = 0
  for (const letter of text.replace(/^alter table (?:only )?\w+ /u, '')) {
    depth += letter === '(' ? 1 : letter === ')' ? -1 : 0
    if (letter === ',' && depth === 0) clauses.push('')
    else clauses.push(`${clauses.pop() ?? ''}${letter}`)
  }
  return clauses.map((clause) => clause.trim())
}
