import { createHash } from 'node:crypto'
import { canonical, isObject, textAt, type AuditEvent, type Json, type JsonObject } from '#model'
import type { Decoded, Refusal, Rejected, Trust } from '../decode.ts'
import { needsWalk, refuseRecord, refuseText } from '../limits.ts'
import { refuse, refuseTime, setsOf } from '../read-event.ts'
import { isRegion } from '../region.ts'
import { reported } from '../reported.ts'
import { compileSchema, type CompiledSchema } from './fit-schema.ts'
import type { Carried } from './log-schema.ts'
import { isHeader, lineReader, type LineReader } from './parse-line.ts'

interface Format extends CompiledSchema {
  readonly line: LineReader | null
}
const compiled = new WeakMap<Trust, ReadonlyMap<string, Format>>()

/** The format of a log type; undefined when no schema declares it. */
function formatOf(trust: Trust, logType: string): Format | undefined {
  let known = compiled.get(trust)
  if (known === undefined) {
    known = new Map(
      (trust.schemas ?? []).map((schema) => [schema.name, { ...compileSchema(schema), line: lineReader(schema.parser) }]),
    )
    compiled.set(trust, known)
  }
  return known.get(logType)
}

/** What a body brings: records as they came, JSON values or lines, and whose they are where the body says it. */
interface Brought {
  readonly values: readonly Json[]
  readonly header: string | null
  readonly owner: string | null
}

/**
 * Reads a body whose log type its source knows: JSON values, lines of text, or what CloudWatch Logs hands to a subscriber of either. Never
 * throws on a body; whatever does not fit its schema comes back with its reason.
 */
export function decodeLog(body: string, carried: Carried, trust: Trust, now: number): Decoded {
  const format = formatOf(trust, carried.logType)
  const allowed = (trust.schemas ?? []).map(({ name }) => name)
  if (format === undefined) return whole(refuse('unknown-log-type', 'logType', carried.logType, allowed.join(', ')))
  const refused = refuseText(body)
  if (refused !== null) return whole(refused)
  const brought = bring(body, format)
  if ('reason' in brought) return whole(brought)
  // Text has other ways to name a field.
  const walk = format.line !== null || needsWalk(body)
  const events: { record: number; event: AuditEvent }[] = []
  const rejected: Rejected[] = []
  for (const [record, value] of brought.values.entries()) {
    const read = readRecord(value, brought, { format, carried, trust, now, walk })
    if ('reason' in read) rejected.push({ record, ...read })
    else events.push({ record, event: read })
  }
  return { events, rejected }
}

function bring(body: string, { line, schema }: Format): Brought | Refusal {
  if (line !== null && !body.startsWith('{"')) return linesOf(body, schema.parser)
  let parsed: Json
  try {
    parsed = JSON.parse(body) as Json
  } catch (error) {
    if (line !== null) return linesOf(body, schema.parser)
    const words = error instanceof Error ? error.message.slice(0, 200) : 'unreadable'
    return { reason: 'not-json', detail: `the body is not JSON: ${words}; allowed: JSON, as ${schema.name} is` }
  }
  if (isObject(parsed) && Array.isArray(parsed['logEvents']))
    return ofCloudWatch(parsed, parsed['logEvents'] as readonly Json[], line)
  if (line !== null) return linesOf(body, schema.parser)
  const values = Array.isArray(parsed) ? (parsed as readonly Json[]) : [parsed]
  return values.length === 0
    ? refuse('not-an-event', 'the body', 'an empty list', 'at least one record')
    : { values, header: null, owner: null }
}

/** A text may be one record, or a header with records below. */
function linesOf(body: string, parser: Format['schema']['parser']): Brought | Refusal {
  const lines = body.split('\n').flatMap((each) => (each.trim() === '' ? [] : [each.replace(/\r$/u, '')]))
  const [first] = lines
  const header = first !== undefined && lines.length > 1 && isHeader(parser, first) ? first : null
  const values = header === null ? lines : lines.slice(1)
  return values.length === 0 ? refuse('not-an-event', 'the body', '', 'at least one line') : { values, header, owner: null }
}

/** What a subscription filter sends: the account that owns the log group, and messages of it. Its test message brings none. */
function ofCloudWatch(parsed: JsonObject, logEvents: readonly Json[], line: LineReader | null): Brought | Refusal {
  if (parsed['messageType'] === 'CONTROL_MESSAGE') return { values: [], header: null, owner: null }
  const values: Json[] = []
  for (const each of logEvents) {
    const message = textAt(each, 'message')
    if (message === null) return refuse('not-an-event', 'logEvents', each, 'messages of CloudWatch Logs')
    if (line === null) {
      try {
        values.push(JSON.parse(message) as Json)
      } catch {
        values.push(message)
      }
    } else values.push(message)
  }
  return { values, header: null, owner: textAt(parsed, 'owner') }
}

interface Reading {
  readonly format: Format
  readonly carried: Carried
  readonly trust: Trust
  readonly now: number
  readonly walk: boolean
}

function readRecord(value: Json, { header, owner }: Brought, { format, carried, trust, now, walk }: Reading): AuditEvent | Refusal {
  const { schema, line } = format
  const given = line !== null && typeof value === 'string' ? line(value, header) : value
  if (line !== null && typeof value === 'string' && typeof given === 'string')
    return { reason: 'schema-mismatch', detail: `a line of ${schema.name}: given ${quoted(value)}: ${given}` }
  if (walk) {
    const refused = refuseRecord(given)
    if (refused !== null) return refused
  }
  if (!isObject(given)) return refuse('schema-mismatch', `a record of ${schema.name}`, given, 'an object')
  const fitted = format.fit(given)
  if ('where' in fitted) return refuse('schema-mismatch', `${schema.name}: ${fitted.where}`, fitted.given, fitted.allowed)
  const accountId = fitted.accountId ?? owner ?? carried.accountId ?? (trust.accounts === null ? nobody : undefined)
  if (accountId === undefined || !/^\d{12}$/u.test(accountId))
    return refuse(
      'unknown-account',
      `the account of ${schema.name}`,
      accountId,
      'a record, object key or source that names one account',
    )
  const { accounts } = setsOf(trust)
  if (accounts !== null && !accounts.has(accountId))
    return refuse('unknown-account', `the account of ${schema.name}`, accountId, 'a registered account')
  const late = refuseTime(`the event’s time of ${schema.name}`, new Date(fitted.time).toISOString(), fitted.time, trust, now)
  if (late !== null) return late
  const region = carried.region !== undefined && isRegion(carried.region) ? carried.region : 'global'
  const { record, eventId } = fitted
  return {
    // Most records match nothing: nobody asks for their ids.
    get id() {
      const what = eventId === null ? canonical(record) : JSON.stringify(eventId)
      return createHash('sha256').update(`${schema.name}\n${accountId}\n${region}\n${what}`).digest('hex')
    },
    accountId,
    region,
    time: new Date(fitted.time),
    source: schema.name,
    name: schema.name.slice(schema.name.lastIndexOf('.') + 1),
    errorCode: null,
    readOnly: true,
    logType: schema.name,
    get actor() {
      return reported(schema.name, 'log')
    },
    get indicators() {
      return format.indicators(record)
    },
    record,
  }
}

/** Of records of no account, in a replay. */
const nobody = '000000000000'

function quoted(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 119)}…` : text)
}

function whole(refused: Refusal): Decoded {
  return { events: [], rejected: [{ record: 0, ...refused }] }
}
