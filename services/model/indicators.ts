import type { AuditEvent } from './audit-event.ts'
import { isObject, type Json, type JsonObject } from './json.ts'

/** Panther's `p_any_…` fields: what an event names, whatever its format calls it. Each a sorted list without repeats; none is empty. */
export type Indicators = Readonly<Partial<Record<IndicatorField, readonly string[]>>>
export type IndicatorField = (typeof fieldsOf)[IndicatorName][number]
/** What a schema says of a field that it names. */
export type IndicatorName = keyof typeof fieldsOf

const fieldsOf = {
  actor_id: ['p_any_actor_ids'],
  aws_account_id: ['p_any_aws_account_ids'],
  aws_arn: ['p_any_aws_arns'],
  aws_instance_id: ['p_any_aws_instance_ids'],
  aws_tag: ['p_any_aws_tags'],
  domain: ['p_any_domain_names'],
  email: ['p_any_emails'],
  hostname: ['p_any_ip_addresses', 'p_any_domain_names'],
  ip: ['p_any_ip_addresses'],
  mac: ['p_any_mac_addresses'],
  md5: ['p_any_md5_hashes'],
  net_addr: ['p_any_ip_addresses', 'p_any_domain_names'],
  serial_number: ['p_any_serial_numbers'],
  sha1: ['p_any_sha1_hashes'],
  sha256: ['p_any_sha256_hashes'],
  trace_id: ['p_any_trace_ids'],
  url: ['p_any_ip_addresses', 'p_any_domain_names'],
  username: ['p_any_usernames'],
} as const

/** The fields that Panther adds to every event, for detections that read them. */
export type PantherFields = Indicators & {
  readonly p_log_type: string
  readonly p_row_id: string
  /** `2026-11-21 22:35:20.000`, UTC. */
  readonly p_event_time: string
  readonly p_parse_time: string
}

/**
 * Panther's own fields of an event (`p_log_type`, `p_event_time`, `p_any_ip_addresses` …): of a CloudTrail record and of a finding by looking
 * through it, of a log by what its schema declares. Made anew by every call: ask only when a detection does.
 */
export function pantherFields(event: AuditEvent, parsedAt: Date = new Date()): PantherFields {
  return {
    p_log_type: event.logType,
    p_row_id: event.id,
    p_event_time: pantherTime(event.time),
    p_parse_time: pantherTime(parsedAt),
    ...(event.indicators ?? indicatorsIn(event.record)),
  }
}

/** As Panther writes times: without the letters, always UTC. */
function pantherTime(time: Date): string {
  return time.toISOString().slice(0, 23).replace('T', ' ')
}

const [mostOfField, mostLetters] = [100, 2_048]

/** The fields for what an event names; at most 100 texts a field, each of at most 2,048 letters. */
export function indicatorsOf(named: Iterable<readonly [name: IndicatorName, text: string]>): Indicators {
  const list = createList()
  for (const [name, text] of named) list.add(name, text)
  return list.all()
}

interface List {
  add(name: IndicatorName, text: string): void
  all(): Indicators
}

function createList(): List {
  const found = new Map<IndicatorField, Set<string>>()
  const put = (field: IndicatorField, text: string): void => {
    const own = found.get(field) ?? new Set()
    found.set(field, own)
    if (own.size < mostOfField && text !== '' && text.length <= mostLetters) own.add(text)
  }
  /** A host is an address or a name. */
  const host = (text: string): void => put(isAddress(text) ? 'p_any_ip_addresses' : 'p_any_domain_names', text)
  return {
    add(name, given) {
      const text = given.trim()
      if (name === 'hostname') host(text)
      else if (name === 'net_addr') host(withoutPort(text))
      else if (name === 'url') host(hostOf(text))
      else if (name === 'ip') {
        if (isAddress(text)) put('p_any_ip_addresses', text)
      } else if (name === 'email') {
        put('p_any_emails', text)
        put('p_any_usernames', text.split('@')[0] ?? '')
      } else {
        put(fieldsOf[name][0], text)
        if (name === 'aws_arn') ofArn(text)
      }
    },
    all() {
      const fields = [...found].filter(([, texts]) => texts.size > 0).toSorted(([a], [b]) => (a < b ? -1 : 1))
      return Object.fromEntries(fields.map(([field, texts]) => [field, [...texts].toSorted()]))
    },
  }

  /** An ARN names its account, and that of a machine the machine. */
  function ofArn(arn: string): void {
    const [, , service, , account = '', ...rest] = arn.split(':')
    if (/^\d{12}$/u.test(account)) put('p_any_aws_account_ids', account)
    const machine = service === 'ec2' ? /^instance\/(i-[0-9a-f]{8,17})$/u.exec(rest.join(':'))?.[1] : undefined
    if (machine !== undefined) put('p_any_aws_instance_ids', machine)
  }
}

/** Written without Node, since authors' types lead here. */
function isAddress(text: string): boolean {
  if (/^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/u.test(text)) return true
  if (text.length > 39 || !/^[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:]*$/iu.test(text)) return false
  const [front = '', back, more] = text.split('::')
  const groups = [front, back ?? ''].flatMap((half) => (half === '' ? [] : half.split(':')))
  const isWhole = back === undefined ? groups.length === 8 : groups.length < 8 && more === undefined
  return isWhole && groups.every((group) => /^[0-9a-f]{1,4}$/iu.test(group))
}

/** `[::1]:443` and `host:443` without the port. */
function withoutPort(text: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/u.exec(text)?.[1] ?? /^([^:]*):\d+$/u.exec(text)?.[1] ?? text
}

function hostOf(text: string): string {
  const [, host = ''] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#]*)/iu.exec(text) ?? []
  return withoutPort(host)
}

/** What fields of these names hold, in CloudTrail's records and in AWS's findings; other texts tell by their form. */
const byKey: ReadonlyMap<string, IndicatorName> = new Map(
  Object.entries({
    accountid: 'aws_account_id',
    awsaccountid: 'aws_account_id',
    recipientaccountid: 'aws_account_id',
    affectedaccount: 'aws_account_id',
    username: 'username',
    principalid: 'actor_id',
    accesskeyid: 'actor_id',
    sourceipaddress: 'hostname',
    ipaddress: 'ip',
    ipaddressv4: 'ip',
    ipaddressv6: 'ip',
    privateipaddress: 'ip',
    publicip: 'ip',
    requestid: 'trace_id',
    eventid: 'trace_id',
    sharedeventid: 'trace_id',
    domain: 'domain',
  } as const),
)
const mostNodes = 10_000

/** Looks through a record that nobody declared. */
function indicatorsIn(record: JsonObject): Indicators {
  const list = createList()
  const waiting: (readonly [key: string, value: Json])[] = [['', record]]
  for (let looked = 0; waiting.length > 0 && looked < mostNodes; looked += 1) {
    const [key, value] = waiting.pop() as readonly [string, Json]
    if (typeof value === 'string') look(list, key, value)
    else if (Array.isArray(value)) for (const each of value as readonly Json[]) waiting.push([key, each])
    else if (isObject(value)) for (const [name, each] of Object.entries(value)) waiting.push([name, each])
  }
  return list.all()
}

function look(list: List, key: string, text: string): void {
  if (text.length > mostLetters) return
  if (text.startsWith('arn:')) return list.add('aws_arn', text)
  const name = byKey.get(key.toLowerCase())
  if (name !== undefined && (name !== 'aws_account_id' || /^\d{12}$/u.test(text))) list.add(name, text)
  else if (/^i-[0-9a-f]{8,17}$/u.test(text)) list.add('aws_instance_id', text)
  else if (/^[^\s@"<>]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/iu.test(text)) list.add('email', text)
  else if (isAddress(text)) list.add('ip', text)
}
