import type { Incident } from './incident.ts'
import { group, openPort, openPortCall } from './open-port.ts'

export const secondPortOpened: Incident = {
  title: `The next build opens a second port of ${group.name} beside it`,
  account: 'acme-prod',
  change: (account) => openPort(account, 3389),
  calls: (account) => [openPortCall(account, 3389)],
  copies: 1,
  expected: [
    { detection: 'AWS.EC2.SecurityGroup.OpenToWorld', channel: 'payments-alerts', about: '3389', state: 'new' },
    { detection: 'AWS.EC2.SecurityGroupModified', channel: 'platform-alerts', about: 'build-4711', state: 'repeated' },
  ],
}
