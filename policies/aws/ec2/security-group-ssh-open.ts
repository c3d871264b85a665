import { definePolicy, type IpPermission, type ViolationDraft } from 'tripline'

/** Ports by which somebody takes over a machine. */
const adminPorts = new Map([
  [22, 'SSH'],
  [3389, 'RDP'],
])
/** Ports that are meant for the world. */
const webPorts = new Set([80, 443])
const world = new Set(['0.0.0.0/0', '::/0'])

export default definePolicy({
  id: 'AWS.EC2.SecurityGroup.OpenToWorld',
  displayName: 'Security group opens SSH or another port to the world',
  severity: 'HIGH',
  description: 'Machines behind this group can be reached by anyone on the internet on a port that is not for the public.',
  runbook:
    'Revoke the rule (`aws ec2 revoke-security-group-ingress`). For access to machines use Session Manager or a VPN; look in the logs for logins meanwhile.',
  reference: 'https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html',
  tags: ['AWS', 'EC2', 'Exposure'],
  reports: { CIS: ['5.2', '5.3'], PCI: ['1.2.1'] },
  resourceTypes: ['AWS.EC2.SecurityGroup'],
  graceSeconds: 0,
  evaluate: (group) => {
    const found = new Map<string, ViolationDraft>()
    for (const permission of group.IpPermissions ?? []) {
      for (const cidr of openRanges(permission)) {
        for (const { ports, label, severity } of portsOf(permission)) {
          const key = `${ports} ${cidr}`
          found.set(key, { key, title: `Security group ${group.Name} opens ${label} to the world (${cidr})`, severity })
        }
      }
    }
    return [...found.values()]
  },
  tests: [
    { name: 'SSH open to the world fails', expected: ['tcp/22 0.0.0.0/0'], resource: group(open(22)) },
    {
      name: 'a second port beside it is a violation of its own',
      expected: ['tcp/22 0.0.0.0/0', 'tcp/3389 0.0.0.0/0'],
      resource: group(open(22), open(3389)),
    },
    {
      name: 'each address family is a violation of its own',
      expected: ['tcp/22 0.0.0.0/0', 'tcp/22 ::/0'],
      resource: group({ ...open(22), Ipv6Ranges: [{ CidrIpv6: '::/0', Description: null }] }),
    },
    { name: 'a wide range keeps the key of SSH', expected: ['tcp/22 0.0.0.0/0'], resource: group(open(20, 25)) },
    {
      name: 'every port of a protocol is SSH and RDP',
      expected: ['tcp/22 0.0.0.0/0', 'tcp/3389 0.0.0.0/0'],
      resource: group(open(0, 65_535)),
    },
    {
      name: 'all traffic is one violation',
      expected: ['all 0.0.0.0/0'],
      resource: group({ ...open(22), IpProtocol: '-1', FromPort: null, ToPort: null }),
    },
    { name: 'a database port fails', expected: ['tcp/5432 0.0.0.0/0'], resource: group(open(5432)) },
    {
      name: 'a range of UDP ports fails',
      expected: ['udp/8000-9000 0.0.0.0/0'],
      resource: group({ ...open(8000, 9000), IpProtocol: 'udp' }),
    },
    { name: 'the same port twice is one violation', expected: ['tcp/22 0.0.0.0/0'], resource: group(open(22), open(22)) },
    { name: 'web ports pass', expected: true, resource: group(open(80), open(443)) },
    {
      name: 'SSH for the office passes',
      expected: true,
      resource: group({ ...open(22), IpRanges: [{ CidrIp: '203.0.113.0/24' }] }),
    },
    { name: 'ping passes', expected: true, resource: group({ ...open(8, -1), IpProtocol: 'icmp' }) },
    { name: 'a group without rules passes', expected: true, resource: { Name: 'api', IpPermissions: null } },
  ],
})

function openRanges({ IpRanges, Ipv6Ranges }: IpPermission): readonly string[] {
  const ranges = [...(IpRanges ?? []).map(({ CidrIp }) => CidrIp), ...(Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6)]
  return ranges.filter((range) => range !== null).filter((range) => world.has(range))
}

interface Ports {
  /** Stays the same while a rule is narrowed or widened around an administrative port. */
  readonly ports: string
  readonly label: string
  readonly severity: 'HIGH' | 'MEDIUM'
}

function portsOf({ IpProtocol: protocol, FromPort, ToPort }: IpPermission): readonly Ports[] {
  if (protocol === '-1') return [{ ports: 'all', label: 'all traffic', severity: 'HIGH' }]
  if (protocol !== 'tcp' && protocol !== 'udp') return []
  const [from, to] = [FromPort ?? 0, ToPort ?? 65_535]
  const range = from === to ? String(from) : `${from}-${to}`
  const within = from === to ? '' : `, within ${range}`
  const admin = [...adminPorts].filter(([port]) => protocol === 'tcp' && from <= port && port <= to)
  if (admin.length > 0) {
    return admin.map(([port, name]) => ({
      ports: `tcp/${port}`,
      label: `${name} (tcp ${port}${within})`,
      severity: 'HIGH' as const,
    }))
  }
  // HTTP/3 uses UDP 443.
  if (from === to && webPorts.has(from)) return []
  return [{ ports: `${protocol}/${range}`, label: `${protocol} ${range}`, severity: 'MEDIUM' }]
}

function group(...permissions: readonly object[]): Readonly<Record<string, unknown>> {
  return { Name: 'api', Id: 'sg-0b19d4c7e8f2a6035', IpPermissions: permissions }
}

function open(from: number, to = from): object {
  return { IpProtocol: 'tcp', FromPort: from, ToPort: to, IpRanges: [{ CidrIp: '0.0.0.0/0', Description: null }], Ipv6Ranges: null }
}
