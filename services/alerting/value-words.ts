import { canonical, isObject, type Json } from '#model'
import { momentOf } from './slack-looks.ts'
import { line } from './text.ts'

const longest = 300
const mostMembers = 6
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/u
/** Flags that are switches; of others it is said whether it is so. */
const switches = /Enabled?$|^(?:Block|Ignore|Restrict|Enable|Is\w+Logging)|Protection$|Logging$|Rotation$|Encrypt/u
/** What numbers count, by the end of their attribute's name; the first that fits. */
const units: readonly (readonly [name: RegExp, unit: string])[] = [
  [/(?:Days|PasswordAge)$/u, 'days'],
  [/(?:Minutes)$/u, 'minutes'],
  [/(?:Seconds|SessionDuration|MessageRetentionPeriod|VisibilityTimeout|KmsDataKeyReusePeriodSeconds)$/u, 's'],
  [/(?:BackupRetentionPeriod|SnapshotRetentionPeriod)$/u, 'days'],
  [/(?:AllocatedStorage|VolumeSize)$/u, 'GiB'],
  [/(?:MemorySize)$/u, 'MB'],
]

/** A value of an attribute in words: a switch is on or off, a time is one, a number has its unit. */
export function valueWords(name: string, value: Json): string {
  if (value === null) return absence(name)
  if (typeof value === 'boolean') return switches.test(name) ? (value ? 'on' : 'off') : value ? 'yes' : 'no'
  if (typeof value === 'number') return numberWords(name, value)
  if (typeof value === 'string') return textWords(name, value)
  if (isObject(value)) return fieldsWords(value)
  return joined(value.map((each) => valueWords(name, each)))
}

/** What stands for a value that is not there. */
export function absence(name: string): string {
  const isMany = /[^su]s$/u.test(name) || name.endsWith('Egress')
  return isMany && units.every(([pattern]) => !pattern.test(name)) ? 'nothing' : 'not set'
}

function numberWords(name: string, value: number): string {
  const unit = units.find(([pattern]) => pattern.test(name))?.[1]
  return unit === undefined ? String(value) : `${value} ${value === 1 ? unit.replace(/s$/u, unit === 's' ? 's' : '') : unit}`
}

/** Attributes of queues and topics are texts, whatever they say. */
function textWords(name: string, value: string): string {
  if (value === 'true' || value === 'false') return valueWords(name, value === 'true')
  if (/^\d{1,9}$/u.test(value) && units.some(([pattern]) => pattern.test(name))) return numberWords(name, Number(value))
  if (value === '') return 'empty'
  return time.test(value) ? momentOf(value) : line(value, longest)
}

/** `Status Enabled, Days 30 days`: the fields that are set. */
function fieldsWords(value: { readonly [name: string]: Json }): string {
  const set = Object.entries(value).filter(([, each]) => each !== null)
  if (set.length === 0) return 'empty'
  if (set.length > mostMembers || set.some(([, each]) => typeof each === 'object')) return line(canonical(value), longest)
  return line(set.map(([name, each]) => `${nameWords(name)} ${valueWords(name, each)}`).join(', '), longest)
}

const acronym = /^(Acl|Ami|Arn|Aws|Db|Dns|Ebs|Http|Https|Iam|Id|Ip|Kms|Mfa|Sns|Sqs|Ssl|Tls|Url|Vpc)(s?)$/u

/** `PubliclyAccessible` is `Publicly accessible`, `KMSMasterKeyID` is `KMS master key ID`. Names that people gave stay as they are. */
export function nameWords(name: string): string {
  if (!/^[A-Z][A-Za-z0-9]{1,60}$/u.test(name)) return line(name, 100)
  const words = name.match(/[A-Z]+s?(?![a-z])|[A-Z][a-z0-9]*|[0-9]+/gu) ?? [name]
  return words
    .map((word, index) => {
      const [, letters, plural] = acronym.exec(word) ?? []
      if (letters !== undefined) return `${letters.toUpperCase()}${plural ?? ''}`
      return index === 0 || /^[A-Z]{2}|\d/u.test(word) ? word : word.toLowerCase()
    })
    .join(' ')
}

/** A few of them, and how many more. */
export function joined(members: readonly string[]): string {
  const shown = members.slice(0, mostMembers).map((each) => line(each, longest))
  const words = members.length > mostMembers ? [...shown, `and ${members.length - mostMembers} more`] : shown
  return line(words.join(', '), 400)
}
