import { createHash } from 'node:crypto'
import { sql, type RawBuilder } from 'kysely'
import type { ResourceRef } from '#model'
import { StoreError } from './error.ts'

/** The database's time, once a statement: the subquery lets an index be used although the function is volatile. */
export const now: RawBuilder<Date> = sql<Date>`(select tripline_now())`

/** What text columns and jsonb cannot hold: NUL and lone surrogates. */
const unstorable = /\0|\p{Surrogate}/gu

/** Text as the database can hold it. */
export function storableText(text: string): string {
  return text.replace(unstorable, '')
}

/** A value as a jsonb parameter. The same text is understood by both drivers. */
export function json(value: unknown): RawBuilder<unknown> {
  let text = JSON.stringify(value)
  // Both are written as escapes by JSON.stringify, so well-formed values pay for this search only.
  if (text.includes('\\u0000') || text.includes('\\ud')) text = JSON.stringify(storable(value))
  return sql`${text}::jsonb`
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map((each) => storable(each))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [storableText(key), storable(each)]))
}

/** A time as milliseconds, kept within what both sides can hold. */
export function milliseconds(time: Date): number {
  const ms = time.getTime()
  if (Number.isNaN(ms)) throw new StoreError('invalid-input', 'Time refused: given an invalid date, expected a valid one')
  return Math.min(Math.max(ms, 0), Date.UTC(9999, 0))
}

/** A time as a parameter. */
export function at(time: Date): RawBuilder<Date> {
  return sql<Date>`to_timestamp(${milliseconds(time)}::float8 / 1000)`
}

/** A wait as a parameter. */
export function wait(ms: number): RawBuilder<unknown> {
  return sql`(${ms}::float8 * interval '1 millisecond')`
}

/** A digest of texts of any length, for unique keys: an index row holds some 2,700 bytes at most. */
export function digest(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

const idBytes = 2_048

/** Ids without repeats, in order, without those that no resource can have since no key can hold them. */
export function possibleIds(ids: readonly string[]): readonly string[] {
  const possible = ids.filter((id) => Buffer.byteLength(id) <= idBytes).map((id) => storableText(id))
  return [...new Set(possible)].toSorted()
}

/** Texts as a parameter, in a form that both drivers understand. */
export function texts(values: readonly string[]): RawBuilder<readonly string[]> {
  return sql<readonly string[]>`array(select jsonb_array_elements_text(${json(values)}))`
}

/** The four columns of a reference, checked to fit the key. */
export function columnsOf(ref: ResourceRef): { account_id: string; region: string; type: string; id: string } {
  const length = Buffer.byteLength(ref.id)
  if (length > idBytes) {
    throw new StoreError('invalid-input', `Resource id of ${ref.type} refused: given ${length} bytes, allowed ${idBytes}`)
  }
  return {
    account_id: storableText(ref.accountId),
    region: storableText(ref.region),
    type: storableText(ref.type),
    id: storableText(ref.id),
  }
}

/** The condition that a row of the named table is about a reference. */
export function isRef(table: string, ref: ResourceRef): RawBuilder<boolean> {
  const key = columnsOf(ref)
  const column = (name: string): RawBuilder<unknown> => sql.ref(`${table}.${name}`)
  return sql<boolean>`(${column('account_id')} = ${key.account_id} and ${column('region')} = ${key.region}
    and ${column('type')} = ${key.type} and ${column('id')} = ${key.id})`
}
