import { at, canonical, isObject, textAt, type Difference, type Json } from '#model'
import { line } from './text.ts'

/** One change as people say it: what, and its two sides. */
export interface Words {
  readonly what: string
  readonly before: string
  readonly after: string
}

const longest = 300
const mostMembers = 6

/** The differences in words: list members that came and went stand together, rules, grants and statements are said as such. */
export function differencesInWords(differences: readonly Difference[]): readonly Words[] {
  return [...Map.groupBy(differences, ({ path }) => path)].flatMap(([path, same]) => {
    const before = same.flatMap((each) => sides(path, each.before))
    const after = same.flatMap((each) => sides(path, each.after))
    // AWS groups rules by port: a new address shows as an old and a new group. Only what differs is said.
    const [gone, came] = [without(before, after), without(after, before)]
    if (gone.length + came.length === 0) return [{ what: nameOf(path), before: 'as before', after: 'rewritten' }]
    return [{ what: nameOf(path), before: joined(gone), after: joined(came) }]
  })
}

function sides(path: string, value: Json): readonly string[] {
  if (value === null) return []
  const kind = path.split('.').find((part) => Object.hasOwn(kinds, part))
  const say = kind === undefined ? undefined : kinds[kind]
  const members = Array.isArray(value) ? (value as readonly Json[]) : [value]
  return members.flatMap((member) => {
    const said = say?.(member) ?? []
    return said.length > 0 ? said : [plain(member)]
  })
}

/** How members of well-known lists are said. Nothing said: the value itself stands. */
const kinds: Readonly<Record<string, (value: Json) => readonly string[]>> = {
  IpPermissions: (value) => permissions(value, 'from'),
  IpPermissionsEgress: (value) => permissions(value, 'to'),
  Grants: grant,
  Policy: policy,
  AssumeRolePolicyDocument: policy,
  InlinePolicies: policy,
}

/** `tcp 22 from 0.0.0.0/0`, one for each peer. */
function permissions(value: Json, word: 'from' | 'to'): readonly string[] {
  const protocol = textAt(value, 'IpProtocol')
  if (protocol === null) return []
  const peers = [
    ...texts(value, 'IpRanges', 'CidrIp'),
    ...texts(value, 'Ipv6Ranges', 'CidrIpv6'),
    ...texts(value, 'PrefixListIds', 'PrefixListId'),
    ...texts(value, 'UserIdGroupPairs', 'GroupId'),
  ]
  const ports = portsOf(protocol, at(value, 'FromPort'), at(value, 'ToPort'))
  return (peers.length === 0 ? ['nobody'] : peers).map((peer) => `${ports} ${word} ${peer}`)
}

function portsOf(protocol: string, from: Json | undefined, to: Json | undefined): string {
  const name = { '-1': 'all traffic', '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmpv6' }[protocol] ?? protocol
  if (typeof from !== 'number' || protocol === '-1' || from === -1) return name
  if (from === 0 && to === 65_535) return `${name} all ports`
  return from === to || typeof to !== 'number' ? `${name} ${from}` : `${name} ${from}-${to}`
}

const groups: Readonly<Record<string, string>> = {
  AllUsers: 'everyone (AllUsers)',
  AuthenticatedUsers: 'every AWS account (AuthenticatedUsers)',
  LogDelivery: 'S3 log delivery',
}

/** `READ for everyone (AllUsers)`. */
function grant(value: Json): readonly string[] {
  const permission = textAt(value, 'Permission')
  if (permission === null) return []
  const grantee = at(value, 'Grantee')
  const group = textAt(grantee, 'URI')?.split('/').at(-1) ?? null
  const named = textAt(grantee, 'DisplayName') ?? textAt(grantee, 'EmailAddress') ?? textAt(grantee, 'ID') ?? 'somebody'
  return [`${permission} for ${group === null ? named : (groups[group] ?? group)}`]
}

/** A whole policy, or one statement: `Allow s3:GetObject on arn:… to everyone`. */
function policy(value: Json): readonly string[] {
  if (at(value, 'Statement') !== undefined) return listed(at(value, 'Statement')).flatMap(policy)
  const effect = textAt(value, 'Effect')
  if (effect === null) return []
  const actions = at(value, 'Action') === undefined ? `all but ${some(at(value, 'NotAction'))}` : some(at(value, 'Action'))
  const resource = at(value, 'Resource') === undefined ? '' : ` on ${some(at(value, 'Resource'))}`
  const who = at(value, 'Principal') === undefined ? '' : ` to ${principal(at(value, 'Principal'))}`
  const condition = at(value, 'Condition') === undefined ? '' : ` if ${plain(at(value, 'Condition') ?? null)}`
  return [`${effect} ${actions}${resource}${who}${condition}`]
}

function principal(value: Json | undefined): string {
  if (value === '*' || at(value, 'AWS') === '*') return 'everyone'
  if (!isObject(value)) return some(value)
  const names = Object.values(value).flatMap((each) => listed(each))
  return names.includes('*') ? 'everyone' : some(names)
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

function texts(value: Json, list: string, key: string): readonly string[] {
  return listed(at(value, list)).flatMap((each) => textAt(each, key) ?? [])
}

function plain(value: Json): string {
  return line(typeof value === 'string' ? value : canonical(value), longest)
}

function joined(members: readonly string[]): string {
  if (members.length === 0) return 'nothing'
  const shown = members.slice(0, mostMembers).map((each) => line(each, longest))
  const words = members.length > mostMembers ? [...shown, `and ${members.length - mostMembers} more`] : shown
  return line(words.join(', '), 400)
}

/** Members of `list` that `other` does not hold. */
function without(list: readonly string[], other: readonly string[]): readonly string[] {
  const there = new Set(other)
  return [...new Set(list)].filter((each) => !there.has(each))
}

const names: Readonly<Record<string, string>> = {
  IpPermissions: 'Inbound rules',
  IpPermissionsEgress: 'Outbound rules',
  ManagedPolicyNames: 'Managed policies',
  AssumeRolePolicyDocument: 'Who may assume it',
  Grants: 'Grants',
}

/** A path as people read it: `IpPermissions` is `Inbound rules`, `Policy.Statement` is `Policy`. */
function nameOf(path: string): string {
  const [head = '', ...rest] = path.split('.')
  const inside = rest.filter((part) => part !== 'Statement').join('.')
  const name = Object.hasOwn(names, head) ? (names[head] ?? head) : head
  return line(inside === '' ? name : `${name}.${inside}`, 120)
}
