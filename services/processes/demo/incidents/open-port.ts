import { only, type Account } from '../account.ts'
import type { ApiCall } from '../cloudtrail-event.ts'
import { pipeline } from './callers.ts'

/** The group that the play opens. */
export const group = { id: 'sg-0b19d4c7e8f2a6035', name: 'payments-api' }

/** Opens a port of the group to the world. */
export function openPort(account: Account, port: number): void {
  only(account.securityGroups, ({ groupId }) => groupId === group.id, group.name).ipPermissions.push({
    ipProtocol: 'tcp',
    fromPort: port,
    toPort: port,
    ipRanges: [{ cidrIp: '0.0.0.0/0', description: 'temporary' }],
    ipv6Ranges: [],
    groups: [],
  })
}

/** The call that opened it. */
export function openPortCall(account: Account, port: number): ApiCall {
  const ruleId = `sgr-0${String(port).padStart(4, '0')}c8e1a4b7d2f5`
  return {
    source: 'ec2.amazonaws.com',
    name: 'AuthorizeSecurityGroupIngress',
    by: pipeline,
    request: {
      groupId: group.id,
      ipPermissions: {
        items: [
          {
            ipProtocol: 'tcp',
            fromPort: port,
            toPort: port,
            groups: {},
            ipRanges: { items: [{ cidrIp: '0.0.0.0/0', description: 'temporary' }] },
            ipv6Ranges: {},
            prefixListIds: {},
          },
        ],
      },
    },
    response: {
      _return: true,
      securityGroupRuleSet: {
        items: [
          {
            groupOwnerId: account.id,
            groupId: group.id,
            securityGroupRuleId: ruleId,
            isEgress: false,
            ipProtocol: 'tcp',
            fromPort: port,
            toPort: port,
            cidrIpv4: '0.0.0.0/0',
          },
        ],
      },
    },
  }
}
