import { only } from '../account.ts'
import { xsi } from '../aws-s3.ts'
import { dana } from './callers.ts'
import type { Incident } from './incident.ts'

const bucket = 'acme-customer-exports'
const allUsers = { ...xsi('Group'), URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }

export const bucketMadePublic: Incident = {
  title: `An engineer makes the bucket ${bucket} readable by everybody`,
  account: 'acme-prod',
  change: (account) => {
    only(account.buckets, ({ name }) => name === bucket, bucket).settings['acl'] = {
      Grant: [{ Grantee: allUsers, Permission: 'READ' }],
    }
  },
  calls: (account) => [
    {
      source: 's3.amazonaws.com',
      name: 'PutBucketAcl',
      by: dana,
      request: { bucketName: bucket, Host: `${bucket}.s3.amazonaws.com`, acl: '', 'x-amz-acl': ['public-read'] },
      resources: [{ accountId: account.id, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` }],
    },
  ],
  copies: 1,
  expected: [{ detection: 'AWS.S3.Bucket.PublicRead', channel: 'data-alerts', about: bucket, state: 'new' }],
}
