import { describe, expect, test } from 'vitest'
import type { Json, Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const account = '111111111111'
const bucketName = 'b-1'
const bucket = 'us-east-1 arn:aws:s3:::b-1'
const xmlns = 'http://s3.amazonaws.com/doc/2006-03-01/'
const is = (path: string, value: Json): Witness => ({ kind: 'is', path: path.split('.'), value })
const encrypted = (SSEAlgorithm: string): Witness => ({
  kind: 'has',
  path: ['EncryptionRules'],
  value: { ApplyServerSideEncryptionByDefault: { SSEAlgorithm } },
})
const [present, gone, change]: readonly Witness[] = [{ kind: 'present' }, { kind: 'gone' }, { kind: 'change' }]
const tagging = (Tag: unknown): Call => ({
  name: 'PutBucketTagging',
  request: { bucketName, tagging: '', Tagging: { xmlns, TagSet: Tag === null ? '' : { Tag } } },
})
const access = { RestrictPublicBuckets: true, BlockPublicPolicy: true, BlockPublicAcls: false, IgnorePublicAcls: true }

describe('a bucket is found by name, and a state as new as the event shows it', () => {
  test.each<[Call, string, readonly (Witness | undefined)[]]>([
    [{ name: 'CreateBucket', request: { bucketName } }, `create ${bucket}`, [present]],
    [{ name: 'DeleteBucket', request: { bucketName } }, `delete ${bucket}`, [gone]],
    [
      tagging([
        { Key: 'team', Value: 'a' },
        { Key: 'a.b', Value: '' },
      ]),
      `update ${bucket}`,
      [is('Tags', { team: 'a', 'a.b': '' })],
    ],
    [tagging({ Key: 'team', Value: 'a' }), `update ${bucket}`, [is('Tags', { team: 'a' })]],
    [tagging(null), `update ${bucket}`, [is('Tags', {})]],
    // 1.10 has become a number on its way: how it was written is lost.
    [tagging({ Key: 'version', Value: 1.1 }), `update ${bucket}`, [change]],
    [{ name: 'DeleteBucketTagging', request: { bucketName } }, `update ${bucket}`, [is('Tags', null)]],
    [{ name: 'TagResource', request: { resourceArn: 'arn:aws:s3:::b-1' } }, `update ${bucket}`, [change]],
    [{ name: 'UntagResource', request: { resourceArn: 'arn:aws:s3:::b-1' } }, `update ${bucket}`, [change]],
    [
      {
        name: 'PutBucketVersioning',
        request: { bucketName, versioning: '', VersioningConfiguration: { xmlns, Status: 'Suspended', MfaDelete: 'Disabled' } },
      },
      `update ${bucket}`,
      [is('Versioning', 'Suspended'), is('MFADelete', 'Disabled')],
    ],
    [
      {
        name: 'PutBucketEncryption',
        request: {
          bucketName,
          ServerSideEncryptionConfiguration: {
            xmlns,
            Rule: { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' }, BucketKeyEnabled: true },
          },
        },
      },
      `update ${bucket}`,
      [encrypted('aws:kms')],
    ],
    [{ name: 'DeleteBucketEncryption', request: { bucketName } }, `update ${bucket}`, [encrypted('AES256')]],
    [
      { name: 'PutBucketPublicAccessBlock', request: { bucketName, PublicAccessBlockConfiguration: { xmlns, ...access } } },
      `update ${bucket}`,
      ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].map((flag) =>
        is(`PublicAccessBlockConfiguration.${flag}`, access[flag as keyof typeof access]),
      ),
    ],
    [
      { name: 'DeleteBucketPublicAccessBlock', request: { bucketName } },
      `update ${bucket}`,
      [is('PublicAccessBlockConfiguration', null)],
    ],
    [{ name: 'PutBucketPolicy', request: { bucketName, bucketPolicy: {} } }, `update ${bucket}`, [change]],
    [{ name: 'DeleteBucketPolicy', request: { bucketName } }, `update ${bucket}`, [is('Policy', null)]],
    [{ name: 'PutBucketAcl', request: { bucketName, acl: '' } }, `update ${bucket}`, [change]],
    [
      {
        name: 'PutBucketLogging',
        request: { bucketName, BucketLoggingStatus: { xmlns, LoggingEnabled: { TargetBucket: 'logs', TargetPrefix: 1 } } },
      },
      `update ${bucket}`,
      [is('LoggingPolicy.TargetBucket', 'logs')],
    ],
    [
      { name: 'PutBucketLogging', request: { bucketName, BucketLoggingStatus: { xmlns } } },
      `update ${bucket}`,
      [is('LoggingPolicy', null)],
    ],
    [{ name: 'PutBucketLifecycle', request: { bucketName, lifecycle: '' } }, `update ${bucket}`, [change]],
    [{ name: 'DeleteBucketLifecycle', request: { bucketName, lifecycle: '' } }, `update ${bucket}`, [is('LifecycleRules', null)]],
    [
      {
        name: 'PutBucketObjectLockConfiguration',
        request: {
          bucketName,
          ObjectLockConfiguration: {
            xmlns,
            ObjectLockEnabled: 'Enabled',
            Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } },
          },
        },
      },
      `update ${bucket}`,
      [
        is('ObjectLockConfiguration.ObjectLockEnabled', 'Enabled'),
        is('ObjectLockConfiguration.Rule.DefaultRetention.Days', 30),
        is('ObjectLockConfiguration.Rule.DefaultRetention.Mode', 'GOVERNANCE'),
      ],
    ],
  ])('%o', (call, touch, witnesses) => {
    const found = touched('s3', call)
    expect(inShort(found)).toEqual([touch])
    expect(found[0]?.witnesses).toEqual(witnesses)
  })

  test('a bucket may be made in another region than the one that answers', () => {
    const request = { bucketName, CreateBucketConfiguration: { LocationConstraint: 'EU', xmlns } }
    expect(inShort(touched('s3', { name: 'CreateBucket', request }))).toEqual(['create eu-west-1 arn:aws:s3:::b-1'])
  })
})

test.each<[string, Call]>([
  ['objects', { name: 'PutObject', request: { bucketName, key: 'x' } }],
  ['what is no attribute', { name: 'PutBucketCors', request: { bucketName } }],
  [
    'a bucket of another account',
    {
      name: 'PutBucketPolicy',
      request: { bucketName },
      extra: { resources: [{ accountId: '222222222222', type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::b-1' }] },
    },
  ],
  ['an express bucket', { name: 'DeleteBucket', request: { bucketName: 'b-1--use1-az4--x-s3' } }],
  ['the whole account', { name: 'PutAccountPublicAccessBlock', request: { accountId: account } }],
])('events of %s touch nothing', (_, call) => {
  expect(touched('s3', call)).toEqual([])
})
