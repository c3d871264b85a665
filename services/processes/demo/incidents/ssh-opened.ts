import type { Incident } from './incident.ts'
import { group, openPort, openPortCall } from './open-port.ts'

export const sshOpened: Incident = {
  title: `A build opens SSH of ${group.name} to the world`,
  account: 'acme-prod',
  change: (account) => openPort(account, 22),
  calls: (account) => [openPortCall(account, 22)],
  copies: 1,
  expected: [
    { detection: 'AWS.EC2.SecurityGroup.OpenToWorld', channel: 'payments-alerts', about: '22', state: 'new' },
    { detection: 'AWS.EC2.SecurityGroupModified', channel: 'platform-alerts', about: 'build-4711', state: 'new' },
  ],
}
