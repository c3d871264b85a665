import type { Incident } from './incident.ts'
import { group, openPort, openPortCall } from './open-port.ts'

export const secondPortOpened: Incident = {
  title: `The same build opens a second port of ${group.name} beside it`,
  account: 'acme-prod',
  change: (account) => openPort(account, 3389),
  calls: (account) => [openPortCall(account, 3389)],
  copies: 1,
  expected: [
    { detection: 'AWS.EC2.SecurityGroup.OpenToWorld', channel: 'payments-alerts', about: '3389', state: 'new' },
    { detection: '2 findings by build-4711', channel: 'payments-alerts', about: 'Terraform', state: 'thread' },
    { detection: 'AWS.EC2.SecurityGroup.OpenToWorld', channel: 'payments-alerts', about: '(tcp 22)', state: 'detail' },
    { detection: 'AWS.EC2.SecurityGroupModified', channel: 'platform-alerts', about: 'build-4711', state: 'repeated' },
  ],
}
