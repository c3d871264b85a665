import { isObject, type AuditEvent, type Json } from '#model'
import type { Carried, LogSchema } from './logs/log-schema.ts'
import { decodeLog } from './logs/read-log.ts'
import { needsWalk, refuseRecord, refuseText } from './limits.ts'
import { readEvent } from './read-event.ts'
import { readFindings } from './read-finding.ts'
import { isScheduled, readHeartbeat, type Heartbeat } from './read-heartbeat.ts'

/** What one body holds: the records that may be used and those that may not, each with its index among the body's records. */
export interface Decoded {
  readonly events: readonly { readonly record: number; readonly event: AuditEvent }[]
  readonly rejected: readonly Rejected[]
  /** Scheduled events, if there are any: signs of life, for nobody else. */
  readonly heartbeats?: readonly Heartbeat[]
}
export interface Rejected extends Refusal {
  /** Index among the body's records; 0 when the body as a whole is refused. */
  readonly record: number
}
export interface Refusal {
  readonly reason: RejectReason
  /** What was wrong: what, where, given, allowed. */
  readonly detail: string
}
export type RejectReason =
  | 'not-json'
  | 'too-large'
  | 'too-deep'
  | 'too-many-nodes'
  | 'not-an-event'
  | 'unknown-account'
  | 'account-mismatch'
  | 'unknown-source'
  | 'unknown-detail-type'
  | 'region-not-allowed'
  | 'time-out-of-range'
  | 'unknown-log-type'
  | 'schema-mismatch'
  | 'detection-failed'
  | 'not-a-notification'
  | 'object-missing'
  | 'object-denied'
  | 'object-unreadable'
  | 'object-too-large'

/** Which events may be believed. Plain JSON, so that it can be handed to another process. */
export interface Trust {
  /** Registered accounts. Null: any account, for replays. */
  readonly accounts: readonly string[] | null
  /** Null: any region. Global services (IAM, console sign-in) report from `us-east-1` and a few others. */
  readonly regions: readonly string[] | null
  /** `checked`: not older than 14 days and not more than a day ahead of our clock. `any`: for replays. */
  readonly times: 'checked' | 'any'
  /**
   * Accounts whose bus hands on the events of others under its own account number. AWS keeps the sender's number over a hop, so
   * there are none on AWS; any other envelope must carry the account that its record names.
   */
  readonly hubs?: readonly string[]
  /** Accounts to which AWS gives the findings of others (delegated administrators), which send them under their own number. */
  readonly administrators?: readonly string[]
  /** The formats of logs that are none of AWS's own. */
  readonly schemas?: readonly LogSchema[]
}

export interface How {
  readonly now?: number
  /** In place of `JSON.parse`, of what is no log: for who wants numbers as they were written. */
  readonly parse?: (text: string) => unknown
}

/**
 * Reads one body: a CloudTrail record, a `{"Records":[…]}` file, an array of either, or an EventBridge envelope of a record or of findings; or what
 * `carried` says that it is.
 * Never throws on a body; whatever cannot be used comes back with its reason, and the body's other records are read all the same.
 */
export function decode(body: string, trust: Trust, carried?: Carried, { now = Date.now(), parse = JSON.parse }: How = {}): Decoded {
  if (carried !== undefined) return decodeLog(body, carried, trust, now)
  const refused = refuseText(body)
  if (refused !== null) return { events: [], rejected: [{ record: 0, ...refused }] }
  let parsed: Json
  try {
    parsed = parse(body) as Json
  } catch (error) {
    const words = error instanceof Error ? error.message.slice(0, 200) : 'unreadable'
    return whole('not-json', `the body is not JSON: ${words}; allowed: one JSON value`)
  }
  const walk = needsWalk(body)
  const many = listOf(parsed)
  if (many?.length === 0) return whole('not-an-event', 'the body holds no record; allowed: at least one')
  if (many === null) {
    const read = readOne(parsed, walk, trust, now)
    if (isList(read)) return collect([read])
    if (isRefusal(read)) return { events: [], rejected: [{ record: 0, ...read }] }
    if (isHeartbeat(read)) return { events: [], rejected: none, heartbeats: [read] }
    return { events: [{ record: 0, event: read }], rejected: none }
  }
  return collect(many.map((each) => readOne(each, walk, trust, now)))
}

/** What was read of one value: mostly one record, of findings several. */
type ReadValue = AuditEvent | Heartbeat | Refusal | readonly (AuditEvent | Refusal)[]

function collect(all: readonly ReadValue[]): Decoded {
  const events: { record: number; event: AuditEvent }[] = []
  const rejected: Rejected[] = []
  const heartbeats: Heartbeat[] = []
  for (const [record, read] of all.flat().entries()) {
    if (isRefusal(read)) rejected.push({ record, ...read })
    else if (isHeartbeat(read)) heartbeats.push(read)
    else events.push({ record, event: read })
  }
  return heartbeats.length === 0 ? { events, rejected } : { events, rejected, heartbeats }
}

function isList(read: ReadValue): read is readonly (AuditEvent | Refusal)[] {
  return Array.isArray(read)
}

const none: readonly Rejected[] = []

function isRefusal(read: AuditEvent | Heartbeat | Refusal): read is Refusal {
  return (read as Refusal).reason !== undefined
}

function isHeartbeat(read: AuditEvent | Heartbeat): read is Heartbeat {
  return (read as AuditEvent).record === undefined
}

function listOf(parsed: Json): readonly Json[] | null {
  if (Array.isArray(parsed)) return parsed as readonly Json[]
  // Most bodies are one record: looking for what is not there is the slow case.
  if (!isObject(parsed) || typeof parsed['eventName'] === 'string') return null
  const records = parsed['Records']
  return Array.isArray(records) ? (records as readonly Json[]) : null
}

/** One record, alone or in its envelope; the findings of an envelope; or a heartbeat. */
function readOne(value: Json, walk: boolean, trust: Trust, now: number): ReadValue {
  if (!isObject(value)) return notAnEvent(`given ${kindOf(value)}`)
  if (walk) {
    const refused = refuseRecord(value)
    if (refused !== null) return refused
  }
  if (typeof value['eventName'] === 'string' || value['detail-type'] === undefined) return readEvent(value, null, trust, now)
  if (isScheduled(value)) return readHeartbeat(value, trust, now)
  const detail = value['detail']
  if (!isObject(detail)) return notAnEvent(`given an envelope whose detail is ${kindOf(detail)}`)
  return readFindings(value, detail, trust, now) ?? readEvent(detail, value, trust, now)
}

function notAnEvent(given: string): Refusal {
  return { reason: 'not-an-event', detail: `${given}; allowed: a CloudTrail record, alone or in an EventBridge envelope` }
}

function kindOf(value: Json | undefined): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : value === undefined ? 'missing' : `a ${typeof value}`
}

function whole(reason: RejectReason, detail: string): Decoded {
  return { events: [], rejected: [{ record: 0, reason, detail }] }
}
