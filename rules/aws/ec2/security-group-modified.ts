import { defineRule, type CloudTrailRecord } from 'tripline'
import { accountOf, actorOf, succeeded, textAt } from '../record.ts'

export default defineRule({
  id: 'AWS.EC2.SecurityGroupModified',
  displayName: 'EC2 Security Group Modified',
  severity: 'INFO',
  description:
    'A security group decides who may talk to a machine. Whether it is now too open is for the policies to say; this only tells of the change.',
  runbook: 'Check that the change was planned.',
  reference: 'https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html',
  tags: ['AWS', 'EC2', 'Network'],
  reports: { CIS: ['4.10'] },
  logTypes: ['AWS.CloudTrail'],
  match: {
    source: 'ec2.amazonaws.com',
    names: [
      'AuthorizeSecurityGroupIngress',
      'AuthorizeSecurityGroupEgress',
      'RevokeSecurityGroupIngress',
      'RevokeSecurityGroupEgress',
      'ModifySecurityGroupRules',
      'CreateSecurityGroup',
      'DeleteSecurityGroup',
    ],
  },
  evaluate: succeeded,
  title: (record) =>
    `Security group ${groupOf(record) ?? 'in ' + record.awsRegion} was modified by ${actorOf(record)} (${record.eventName})`,
  dedup: (record) => `${accountOf(record)} ${record.awsRegion} ${groupOf(record) ?? record.eventName}`,
  tests: [
    {
      name: 'a new inbound rule matches',
      expected: true,
      event: {
        requestParameters: {
          groupId: 'sg-1',
          ipPermissions: {
            items: [{ ipProtocol: 'tcp', fromPort: 22, toPort: 22, ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] } }],
          },
        },
      },
    },
    {
      name: 'a modified rule matches',
      expected: true,
      event: { eventName: 'ModifySecurityGroupRules', requestParameters: { ModifySecurityGroupRulesRequest: { GroupId: 'sg-1' } } },
    },
    {
      name: 'a new group matches',
      expected: true,
      event: { eventName: 'CreateSecurityGroup', requestParameters: { groupName: 'web' }, responseElements: { groupId: 'sg-1' } },
    },
    {
      name: 'a refused attempt is silent',
      expected: false,
      event: { errorCode: 'Client.InvalidPermission.Duplicate', requestParameters: { groupId: 'sg-1' } },
    },
    { name: 'looking is silent', expected: false, event: { eventName: 'DescribeSecurityGroups' } },
  ],
})

function groupOf({ requestParameters, responseElements }: CloudTrailRecord): string | null {
  return (
    textAt(requestParameters, 'groupId') ??
    textAt(responseElements, 'groupId') ??
    textAt(requestParameters, 'ModifySecurityGroupRulesRequest', 'GroupId') ??
    textAt(requestParameters, 'groupName')
  )
}
