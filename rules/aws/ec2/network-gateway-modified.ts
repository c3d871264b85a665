import { defineRule, type CloudTrailRecord } from 'tripline'
import { accountOf, actorOf, succeeded, textAt } from '../record.ts'

export default defineRule({
  id: 'AWS.EC2.GatewayModified',
  displayName: 'EC2 Network Gateway Modified',
  severity: 'INFO',
  description:
    'A gateway decides how a network reaches the internet or other networks: a new one opens a way, a deleted one cuts it.',
  runbook: 'Check that the change was planned and that traffic still flows; a gateway that nobody planned is a way out for data.',
  reference: 'https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html',
  tags: ['AWS', 'EC2', 'Network'],
  reports: { CIS: ['4.12'] },
  logTypes: ['AWS.CloudTrail'],
  match: {
    source: 'ec2.amazonaws.com',
    names: [
      'CreateInternetGateway',
      'AttachInternetGateway',
      'DetachInternetGateway',
      'DeleteInternetGateway',
      'CreateCustomerGateway',
      'DeleteCustomerGateway',
      'CreateNatGateway',
      'DeleteNatGateway',
      'CreateEgressOnlyInternetGateway',
      'DeleteEgressOnlyInternetGateway',
      'CreateVpnGateway',
      'AttachVpnGateway',
      'DetachVpnGateway',
      'DeleteVpnGateway',
    ],
  },
  evaluate: succeeded,
  title: (record) =>
    `Network gateway ${gatewayOf(record) ?? 'in ' + record.awsRegion} was modified by ${actorOf(record)} (${record.eventName})`,
  dedup: (record) => `${accountOf(record)} ${record.awsRegion} ${gatewayOf(record) ?? record.eventName}`,
  tests: [
    {
      name: 'an attached internet gateway matches',
      expected: true,
      event: { eventName: 'AttachInternetGateway', requestParameters: { internetGatewayId: 'igw-1', vpcId: 'vpc-1' } },
    },
    {
      name: 'a new internet gateway matches',
      expected: true,
      event: { requestParameters: {}, responseElements: { internetGateway: { internetGatewayId: 'igw-1' } } },
    },
    {
      name: 'a deleted NAT gateway matches',
      expected: true,
      event: { eventName: 'DeleteNatGateway', requestParameters: { DeleteNatGatewayRequest: { NatGatewayId: 'nat-1' } } },
    },
    { name: 'a refused attempt is silent', expected: false, event: { errorCode: 'Client.UnauthorizedOperation' } },
    { name: 'looking is silent', expected: false, event: { eventName: 'DescribeInternetGateways' } },
  ],
})

/** The gateway's id. EC2 spells its calls in several ways. */
function gatewayOf(record: CloudTrailRecord): string | null {
  const { requestParameters: asked, responseElements: answered } = record
  return (
    textAt(asked, 'internetGatewayId') ??
    textAt(asked, 'natGatewayId') ??
    textAt(asked, 'customerGatewayId') ??
    textAt(asked, 'vpnGatewayId') ??
    textAt(asked, 'DeleteNatGatewayRequest', 'NatGatewayId') ??
    textAt(asked, 'DeleteEgressOnlyInternetGatewayRequest', 'EgressOnlyInternetGatewayId') ??
    textAt(answered, 'internetGateway', 'internetGatewayId') ??
    textAt(answered, 'CreateNatGatewayResponse', 'natGateway', 'natGatewayId') ??
    textAt(answered, 'customerGateway', 'customerGatewayId') ??
    textAt(answered, 'vpnGateway', 'vpnGatewayId')
  )
}
