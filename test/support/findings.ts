import { randomUUID } from 'node:crypto'

interface Given {
  /** Of the envelope. */
  readonly account: string
  readonly source: string
  readonly type: string
  readonly detail: Record<string, unknown>
  readonly region?: string
  readonly time?: Date
}

/** What EventBridge delivers for a service that found something, in the form that AWS documents. */
export function aFindingEnvelope({
  account,
  source,
  type,
  detail,
  region = 'us-east-1',
  time = new Date(),
}: Given): Record<string, unknown> {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': type,
    source,
    account,
    time: `${time.toISOString().slice(0, 19)}Z`,
    region,
    resources: [],
    detail,
  }
}

/** GuardDuty saw somebody guess passwords on a machine. */
export function aGuardDutyFinding(account: string, given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    schemaVersion: '2.0',
    accountId: account,
    region: 'us-east-1',
    partition: 'aws',
    id: '16afba5c5c43e07c9e3e5e2e544e95df',
    arn: `arn:aws:guardduty:us-east-1:${account}:detector/1234567890/finding/16afba5c5c43e07c9e3e5e2e544e95df`,
    type: 'UnauthorizedAccess:EC2/SSHBruteForce',
    resource: {
      resourceType: 'Instance',
      instanceDetails: { instanceId: 'i-0b1d2f3a4b5c6d7e8', instanceType: 't3.micro', availabilityZone: 'us-east-1a' },
    },
    service: {
      serviceName: 'guardduty',
      detectorId: '1234567890',
      action: { actionType: 'NETWORK_CONNECTION', networkConnectionAction: { remoteIpDetails: { ipAddressV4: '198.51.100.0' } } },
      resourceRole: 'TARGET',
      eventFirstSeen: '2026-11-21T09:00:00Z',
      eventLastSeen: '2026-11-21T10:00:00Z',
      archived: false,
      count: 3,
    },
    severity: 8,
    createdAt: '2026-11-21T09:05:00.000Z',
    updatedAt: '2026-11-21T10:05:00.000Z',
    title: '198.51.100.0 is performing SSH brute force attacks against i-0b1d2f3a4b5c6d7e8.',
    description: 'An address tries many passwords.',
    ...given,
  }
}
