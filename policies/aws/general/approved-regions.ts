import { definePolicy } from 'tripline'

/** Where resources may be; account-wide services are `global`. Off until somebody says where: docs/detections.md, "To change one". */
const approvedRegions = new Set(['us-east-1', 'us-east-2', 'global'])

export default definePolicy({
  id: 'AWS.Resource.ApprovedRegions',
  displayName: 'Resource outside the approved regions',
  enabled: false,
  severity: 'MEDIUM',
  description: 'Resources in a region that nobody works in are seldom watched: they are a mistake, forgotten, or somebody hiding.',
  runbook: 'Ask the owner to move or delete it. If nobody knows it, treat it as the work of an intruder.',
  reference: 'https://docs.aws.amazon.com/controltower/latest/userguide/region-deny.html',
  tags: ['AWS', 'Governance'],
  resourceTypes: [],
  evaluate: (resource) => {
    // AWS itself puts these into every region of every account.
    if (resource.ResourceType === 'AWS.EC2.NetworkACL' && resource['IsDefault'] === true) return true
    if (resource.ResourceType === 'AWS.EC2.VPC' && resource['IsDefault'] === true) return true
    if (resource.ResourceType === 'AWS.EC2.SecurityGroup' && resource.Name === 'default') return true
    return approvedRegions.has(resource.Region)
  },
  title: ({ ResourceType, ResourceId, Region }) => `${ResourceType} ${ResourceId} is in ${Region}, which is not approved`,
  tests: [
    { name: 'a bucket elsewhere fails', expected: false, resource: { ResourceType: 'AWS.S3.Bucket', Region: 'ap-southeast-3' } },
    {
      name: 'a VPC of our own elsewhere fails',
      expected: false,
      resource: { ResourceType: 'AWS.EC2.VPC', Region: 'sa-east-1', IsDefault: false },
    },
    {
      name: 'a named security group elsewhere fails',
      expected: false,
      resource: { ResourceType: 'AWS.EC2.SecurityGroup', Region: 'sa-east-1', Name: 'web' },
    },
    { name: 'an approved region passes', expected: true, resource: { ResourceType: 'AWS.KMS.Key', Region: 'us-east-2' } },
    { name: 'an account-wide service passes', expected: true, resource: { ResourceType: 'AWS.IAM.User', Region: 'global' } },
    {
      name: 'a default VPC passes',
      expected: true,
      resource: { ResourceType: 'AWS.EC2.VPC', Region: 'sa-east-1', IsDefault: true },
    },
    {
      name: 'a default network ACL passes',
      expected: true,
      resource: { ResourceType: 'AWS.EC2.NetworkACL', Region: 'sa-east-1', IsDefault: true },
    },
    {
      name: 'a default security group passes',
      expected: true,
      resource: { ResourceType: 'AWS.EC2.SecurityGroup', Region: 'sa-east-1', Name: 'default' },
    },
  ],
})
