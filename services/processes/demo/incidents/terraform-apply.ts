import type { Account } from '../account.ts'
import { xsi } from '../aws-s3.ts'
import type { ApiCall } from '../cloudtrail-event.ts'
import { release } from './callers.ts'
import type { Incident } from './incident.ts'

const buckets = Array.from({ length: 12 }, (_, index) => `acme-report-${String(index + 1).padStart(2, '0')}`)
const keys = Array.from({ length: 188 }, (_, index) => `5d7e0000-0000-4000-8000-${String(index).padStart(12, '0')}`)
const allUsers = { ...xsi('Group'), URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }

/** A storm: one doing, many resources, one message that counts them, each finding in its thread. */
export const terraformApply: Incident = {
  title: `Terraform makes ${keys.length + buckets.length} resources; ${buckets.length} of them are buckets that everybody can read`,
  account: 'acme-prod',
  change: (account) => {
    for (const KeyId of keys) account.keys.push(aKey(account, KeyId))
    for (const name of buckets) account.buckets.push(aBucket(account, name))
  },
  calls: (account) => [...buckets.flatMap((name) => bucketCalls(account, name)), ...keys.map((KeyId) => keyCall(account, KeyId))],
  copies: 1,
  expected: [
    { detection: 'AWS.S3.Bucket.PublicRead', channel: 'data-alerts', about: 'acme-report-', state: 'new' },
    { detection: '12 findings by release-2210', channel: 'data-alerts', about: 'Terraform', state: 'thread' },
    ...buckets.map((name) => {
      return { detection: 'AWS.S3.Bucket.PublicRead', channel: 'data-alerts', about: name, state: 'detail' } as const
    }),
  ],
}

function aBucket({ region }: Account, name: string): Account['buckets'][number] {
  const encryption = {
    Rule: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }],
  }
  const tagging = { TagSet: { Tag: [{ Key: 'team', Value: 'data' }] } }
  const acl = { Grant: [{ Grantee: allUsers, Permission: 'READ' }] }
  return { name, region, creationDate: new Date().toISOString(), settings: { encryption, tagging, acl } }
}

function aKey({ id, region }: Account, KeyId: string): Account['keys'][number] {
  const Statement = [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${id}:root` }, Action: 'kms:*', Resource: '*' }]
  return {
    region,
    KeyId,
    CreationDate: Math.floor(Date.now() / 1_000),
    Description: 'reports',
    KeyManager: 'CUSTOMER',
    Enabled: true,
    rotation: true,
    policy: { Version: '2012-10-17', Statement },
    tags: [{ TagKey: 'team', TagValue: 'data' }],
  }
}

function bucketCalls({ id }: Account, name: string): readonly ApiCall[] {
  const resources = [{ accountId: id, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${name}` }]
  const call = { source: 's3.amazonaws.com', by: release, resources }
  const request = { bucketName: name, Host: `${name}.s3.amazonaws.com` }
  return [
    { ...call, name: 'CreateBucket', request },
    { ...call, name: 'PutBucketAcl', request: { ...request, acl: '', 'x-amz-acl': ['public-read'] } },
  ]
}

function keyCall({ id, region }: Account, KeyId: string): ApiCall {
  const arn = `arn:aws:kms:${region}:${id}:key/${KeyId}`
  return {
    source: 'kms.amazonaws.com',
    name: 'CreateKey',
    by: release,
    request: { description: 'reports' },
    response: { keyMetadata: { aWSAccountId: id, keyId: KeyId, arn, enabled: true, keyManager: 'CUSTOMER' } },
    resources: [{ accountId: id, type: 'AWS::KMS::Key', ARN: arn }],
  }
}
