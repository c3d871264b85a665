import { at, canonical, isObject, textAt, type Json, type JsonObject } from '#model'
import { line } from './text.ts'

const longest = 300

/** A whole policy document, or one statement: `Allow s3:GetObject on arn:… to everyone`. Nothing where it is neither. */
export function statementWords(value: Json): readonly string[] {
  if (at(value, 'Statement') !== undefined) return listed(at(value, 'Statement')).flatMap(statementWords)
  const effect = textAt(value, 'Effect')
  if (effect === null) return []
  const resource = at(value, 'Resource') === undefined ? '' : ` on ${some(at(value, 'Resource'))}`
  const who = at(value, 'Principal') === undefined ? '' : ` to ${principalWords(at(value, 'Principal'))}`
  const condition = at(value, 'Condition') === undefined ? '' : ` if ${conditionWords(at(value, 'Condition') ?? null)}`
  return [`${effect} ${actionsOf(value)}${resource}${who}${condition}`]
}

/** What a difference inside a statement is about, and its sides: who may, what they may, on what, under which condition. */
export function insideStatement(
  fields: readonly string[],
  inside: JsonObject,
): { readonly what: string; readonly say: (value: Json) => readonly string[]; readonly nothing: string } {
  const [field = '', ...deeper] = fields
  const sid = textAt(inside, 'Sid')
  const [may, named] = [textAt(inside, 'Effect') === 'Deny' ? 'may not' : 'may', sid === null ? '' : ` (${line(sid, 60)})`]
  const who = at(inside, 'Principal') === undefined ? null : principalWords(at(inside, 'Principal'))
  const does = at(inside, 'Action') === undefined && at(inside, 'NotAction') === undefined ? 'do this' : actionsOf(inside)
  switch (field) {
    case 'Principal':
      return {
        what: `who ${may} ${does}${named}`,
        say: (value) => [principalWords(deeper.length === 0 ? value : { [deeper[0] ?? 'AWS']: value })],
        nothing: 'nobody',
      }
    case 'Action':
      return { what: `what ${who ?? 'it'} ${may} do${named}`, say: (value) => [some(value)], nothing: 'nothing' }
    case 'Resource':
      return { what: `on what ${who ?? 'it'} ${may} ${does}${named}`, say: (value) => [some(value)], nothing: 'nothing' }
    case 'Condition':
      return {
        what: `when ${who ?? 'it'} ${may} ${does}${named}`,
        say: (value) => [`if ${conditionWords(nested(deeper, value))}`],
        nothing: 'always',
      }
    default:
      return {
        what: `${does}${who === null ? '' : ` by ${who}`}${named}, ${line(fields.join('.'), 80)}`,
        say: (value) => [some(value)],
        nothing: 'not set',
      }
  }
}

/** A value below an operator and, where they are named, its key. Keys hold dots. */
function nested([operator, ...key]: readonly string[], value: Json): Json {
  if (operator === undefined) return value
  return { [operator]: key.length === 0 ? value : { [key.join('.')]: value } }
}

function actionsOf(value: Json): string {
  return at(value, 'Action') === undefined ? `all but ${some(at(value, 'NotAction'))}` : some(at(value, 'Action'))
}

/** `everyone`, `account 111122223333`, a service's name, an ARN. */
function principalWords(value: Json | undefined): string {
  if (value === '*' || at(value, 'AWS') === '*') return 'everyone'
  const names = isObject(value) ? Object.values(value).flatMap(listed) : listed(value)
  return names.includes('*') ? 'everyone' : some(names.map((each) => (typeof each === 'string' ? accountWords(each) : each)))
}

function accountWords(name: string): string {
  const account = /^(?:arn:aws[\w-]*:iam::)?(\d{12})(?::root)?$/u.exec(name)?.[1]
  return account === undefined ? name : `account ${account}`
}

const operators: ReadonlyMap<string, string> = new Map([
  ['stringequals', 'is'],
  ['stringequalsignorecase', 'is'],
  ['arnequals', 'is'],
  ['bool', 'is'],
  ['numericequals', 'is'],
  ['stringnotequals', 'is not'],
  ['arnnotequals', 'is not'],
  ['stringlike', 'is like'],
  ['arnlike', 'is like'],
  ['stringnotlike', 'is not like'],
  ['arnnotlike', 'is not like'],
  ['ipaddress', 'is in'],
  ['notipaddress', 'is not in'],
])

/** `aws:SourceVpce is vpce-1 and aws:SecureTransport is true`. */
function conditionWords(value: Json): string {
  if (!isObject(value)) return plain(value)
  const words = Object.entries(value).flatMap(([operator, keys]) => {
    if (!isObject(keys)) return [`${operator} ${plain(keys)}`]
    const said = operators.get(operator.toLowerCase()) ?? operator
    return Object.entries(keys).map(([key, each]) => `${key} ${said} ${some(each).replaceAll(', ', ' or ')}`)
  })
  return line(words.join(' and '), longest)
}

function some(value: Json | undefined): string {
  const members = listed(value).map(plain)
  const shown = members.slice(0, 3).join(', ')
  return members.length > 3 ? `${shown} and ${members.length - 3} more` : shown
}

function listed(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? (value as readonly Json[]) : [value]
}

function plain(value: Json): string {
  return line(typeof value === 'string' ? value : canonical(value), longest)
}
