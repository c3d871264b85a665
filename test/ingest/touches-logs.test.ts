import { describe, expect, test } from 'vitest'
import { inShort, touched, type Call } from '../support/touched.ts'

const arn = 'arn:aws:logs:us-east-1:111111111111:log-group:/shop/web'
const web = `us-east-1 ${arn}`
const named = { logGroupName: '/shop/web' }
const kmsKeyId = 'arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab'

describe('what happens to a log group is found, and it is called without the `:*` of its id', () => {
  test.each<[string, Call, readonly string[]]>([
    ['created', { name: 'CreateLogGroup', request: named }, [`create ${web}`]],
    ['kept longer', { name: 'PutRetentionPolicy', request: { ...named, retentionInDays: 30 } }, [`update ${web}`]],
    ['kept for ever', { name: 'DeleteRetentionPolicy', request: named }, [`update ${web}`]],
    ['encrypted', { name: 'AssociateKmsKey', request: { ...named, kmsKeyId } }, [`update ${web}`]],
    ['encrypted by its ARN', { name: 'AssociateKmsKey', request: { resourceIdentifier: arn, kmsKeyId } }, [`update ${web}`]],
    ['no longer encrypted', { name: 'DisassociateKmsKey', request: named }, [`update ${web}`]],
    ['counted from', { name: 'PutMetricFilter', request: { ...named, filterName: 'errors' } }, [`update ${web}`]],
    ['no longer counted from', { name: 'DeleteMetricFilter', request: { ...named, filterName: 'errors' } }, [`update ${web}`]],
    ['tagged', { name: 'TagResource', request: { resourceArn: arn, tags: { team: 'a' } } }, [`update ${web}`]],
    [
      'tagged by its whole ARN',
      { name: 'TagResource', request: { resourceArn: `${arn}:*`, tags: { team: 'a' } } },
      [`update ${web}`],
    ],
    ['tagged in the old way', { name: 'TagLogGroup', request: { ...named, tags: { team: 'a' } } }, [`update ${web}`]],
    ['untagged', { name: 'UntagResource', request: { resourceArn: arn, tagKeys: ['team'] } }, [`update ${web}`]],
    ['untagged in the old way', { name: 'UntagLogGroup', request: { ...named, tags: ['team'] } }, [`update ${web}`]],
    ['deleted', { name: 'DeleteLogGroup', request: named }, [`delete ${web}`]],
  ])('%s', (_, call, expected) => {
    expect(inShort(touched('logs', call))).toEqual(expected)
  })
})

describe('no log group is touched', () => {
  test.each<[string, Call]>([
    ['by streams', { name: 'DeleteLogStream', request: { ...named, logStreamName: 'x' } }],
    ['by subscriptions', { name: 'PutSubscriptionFilter', request: named }],
    [
      'by a tag of a destination',
      { name: 'TagResource', request: { resourceArn: arn.replace('log-group:/shop/web', 'destination:x') } },
    ],
    ['of another account', { name: 'TagResource', request: { resourceArn: arn.replace('1111', '2222') } }],
    ['by a name that is none', { name: 'DeleteLogGroup', request: { logGroupName: 'a b' } }],
  ])('%s', (_, call) => {
    expect(touched('logs', call)).toEqual([])
  })
})

describe('what the state must show', () => {
  test.each<[string, Call, readonly unknown[]]>([
    [
      'how long is kept',
      { name: 'PutRetentionPolicy', request: { ...named, retentionInDays: 30 } },
      [{ kind: 'is', path: ['RetentionInDays'], value: 30 }],
    ],
    [
      'that no end is set',
      { name: 'DeleteRetentionPolicy', request: named },
      [{ kind: 'is', path: ['RetentionInDays'], value: null }],
    ],
    [
      'the key',
      { name: 'AssociateKmsKey', request: { ...named, kmsKeyId } },
      [{ kind: 'is', path: ['KmsKeyId'], value: kmsKeyId }],
    ],
    ['no key', { name: 'DisassociateKmsKey', request: named }, [{ kind: 'is', path: ['KmsKeyId'], value: null }]],
    [
      'no tag any more',
      { name: 'UntagLogGroup', request: { ...named, tags: ['team'] } },
      [{ kind: 'is', path: ['Tags', 'team'], value: null }],
    ],
  ])('%s', (_, call, expected) => {
    expect(touched('logs', call)[0]?.witnesses).toEqual(expected)
  })
})
