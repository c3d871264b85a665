import { dana, pipeline, stolenKey } from './callers.ts'
import { nothing, type Incident } from './incident.ts'

export const ordinaryWork: Incident = {
  title: 'Ordinary work: reading calls, and one refused attempt to open a bucket',
  account: 'acme-prod',
  change: nothing,
  calls: () => [
    { source: 'ec2.amazonaws.com', name: 'DescribeInstances', by: pipeline, request: { maxResults: 100 }, readOnly: true },
    { source: 's3.amazonaws.com', name: 'ListBuckets', by: dana, request: { Host: 's3.amazonaws.com' }, readOnly: true },
    { source: 'iam.amazonaws.com', name: 'ListUsers', region: 'us-east-1', by: stolenKey, readOnly: true },
    {
      source: 'sts.amazonaws.com',
      name: 'AssumeRole',
      by: pipeline,
      request: { roleArn: 'arn:aws:iam::111122223333:role/payments-api-task', roleSessionName: 'build-4711' },
      readOnly: true,
    },
    {
      source: 's3.amazonaws.com',
      name: 'PutBucketPolicy',
      by: stolenKey,
      request: { bucketName: 'acme-invoices', Host: 'acme-invoices.s3.amazonaws.com', policy: '' },
      failed: { code: 'AccessDenied', message: 'Access Denied' },
    },
  ],
  copies: 1,
  expected: [],
}
