import { createHash } from 'node:crypto'
import { canonical, isObject, textAt, type Actor, type AuditEvent, type Json, type JsonObject, type ResourceRef } from '#model'
import type { Refusal, Trust } from './decode.ts'
import { findingKinds, type FindingKind } from './finding-kinds.ts'
import { isWord, readTime, refuse, refuseTime, setsOf } from './read-event.ts'
import { reported } from './reported.ts'
import { refOfArn } from './ref-of-arn.ts'
import { isRegion } from './region.ts'

/** What a finding may be about at most; more are not looked at. */
const mostAbout = 20
/** Security Hub sends at most 100 in one event. */
const mostFindings = 100

/** The findings in an envelope of EventBridge, each verified for itself; null when its detail type is none of theirs. */
export function readFindings(
  envelope: JsonObject,
  detail: JsonObject,
  trust: Trust,
  now: number,
): readonly (AuditEvent | Refusal)[] | null {
  const type = envelope['detail-type']
  const kind = typeof type === 'string' ? findingKinds.get(type) : undefined
  if (kind === undefined) return null
  if (envelope['source'] !== kind.source) return [refuse('unknown-source', 'source', envelope['source'], kind.source)]
  const records = kind.records(detail)
  if (records.length === 0 || records.length > mostFindings)
    return [refuse('not-an-event', 'findings of the detail', records.length, `1 to ${mostFindings}`)]
  return records.map((record) =>
    isObject(record) ? readFinding(kind, record, envelope, trust, now) : refuse('not-an-event', 'a finding', record, 'an object'),
  )
}

function readFinding(kind: FindingKind, record: JsonObject, envelope: JsonObject, trust: Trust, now: number): AuditEvent | Refusal {
  const name = kind.name(record)
  if (!isWord(name ?? undefined) || name === null)
    return refuse('not-an-event', 'the type of the finding', name, 'a text of at most 256 letters')
  const sender = envelope['account']
  const accountId = record[kind.account] ?? (kind.accountMayLack === true ? sender : undefined)
  const wrong = refuseAccount(kind, accountId, sender, trust)
  if (wrong !== null || typeof accountId !== 'string')
    return wrong ?? refuse('unknown-account', kind.account, accountId, 'a registered account')
  const region = record[kind.region] ?? envelope['region']
  const isWide = kind.gathersRegions === true
  if (typeof region !== 'string' || !(isRegion(region) || (isWide && region === 'global')))
    return refuse('region-not-allowed', kind.region, region, 'an AWS region')
  if (!isWide && region !== envelope['region'])
    return refuse('region-not-allowed', kind.region, region, `${JSON.stringify(envelope['region'])}, as the envelope says`)
  const { regions } = setsOf(trust)
  if (regions !== null && region !== 'global' && !regions.has(region))
    return refuse('region-not-allowed', kind.region, region, [...regions].join(', '))
  // The envelope's time is when AWS told it; a finding's own times are often those of the day when it was first seen.
  const when = envelope['time']
  const at = typeof when === 'string' ? readTime(when) : Number.NaN
  const late = refuseTime('time', when, at, trust, now)
  if (late !== null) return late
  const where = { accountId, region }
  return {
    // An update of a finding says more and is another event; a copy of one is the same, whoever sent it.
    id: createHash('sha256')
      .update(`${kind.logType}\n${canonical(record)}`)
      .digest('hex'),
    ...where,
    time: new Date(at),
    source: kind.source,
    name,
    errorCode: null,
    readOnly: true,
    logType: kind.logType,
    actor: reporterOf(kind, textAt(record, 'service', 'action', 'awsApiCallAction', 'remoteIpDetails', 'ipAddressV4')),
    about: refsOf(kind.about(record, where), where),
    record,
  }
}

/**
 * A finding is of a registered account, and sent by that account's own bus or by one that may speak for others: an administrator's, to whom
 * AWS gives the findings of its members under its own number.
 */
function refuseAccount(kind: FindingKind, accountId: Json | undefined, sender: Json | undefined, trust: Trust): Refusal | null {
  if (typeof accountId !== 'string' || !/^\d{12}$/u.test(accountId))
    return refuse('unknown-account', kind.account, accountId, 'a registered account of 12 digits')
  const { accounts, hubs, administrators } = setsOf(trust)
  if (accounts === null) return null
  if (!accounts.has(accountId)) return refuse('unknown-account', kind.account, accountId, 'a registered account')
  const mayTell = sender === accountId || (typeof sender === 'string' && (hubs.has(sender) || administrators.has(sender)))
  const allowed = `${accountId}, as the finding says, or one of \`findings.administrators\``
  return mayTell ? null : refuse('account-mismatch', 'account of the envelope', sender, allowed)
}

function refsOf(arns: readonly (string | null)[], where: { accountId: string; region: string }): readonly ResourceRef[] {
  const refs = new Map<string, ResourceRef>()
  for (const arn of arns.slice(0, mostAbout)) {
    const ref = arn === null ? null : refOfArn(arn, where)
    if (ref !== null && !refs.has(ref.id)) refs.set(ref.id, ref)
  }
  return [...refs.values()]
}

function reporterOf({ reporter }: FindingKind, sourceAddress: string | null): Actor {
  return { ...reported(reporter, 'AWS security service'), sourceAddress }
}
