import { indicatorsOf, isObject, type IndicatorName, type Indicators, type Json, type JsonObject } from '#model'
import type { FieldSchema, LogSchema, ValueSchema } from './log-schema.ts'
import { timeReader } from './time-formats.ts'

/** A record that keeps its schema, with values of the declared types. */
export interface Fitted {
  readonly record: JsonObject
  /** Milliseconds since 1970. */
  readonly time: number
  readonly accountId: string | null
  readonly eventId: string | null
}
/** What is wrong with a record: where, given and allowed. */
export interface Misfit {
  readonly where: string
  readonly given: Json | undefined
  readonly allowed: string
}
export interface CompiledSchema {
  readonly schema: LogSchema
  fit(record: JsonObject): Fitted | Misfit
  /** What a fitted record names. */
  indicators(record: JsonObject): Indicators
}

/** Thrown inside of this file alone. */
class Wrong {
  readonly misfit: Misfit
  constructor(misfit: Misfit) {
    this.misfit = misfit
  }
}

interface Found {
  time: number
  accountId: string | null
  eventId: string | null
}
type Reader = (value: Json, where: string, found: Found) => Json

/** Makes ready what is asked for every record. */
export function compileSchema(schema: LogSchema): CompiledSchema {
  const read = objectReader(schema.fields)
  return {
    schema,
    fit(given) {
      const found: Found = { time: Number.NaN, accountId: null, eventId: null }
      try {
        const record = read(given, '', found) as JsonObject
        if (!Number.isNaN(found.time)) return { record, ...found }
        return { where: 'the event’s time', given: undefined, allowed: 'a field that is declared as isEventTime' }
      } catch (thrown) {
        if (thrown instanceof Wrong) return thrown.misfit
        throw thrown
      }
    },
    indicators: (record) => indicatorsOf(named(schema.fields, record)),
  }
}

function* named(fields: readonly FieldSchema[], record: JsonObject): Generator<readonly [IndicatorName, string]> {
  for (const { name, value } of fields) {
    const given = Object.hasOwn(record, name) ? record[name] : undefined
    if (given !== undefined && given !== null) yield* namedIn(value, given)
  }
}

function* namedIn(value: ValueSchema, given: Json): Generator<readonly [IndicatorName, string]> {
  if (value.type === 'string' && typeof given === 'string') for (const each of value.indicators) yield [each, given]
  else if (value.type === 'object' && isObject(given)) yield* named(value.fields, given)
  else if (value.type === 'array' && Array.isArray(given))
    for (const each of given as readonly Json[]) yield* namedIn(value.element, each)
}

/** What no field declares is kept as it is. */
function objectReader(fields: readonly FieldSchema[]): Reader {
  const readers = fields.map(({ value, ...field }) => ({ ...field, read: valueReader(value) }))
  const declared = new Set(fields.flatMap(({ name, from }) => [name, from]))
  return (given, where, found) => {
    if (!isObject(given)) throw wrong(where === '' ? 'the record' : where, given, 'an object')
    const made: [string, Json][] = Object.entries(given).filter(([key]) => !declared.has(key))
    for (const { name, from, required, read } of readers) {
      const here = where === '' ? from : `${where}.${from}`
      const value = Object.hasOwn(given, from) ? given[from] : undefined
      if (value !== undefined && value !== null) made.push([name, read(value, here, found)])
      else if (required) throw wrong(here, value, 'a value, since it is required')
    }
    return Object.fromEntries(made)
  }
}

function valueReader(value: ValueSchema): Reader {
  switch (value.type) {
    case 'string':
      return textReader(value)
    case 'int':
      return numberReader('a whole number of 32 bits', (number) => Number.isInteger(number) && Math.abs(number) <= 2_147_483_648)
    case 'smallint':
      return numberReader('a whole number of 16 bits', (number) => Number.isInteger(number) && Math.abs(number) <= 32_768)
    case 'bigint':
      return numberReader('a whole number', (number) => Number.isInteger(number))
    case 'float':
      return numberReader('a number', (number) => Number.isFinite(number))
    case 'boolean':
      return (given, where) => {
        if (typeof given === 'boolean') return given
        if (given === 'true' || given === 'false') return given === 'true'
        throw wrong(where, given, 'true or false')
      }
    case 'timestamp':
      return stampReader(value)
    case 'json':
      return embedded(value.embedded, (given) => given)
    case 'object':
      return embedded(value.embedded, objectReader(value.fields))
    case 'array':
    default: {
      const read = valueReader(value.element)
      return embedded(value.embedded, (given, where, found) => {
        if (!Array.isArray(given)) throw wrong(where, given, 'a list')
        return (given as readonly Json[]).map((each, index) => (each === null ? null : read(each, `${where}[${index}]`, found)))
      })
    }
  }
}

function textReader({ allow, deny, isAccountId, isEventId }: Extract<ValueSchema, { type: 'string' }>): Reader {
  return (given, where, found) => {
    const text = typeof given === 'number' || typeof given === 'boolean' ? String(given) : given
    if (typeof text !== 'string') throw wrong(where, given, 'a text')
    if (allow !== null && !allow.includes(text)) throw wrong(where, given, allow.slice(0, 10).join(', '))
    if (deny.includes(text)) throw wrong(where, given, `anything but ${deny.slice(0, 10).join(', ')}`)
    if (isAccountId) found.accountId = text
    if (isEventId) found.eventId = text
    return text
  }
}

function numberReader(allowed: string, holds: (number: number) => boolean): Reader {
  return (given, where) => {
    const number =
      typeof given === 'string' && /^[+-]?\d{1,40}(?:\.\d{1,40})?(?:e[+-]?\d{1,3})?$/iu.test(given) ? Number(given) : given
    if (typeof number !== 'number' || !holds(number)) throw wrong(where, given, allowed)
    return number
  }
}

function stampReader({ formats, isEventTime }: Extract<ValueSchema, { type: 'timestamp' }>): Reader {
  const readers = formats.map((format) => timeReader(format)).filter((read) => read !== null)
  return (given, where, found) => {
    if (typeof given === 'string' || typeof given === 'number') {
      for (const read of readers) {
        const time = read(given)
        if (Number.isNaN(time)) continue
        if (isEventTime && Number.isNaN(found.time)) found.time = time
        return new Date(time).toISOString().slice(0, 23).replace('T', ' ')
      }
    }
    throw wrong(where, given, `a time as ${formats.join(' or ')}`)
  }
}

/** JSON that stands in a text. */
function embedded(is: boolean, read: Reader): Reader {
  if (!is) return read
  return (given, where, found) => {
    if (typeof given !== 'string') return read(given, where, found)
    let value: Json
    try {
      value = JSON.parse(given) as Json
    } catch {
      throw wrong(where, given, 'JSON in a text')
    }
    return read(value, where, found)
  }
}

function wrong(where: string, given: Json | undefined, allowed: string): Wrong {
  return new Wrong({ where: where.slice(0, 300), given, allowed })
}
