import { isObject, type JsonObject } from '#model'
import { isTimely, readTime, refuse, setsOf } from './read-event.ts'
import { isRegion } from './region.ts'
import type { Refusal, Trust } from './decode.ts'

/** What a scheduled rule of EventBridge sends when its time has come: a sign of life of its account and region, and nothing else. */
export interface Heartbeat {
  readonly accountId: string
  readonly region: string
  readonly time: Date
  /** The name of the rule. */
  readonly rule: string
}

/** True for the envelope of a scheduled event: it holds no record. */
export function isScheduled(envelope: JsonObject): boolean {
  return envelope['detail-type'] === 'Scheduled Event'
}

/** Verifies a scheduled event: who sends it, for which account and region, and that its rule is of that account and region. */
export function readHeartbeat(envelope: JsonObject, trust: Trust, now: number): Heartbeat | Refusal {
  const { source, account, region, time, resources, detail } = envelope
  if (source !== 'aws.events') return refuse('unknown-source', 'source of a scheduled event', source, 'aws.events')
  const allowed = setsOf(trust)
  if (typeof account !== 'string' || !/^\d{12}$/.test(account) || allowed.accounts?.has(account) === false)
    return refuse('unknown-account', 'account of a scheduled event', account, 'a registered account')
  if (typeof region !== 'string' || !isRegion(region) || allowed.regions?.has(region) === false)
    return refuse('region-not-allowed', 'region of a scheduled event', region, 'an AWS region that is allowed')
  const at = typeof time === 'string' ? readTime(time) : Number.NaN
  if (Number.isNaN(at)) return refuse('not-an-event', 'time of a scheduled event', time, 'an RFC 3339 time')
  if (!isTimely(at, trust, now))
    return refuse('time-out-of-range', 'time of a scheduled event', time, 'from 14 days ago to a day ahead')
  const [arn, ...others] = Array.isArray(resources) ? resources : []
  const rule =
    typeof arn === 'string' ? /^arn:aws[a-z-]*:events:([^:]+):(\d{12}):rule\/(?:[^/]+\/)?([\w.-]{1,64})$/u.exec(arn) : null
  if (rule === null || others.length > 0 || (isObject(detail) && Object.keys(detail).length > 0))
    return refuse('not-an-event', 'resources of a scheduled event', resources, 'the ARN of one rule, and an empty detail')
  if (rule[1] !== region || rule[2] !== account)
    return refuse('account-mismatch', 'rule of a scheduled event', arn, `a rule of account ${account} in ${region}`)
  return { accountId: account, region, time: new Date(at), rule: rule[3] ?? '' }
}
