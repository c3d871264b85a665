import { only } from '../account.ts'
import { dana } from './callers.ts'
import type { Incident } from './incident.ts'

const bucket = 'acme-customer-exports'

export const bucketRepaired: Incident = {
  title: `The engineer takes it back: ${bucket} is private again`,
  account: 'acme-prod',
  change: (account) => {
    delete only(account.buckets, ({ name }) => name === bucket, bucket).settings['acl']
  },
  calls: (account) => [
    {
      source: 's3.amazonaws.com',
      name: 'PutBucketAcl',
      by: dana,
      request: { bucketName: bucket, Host: `${bucket}.s3.amazonaws.com`, acl: '', 'x-amz-acl': ['private'] },
      resources: [{ accountId: account.id, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` }],
    },
  ],
  copies: 1,
  expected: [{ detection: 'AWS.S3.Bucket.PublicRead', channel: 'data-alerts', about: bucket, state: 'resolved' }],
}
