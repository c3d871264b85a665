import { definePolicy, type AttributesOf } from 'tripline'
import { publicWays, reading } from './public-access.ts'

export default definePolicy({
  id: 'AWS.S3.Bucket.PublicRead',
  displayName: 'S3 bucket can be read by everybody',
  severity: 'HIGH',
  description: 'Anyone on the internet can list or download what is in this bucket, through its ACL or its policy.',
  runbook:
    'Turn on the public access block of the bucket (`aws s3api put-public-access-block`), then remove the grant or statement. Look in the access logs for who read what meanwhile.',
  reference: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html',
  tags: ['AWS', 'S3', 'Exposure'],
  reports: { CIS: ['2.1.4'], PCI: ['1.2.1'] },
  resourceTypes: ['AWS.S3.Bucket'],
  graceSeconds: 0,
  evaluate: (bucket) => readers(bucket).length === 0,
  title: (bucket) => `S3 bucket ${bucket.Name} can be read by everybody`,
  context: (bucket) => ({ through: readers(bucket) }),
  tests: [
    {
      name: 'an ACL that lets everybody read fails',
      expected: false,
      resource: {
        Name: 'exports',
        Grants: [{ Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' }],
      },
    },
    {
      name: 'an ACL that gives full control to every AWS account fails',
      expected: false,
      resource: {
        Name: 'exports',
        Grants: [{ Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers' }, Permission: 'FULL_CONTROL' }],
      },
    },
    {
      name: 'a policy that lets everybody get objects fails',
      expected: false,
      resource: {
        Name: 'exports',
        Policy: JSON.stringify({
          Statement: [{ Effect: 'Allow', Principal: { AWS: ['*'] }, Action: 's3:Get*', Resource: 'arn:aws:s3:::exports/*' }],
        }),
      },
    },
    {
      name: 'a condition that everybody meets does not help',
      expected: false,
      resource: {
        Name: 'exports',
        Policy: JSON.stringify({
          Statement: {
            Effect: 'Allow',
            Principal: '*',
            Action: ['s3:GetObject'],
            Resource: '*',
            Condition: { IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } },
          },
        }),
      },
    },
    {
      name: 'a block that only stops new policies does not help',
      expected: false,
      resource: {
        Name: 'exports',
        Policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] }),
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: false,
          RestrictPublicBuckets: false,
        },
      },
    },
    {
      name: 'the public access block closes ACL and policy',
      expected: true,
      resource: {
        Name: 'exports',
        Grants: [{ Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' }],
        Policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' }] }),
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: false,
          BlockPublicPolicy: false,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    },
    {
      name: 'a policy for one organisation passes',
      expected: true,
      resource: {
        Name: 'exports',
        Policy: JSON.stringify({
          Statement: [
            {
              Effect: 'Allow',
              Principal: '*',
              Action: 's3:GetObject',
              Resource: '*',
              Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } },
            },
          ],
        }),
      },
    },
    {
      name: 'a policy that everybody may only write through passes here',
      expected: true,
      resource: {
        Name: 'inbox',
        Policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource: '*' }] }),
      },
    },
    {
      name: 'a bucket for its owner only passes',
      expected: true,
      resource: {
        Name: 'exports',
        Grants: [{ Grantee: { ID: 'abc', Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' }],
        Policy: null,
      },
    },
  ],
})

function readers(bucket: AttributesOf<'AWS.S3.Bucket'>): readonly string[] {
  return publicWays(bucket, reading)
}
