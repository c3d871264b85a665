import { createHash } from 'node:crypto'
import { canonical, isObject, type Actor, type AuditEvent, type Json, type JsonObject } from '#model'
import { findingKinds } from './finding-kinds.ts'
import { readActor } from './read-actor.ts'
import { isRegion } from './region.ts'
import type { Refusal, RejectReason, Trust } from './decode.ts'

/** What EventBridge calls the events that come from CloudTrail. Sign-in is documented in two spellings; both are sent. */
const detailTypes: ReadonlySet<string> = new Set([
  'AWS API Call via CloudTrail',
  'AWS Console Signin via CloudTrail',
  'AWS Console Sign In via CloudTrail',
  'AWS Console Action via CloudTrail',
  'AWS Service Event via CloudTrail',
])
const dayMs = 86_400_000
const oldestMs = 14 * dayMs
const aheadMs = dayMs

/**
 * Verifies one record and normalises its header. Account, region and time come from the record first: a hop over another bus, and
 * some emulators, put their own into the envelope.
 */
export function readEvent(record: JsonObject, envelope: JsonObject | null, trust: Trust, now: number): AuditEvent | Refusal {
  const { eventName: name, eventSource: source, eventTime, awsRegion } = record
  if (!isWord(name) || !isWord(source)) {
    return refuse('not-an-event', 'eventName and eventSource', [name, source], 'two texts of at most 256 letters')
  }
  if (!source.endsWith('.amazonaws.com')) return refuse('unknown-source', 'eventSource', source, '*.amazonaws.com')
  if (envelope !== null) {
    const { source: sender, 'detail-type': type } = envelope
    if (typeof sender !== 'string' || !sender.startsWith('aws.')) return refuse('unknown-source', 'source', sender, 'aws.*')
    if (typeof type !== 'string' || !detailTypes.has(type))
      return refuse('unknown-detail-type', 'detail-type', type, [...detailTypes, ...findingKinds.keys()].join(', '))
  }

  const identity = isObject(record['userIdentity']) ? record['userIdentity'] : {}
  const sender = envelope?.['account'] ?? undefined
  const accountId = record['recipientAccountId'] ?? sender ?? identity['accountId']
  if (typeof accountId !== 'string' || !/^\d{12}$/.test(accountId)) {
    return refuse('unknown-account', 'recipientAccountId', accountId, 'a registered account of 12 digits')
  }
  const allowed = setsOf(trust)
  if (allowed.accounts !== null) {
    if (!allowed.accounts.has(accountId)) return refuse('unknown-account', 'recipientAccountId', accountId, 'a registered account')
    // A member must not speak for another member, nor a stranger for one of ours.
    if (sender !== undefined && sender !== accountId && !(typeof sender === 'string' && allowed.hubs.has(sender))) {
      return refuse('account-mismatch', 'account of the envelope', sender, `${accountId}, as the record says, or a hub`)
    }
  }

  const region = awsRegion ?? envelope?.['region']
  // The region becomes part of host names: its form is checked whatever is allowed.
  if (typeof region !== 'string' || !isRegion(region)) {
    return refuse('region-not-allowed', 'awsRegion', region, 'an AWS region')
  }
  if (allowed.regions !== null && !allowed.regions.has(region)) {
    return refuse('region-not-allowed', 'awsRegion', region, [...allowed.regions].join(', '))
  }

  const when = eventTime ?? envelope?.['time']
  const at = typeof when === 'string' ? readTime(when) : Number.NaN
  const late = refuseTime('eventTime', when, at, trust, now)
  if (late !== null) return late

  const { eventID, errorCode, readOnly } = record
  const id = isWord(eventID) ? eventID : createHash('sha256').update(canonical(record)).digest('hex')
  return new RecordedEvent({
    id,
    accountId,
    region,
    time: new Date(at),
    source,
    name,
    errorCode: textOf(errorCode),
    readOnly: typeof readOnly === 'boolean' ? readOnly : /^(?:Get|List|Describe|Head|Lookup)[A-Z]/.test(name),
    record,
  })
}

/** Most events touch nothing and match nothing: nobody asks who did them. A getter of a class, since one of each event's own takes longer than all the rest. */
class RecordedEvent implements AuditEvent {
  readonly id: string
  readonly accountId: string
  readonly region: string
  readonly time: Date
  readonly source: string
  readonly name: string
  readonly errorCode: string | null
  readonly readOnly: boolean
  readonly logType = 'AWS.CloudTrail'
  readonly record: JsonObject

  constructor(read: Omit<AuditEvent, 'actor' | 'logType' | 'about' | 'indicators'>) {
    this.id = read.id
    this.accountId = read.accountId
    this.region = read.region
    this.time = read.time
    this.source = read.source
    this.name = read.name
    this.errorCode = read.errorCode
    this.readOnly = read.readOnly
    this.record = read.record
  }

  get actor(): Actor {
    return readActor(this.record)
  }
}

/** Not older than queues keep events, and not of a day that is yet to come. */
export function isTimely(at: number, { times }: Trust, now: number): boolean {
  return times === 'any' || (at >= now - oldestMs && at <= now + aheadMs)
}

/** What is older than the inbox remembers would be told again; NaN is no time at all. */
export function refuseTime(what: string, given: Json | undefined, at: number, trust: Trust, now: number): Refusal | null {
  if (Number.isNaN(at)) return refuse('not-an-event', what, given, 'an RFC 3339 time')
  return isTimely(at, trust, now) ? null : refuse('time-out-of-range', what, given, 'from 14 days ago to a day ahead')
}

/** Milliseconds since 1970, NaN when the text is no time. CloudTrail's own form, `2023-07-10T11:45:00Z`, is read by hand: `Date` takes six times as long. */
export function readTime(text: string): number {
  const own = text.length === 20 && text[10] === 'T' && text[19] === 'Z'
  if (!own) return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN
  const [month, day, hour, minute, second] = [two(text, 5), two(text, 8), two(text, 11), two(text, 14), two(text, 17)]
  const sane = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 60
  if (!sane) return Number.NaN
  return Date.UTC(two(text, 0) * 100 + two(text, 2), month - 1, day, hour, minute, second)
}

/** Two digits; out of every range when they are none. */
function two(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - 48, text.charCodeAt(at + 1) - 48]
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

interface Sets {
  readonly accounts: ReadonlySet<string> | null
  readonly regions: ReadonlySet<string> | null
  readonly hubs: ReadonlySet<string>
  readonly administrators: ReadonlySet<string>
}
const prepared = new WeakMap<Trust, Sets>()

/** Lists of hundreds of accounts would be searched for every event. */
export function setsOf(trust: Trust): Sets {
  const known = prepared.get(trust)
  if (known !== undefined) return known
  const { accounts, regions, hubs, administrators } = trust
  const sets = {
    accounts: accounts && new Set(accounts),
    regions: regions && new Set(regions),
    hubs: new Set(hubs),
    administrators: new Set(administrators),
  }
  prepared.set(trust, sets)
  return sets
}

export function isWord(value: Json | undefined): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 256
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** Why something cannot be used, in the words of all refusals. */
export function refuse(
  reason: RejectReason,
  what: string,
  given: Json | undefined | readonly (Json | undefined)[],
  allowed: string,
): Refusal {
  const shown = given === undefined ? 'nothing' : JSON.stringify(given)
  const short = shown.length > 120 ? `${shown.slice(0, 119)}…` : shown
  return { reason, detail: `${what}: given ${short}; allowed: ${allowed}` }
}
