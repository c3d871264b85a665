import { at, isObject, textAt, type Json } from '#model'

/** Members of these lists have words of their own; nothing said: the value itself stands. */
export const memberWords: ReadonlyMap<string, (value: Json) => readonly string[]> = new Map([
  ['IpPermissions', (value: Json) => permissions(value, 'from')],
  ['IpPermissionsEgress', (value: Json) => permissions(value, 'to')],
  ['Grants', grant],
  ['TargetGrants', grant],
  ['Entries', entry],
  ['Routes', route],
])

/** `tcp 22 from 0.0.0.0/0`, one for each peer. */
function permissions(value: Json, word: 'from' | 'to'): readonly string[] {
  const protocol = textAt(value, 'IpProtocol')
  if (protocol === null) return []
  const peers = peerLists.flatMap(([list, key]) => {
    const members = at(value, list)
    return Array.isArray(members) ? (members as readonly Json[]).flatMap((each) => peerOf(each, key) ?? []) : []
  })
  const ports = portsOf(protocol, at(value, 'FromPort'), at(value, 'ToPort'))
  return (peers.length === 0 ? ['nobody'] : peers).map((peer) => `${ports} ${word} ${peer}`)
}

const peerLists = [
  ['IpRanges', 'CidrIp'],
  ['Ipv6Ranges', 'CidrIpv6'],
  ['PrefixListIds', 'PrefixListId'],
  ['UserIdGroupPairs', 'GroupId'],
] as const

function peerOf(value: Json, key: string): string | null {
  const peer = textAt(value, key)
  const description = textAt(value, 'Description')
  return peer === null || description === null ? peer : `${peer} (${description})`
}

/** A rule of which only one list of peers is known: what stands inside of it names its port. */
export function isPeerList(name: string): boolean {
  return peerLists.some(([list]) => list === name)
}

const protocols: ReadonlyMap<string, string> = new Map([
  ['-1', 'all traffic'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['1', 'icmp'],
  ['58', 'icmpv6'],
])

function portsOf(protocol: string, from: Json | undefined, to: Json | undefined): string {
  const name = protocols.get(protocol) ?? protocol
  if (typeof from !== 'number' || protocol === '-1' || from === -1) return name
  if (from === 0 && to === 65_535) return `${name} all ports`
  return from === to || typeof to !== 'number' ? `${name} ${from}` : `${name} ${from}-${to}`
}

const groups: ReadonlyMap<string, string> = new Map([
  ['AllUsers', 'everyone (AllUsers)'],
  ['AuthenticatedUsers', 'every AWS account (AuthenticatedUsers)'],
  ['LogDelivery', 'S3 log delivery'],
])

/** `READ for everyone (AllUsers)`. */
function grant(value: Json): readonly string[] {
  const permission = textAt(value, 'Permission')
  if (permission === null) return []
  const grantee = at(value, 'Grantee')
  const group = textAt(grantee, 'URI')?.split('/').at(-1) ?? null
  const named = textAt(grantee, 'DisplayName') ?? textAt(grantee, 'EmailAddress') ?? textAt(grantee, 'ID') ?? 'somebody'
  return [`${permission} for ${group === null ? named : (groups.get(group) ?? group)}`]
}

/** A network ACL's entry: `allow tcp 22 from 0.0.0.0/0 (rule 100)`. */
function entry(value: Json): readonly string[] {
  const [action, protocol] = [textAt(value, 'RuleAction'), textAt(value, 'Protocol')]
  if (action === null || protocol === null) return []
  const range = at(value, 'PortRange')
  const ports = portsOf(protocol, at(range, 'From'), at(range, 'To'))
  const peer = textAt(value, 'CidrBlock') ?? textAt(value, 'Ipv6CidrBlock') ?? 'anywhere'
  const number = at(value, 'RuleNumber')
  const named = typeof number === 'number' ? ` (rule ${number})` : ''
  return [`${action} ${ports} ${at(value, 'Egress') === true ? 'to' : 'from'} ${peer}${named}`]
}

/** `0.0.0.0/0 through igw-1`. */
function route(value: Json): readonly string[] {
  const to =
    textAt(value, 'DestinationCidrBlock') ?? textAt(value, 'DestinationIpv6CidrBlock') ?? textAt(value, 'DestinationPrefixListId')
  if (to === null || !isObject(value)) return []
  const [through] = Object.entries(value).flatMap(([name, each]) =>
    name !== 'DestinationPrefixListId' && name.endsWith('Id') && typeof each === 'string' ? [each] : [],
  )
  return [through === undefined ? to : `${to} through ${through}`]
}
