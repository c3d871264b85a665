import { definePolicy } from 'tripline'

export default definePolicy({
  id: 'AWS.VPC.DefaultSecurityGroup.RestrictsAllTraffic',
  displayName: 'AWS VPC Default Security Group Restricts All Traffic',
  severity: 'LOW',
  description:
    'The default security group of a VPC is given to everything that names no other. It should let nothing in or out, so that nothing is connected by oversight.',
  runbook: 'Give what uses the group one of its own, then remove all inbound and outbound rules of the default group.',
  reference: 'https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html',
  tags: ['AWS', 'VPC', 'Network'],
  reports: { CIS: ['5.4'], PCI: ['1.2.1'] },
  resourceTypes: ['AWS.EC2.SecurityGroup'],
  evaluate: ({ Name, IpPermissions, IpPermissionsEgress }) =>
    Name !== 'default' || ((IpPermissions ?? []).length === 0 && (IpPermissionsEgress ?? []).length === 0),
  title: ({ VpcId }) => `Default security group of ${VpcId ?? 'a VPC'} lets traffic through`,
  dedup: ({ Arn }) => Arn,
  tests: [
    {
      name: 'the rules that AWS gives it fail',
      expected: false,
      resource: {
        Name: 'default',
        VpcId: 'vpc-1',
        Arn: 'arn:aws:ec2:us-east-1:123456789012:security-group/sg-1',
        IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-1' }] }],
        IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      },
    },
    {
      name: 'a lone outbound rule fails',
      expected: false,
      resource: {
        Name: 'default',
        VpcId: 'vpc-1',
        Arn: 'arn:aws:ec2:us-east-1:123456789012:security-group/sg-1',
        IpPermissions: null,
        IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      },
    },
    { name: 'no rules pass', expected: true, resource: { Name: 'default', IpPermissions: null, IpPermissionsEgress: null } },
    { name: 'empty lists pass', expected: true, resource: { Name: 'default', IpPermissions: [], IpPermissionsEgress: [] } },
    {
      name: 'another group may have rules',
      expected: true,
      resource: { Name: 'web', IpPermissions: [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }], IpPermissionsEgress: null },
    },
  ],
})
