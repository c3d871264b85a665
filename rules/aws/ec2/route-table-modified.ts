import { defineRule, type CloudTrailRecord } from 'tripline'
import { accountOf, actorOf, succeeded, textAt } from '../record.ts'

export default defineRule({
  id: 'AWS.EC2.RouteTableModified',
  displayName: 'EC2 Route Table Modified',
  severity: 'INFO',
  description:
    'A route decides where packets go: a wrong one cuts a network off, or leads its traffic past a firewall or to a stranger.',
  runbook: 'Check that the change was planned and that traffic still takes the way it should.',
  reference: 'https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html',
  tags: ['AWS', 'EC2', 'Network'],
  reports: { CIS: ['4.13'] },
  logTypes: ['AWS.CloudTrail'],
  match: {
    source: 'ec2.amazonaws.com',
    names: [
      'CreateRoute',
      'ReplaceRoute',
      'DeleteRoute',
      'CreateRouteTable',
      'DeleteRouteTable',
      'AssociateRouteTable',
      'DisassociateRouteTable',
      'ReplaceRouteTableAssociation',
    ],
  },
  evaluate: succeeded,
  title: (record) => `${subjectOf(record)} was modified by ${actorOf(record)} (${record.eventName})`,
  dedup: (record) => `${accountOf(record)} ${record.awsRegion} ${tableOf(record) ?? associationOf(record) ?? record.eventName}`,
  tests: [
    {
      name: 'a new route matches',
      expected: true,
      event: { requestParameters: { routeTableId: 'rtb-1', destinationCidrBlock: '0.0.0.0/0', gatewayId: 'igw-1' } },
    },
    {
      name: 'a new table matches',
      expected: true,
      event: {
        eventName: 'CreateRouteTable',
        requestParameters: { vpcId: 'vpc-1' },
        responseElements: { routeTable: { routeTableId: 'rtb-1' } },
      },
    },
    {
      name: 'a table taken from its subnet matches',
      expected: true,
      event: { eventName: 'DisassociateRouteTable', requestParameters: { associationId: 'rtbassoc-1' } },
    },
    {
      name: 'a refused attempt is silent',
      expected: false,
      event: { errorCode: 'Client.UnauthorizedOperation', requestParameters: { routeTableId: 'rtb-1' } },
    },
    { name: 'looking is silent', expected: false, event: { eventName: 'DescribeRouteTables' } },
  ],
})

function tableOf({ requestParameters, responseElements }: CloudTrailRecord): string | null {
  return textAt(requestParameters, 'routeTableId') ?? textAt(responseElements, 'routeTable', 'routeTableId')
}

/** What joins a table to a subnet; events that take it away name no table. */
function associationOf({ requestParameters }: CloudTrailRecord): string | null {
  return textAt(requestParameters, 'associationId')
}

function subjectOf(record: CloudTrailRecord): string {
  const [table, association] = [tableOf(record), associationOf(record)]
  if (table !== null) return `Route table ${table}`
  return association === null
    ? `A route table in ${record.awsRegion}`
    : `The association ${association} of a route table with its subnet`
}
