import { definePolicy, type AttributesOf } from 'tripline'
import { publicWays } from './public-access.ts'

export default definePolicy({
  id: 'AWS.S3.Bucket.PublicWrite',
  displayName: 'S3 bucket can be written by everybody',
  severity: 'CRITICAL',
  description: 'Anyone on the internet can put, replace or delete objects of this bucket, or change who may use it.',
  runbook:
    'Turn on the public access block of the bucket (`aws s3api put-public-access-block`), then remove the grant or statement. Check what was written or deleted meanwhile.',
  reference: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html',
  tags: ['AWS', 'S3', 'Exposure'],
  reports: { CIS: ['2.1.4'], PCI: ['1.2.1'] },
  resourceTypes: ['AWS.S3.Bucket'],
  graceSeconds: 0,
  evaluate: (bucket) => writers(bucket).length === 0,
  title: (bucket) => `S3 bucket ${bucket.Name} can be written by everybody`,
  context: (bucket) => ({ through: writers(bucket) }),
  tests: [
    {
      name: 'an ACL that lets everybody write fails',
      expected: false,
      resource: {
        Name: 'inbox',
        Grants: [{ Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'WRITE' }],
      },
    },
    {
      name: 'an ACL that lets everybody change the ACL fails',
      expected: false,
      resource: {
        Name: 'inbox',
        Grants: [{ Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers' }, Permission: 'WRITE_ACP' }],
      },
    },
    {
      name: 'a policy that lets everybody delete objects fails',
      expected: false,
      resource: {
        Name: 'inbox',
        Policy: JSON.stringify({ Statement: { Effect: 'Allow', Principal: '*', Action: 's3:Delete*', Resource: '*' } }),
      },
    },
    {
      name: 'a policy that allows all but reading fails',
      expected: false,
      resource: {
        Name: 'inbox',
        Policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*', NotAction: 's3:Get*', Resource: '*' }] }),
      },
    },
    {
      name: 'the public access block closes the ACL',
      expected: true,
      resource: {
        Name: 'inbox',
        Grants: [{ Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'WRITE' }],
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    },
    {
      name: 'a bucket that everybody may only read passes here',
      expected: true,
      resource: {
        Name: 'website',
        Grants: [{ Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' }],
        Policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' }] }),
      },
    },
    {
      name: 'a denial for everybody wins over the permission',
      expected: true,
      resource: {
        Name: 'inbox',
        Policy: JSON.stringify({
          Statement: [
            { Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource: 'arn:aws:s3:::inbox/*' },
            { Effect: 'Deny', Principal: '*', Action: 's3:Put*', Resource: 'arn:aws:s3:::inbox/*' },
          ],
        }),
      },
    },
  ],
})

function writers(bucket: AttributesOf<'AWS.S3.Bucket'>): readonly string[] {
  return publicWays(bucket, {
    permissions: ['WRITE', 'WRITE_ACP', 'FULL_CONTROL'],
    actions: [
      's3:putobject',
      's3:putobjectacl',
      's3:deleteobject',
      's3:deleteobjectversion',
      's3:putbucketacl',
      's3:putbucketpolicy',
      's3:deletebucket',
    ],
  })
}
