import { definePolicy, type AttributesOf, type Others } from 'tripline'
import { publicWays, reading } from '../s3/public-access.ts'

export default definePolicy({
  id: 'AWS.CloudTrail.BucketPublic',
  displayName: 'Bucket of a trail is open to the public, or could become so',
  severity: 'HIGH',
  description:
    'The audit log says who does what in the account, with which keys and from where. Everybody may read the bucket that it is written to, or nothing stops the next grant or policy from allowing it.',
  runbook:
    'Turn on all four settings of the public access block of the bucket (`aws s3api put-public-access-block`), then remove the grant or statement. Look in its access logs for who read it meanwhile.',
  reference: 'https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html',
  tags: ['AWS', 'CloudTrail', 'S3', 'Exposure'],
  reports: { CIS: ['3.3'] },
  resourceTypes: ['AWS.CloudTrail'],
  graceSeconds: 0,
  evaluate: (trail, others) => {
    const bucket = bucketOf(trail, others)
    // A bucket that is not known may belong to another account, as that of an organisation's trail does: it is judged there, or by nobody.
    if (bucket === null) return true
    const open = publicWays(bucket, reading)
    return [
      ...(open.length > 0
        ? [
            {
              key: 'public',
              title: `Everybody can read the log of trail ${trail.Name} in S3 bucket ${bucket.Name}`,
              context: { through: open },
            },
          ]
        : []),
      ...(isBlocked(bucket)
        ? []
        : [
            {
              key: 'no block',
              title: `S3 bucket ${bucket.Name} of trail ${trail.Name} has no full public access block`,
              severity: 'MEDIUM' as const,
            },
          ]),
    ]
  },
  tests: [
    {
      name: 'an ACL that lets everybody read, without a block, is both',
      expected: ['public', 'no block'],
      resource: trail(),
      others: { 'arn:aws:s3:::audit': { Name: 'audit', Grants: everybodyReads() } },
    },
    {
      name: 'a block that only stops new ACLs leaves the log readable',
      expected: ['public', 'no block'],
      resource: trail(),
      others: {
        'arn:aws:s3:::audit': {
          Name: 'audit',
          Grants: everybodyReads(),
          PublicAccessBlockConfiguration: { ...block(), IgnorePublicAcls: false },
        },
      },
    },
    {
      name: 'a private bucket without a block fails',
      expected: ['no block'],
      resource: trail(),
      others: { 'arn:aws:s3:::audit': { Name: 'audit', Grants: null, PublicAccessBlockConfiguration: null } },
    },
    {
      name: 'the bucket is found in its partition',
      expected: ['no block'],
      resource: { ...trail(), Arn: 'arn:aws-us-gov:cloudtrail:us-gov-west-1:123456789012:trail/main' },
      others: { 'arn:aws-us-gov:s3:::audit': { Name: 'audit' } },
    },
    {
      name: 'a full block passes',
      expected: true,
      resource: trail(),
      others: { 'arn:aws:s3:::audit': { Name: 'audit', Grants: everybodyReads(), PublicAccessBlockConfiguration: block() } },
    },
    {
      name: 'a bucket that is not known passes',
      expected: true,
      resource: trail(),
      others: { 'arn:aws:s3:::another': { Name: 'another', Grants: everybodyReads() } },
    },
    { name: 'a trail without a bucket passes', expected: true, resource: { ...trail(), S3BucketName: null } },
  ],
})

function bucketOf({ Arn, S3BucketName }: AttributesOf<'AWS.CloudTrail'>, { lookUp }: Others): AttributesOf<'AWS.S3.Bucket'> | null {
  return S3BucketName === null ? null : lookUp<'AWS.S3.Bucket'>(`arn:${Arn.split(':')[1]}:s3:::${S3BucketName}`)
}

function isBlocked({ PublicAccessBlockConfiguration: is }: AttributesOf<'AWS.S3.Bucket'>): boolean {
  return (
    is?.BlockPublicAcls === true &&
    is.BlockPublicPolicy === true &&
    is.IgnorePublicAcls === true &&
    is.RestrictPublicBuckets === true
  )
}

function trail(): Readonly<Record<string, unknown>> {
  return { Name: 'main', Arn: 'arn:aws:cloudtrail:us-east-1:123456789012:trail/main', S3BucketName: 'audit' }
}

function everybodyReads(): readonly object[] {
  return [{ Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' }]
}

function block(): object {
  return { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true }
}
