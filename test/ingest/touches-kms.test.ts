import { describe, expect, test } from 'vitest'
import type { Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const account = '111111111111'
const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
const multi = 'mrk-0123456789abcdef0123456789abcdef'
const arn = (id: string, region = 'us-east-1'): string => `arn:aws:kms:${region}:${account}:key/${id}`
const key = `us-east-1 ${arn(keyId)}`
const resources = [{ accountId: account, type: 'AWS::KMS::Key', ARN: arn(keyId) }]
const tags = [{ tagKey: 'team', tagValue: 'a' }]
const is = (path: string, value: boolean | string | null): Witness => ({ kind: 'is', path: path.split('.'), value })
const [present, gone, change, nothing]: readonly Witness[] = [
  { kind: 'present' },
  { kind: 'gone' },
  { kind: 'change' },
  { kind: 'nothing' },
]

describe('a key is found by id, by ARN, or in the resources of the record', () => {
  test.each<[Call, string, readonly (Witness | undefined)[]]>([
    [
      { name: 'CreateKey', request: { tags }, response: { keyMetadata: { keyId } } },
      `create ${key}`,
      [present, is('Tags.team', 'a')],
    ],
    [{ name: 'EnableKey', request: { keyId } }, `update ${key}`, [is('Enabled', true)]],
    [{ name: 'DisableKey', request: { keyId: 'alias/x' }, extra: { resources } }, `update ${key}`, [is('Enabled', false)]],
    [{ name: 'EnableKeyRotation', request: { keyId } }, `update ${key}`, [is('KeyRotationEnabled', true)]],
    [{ name: 'DisableKeyRotation', request: { keyId } }, `update ${key}`, [is('KeyRotationEnabled', false)]],
    [
      { name: 'ScheduleKeyDeletion', request: { keyId: arn(keyId) }, response: { keyId: arn(keyId), keyState: 'PendingDeletion' } },
      `update ${key}`,
      [is('KeyState', 'PendingDeletion')],
    ],
    [{ name: 'ScheduleKeyDeletion', request: { keyId } }, `update ${key}`, [change]],
    [{ name: 'CancelKeyDeletion', request: { keyId } }, `update ${key}`, [is('KeyState', 'Disabled')]],
    [{ name: 'UpdateKeyDescription', request: { keyId, description: 'new' } }, `update ${key}`, [is('Description', 'new')]],
    [{ name: 'PutKeyPolicy', request: { keyId, policy: '{}' } }, `update ${key}`, [change]],
    [{ name: 'ImportKeyMaterial', request: { keyId } }, `update ${key}`, [change]],
    [{ name: 'TagResource', request: { keyId, tags } }, `update ${key}`, [is('Tags.team', 'a')]],
    [{ name: 'UntagResource', request: { keyId, tagKeys: ['team'] } }, `update ${key}`, [is('Tags.team', null)]],
    [{ name: 'CreateAlias', request: { aliasName: 'alias/x', targetKeyId: keyId } }, `update ${key}`, [nothing]],
    [{ name: 'DeleteKey', extra: { resources, eventType: 'AwsServiceEvent' } }, `delete ${key}`, [gone]],
  ])('%o', (call, touch, witnesses) => {
    const found = touched('kms', call)
    expect(inShort(found)).toEqual([touch])
    expect(found[0]?.witnesses).toEqual(witnesses)
  })

  test('a replica is made in another region', () => {
    const response = { replicaKeyMetadata: { arn: arn(multi, 'eu-west-1') } }
    expect(inShort(touched('kms', { name: 'ReplicateKey', request: { keyId: multi }, response }))).toEqual([
      `create eu-west-1 ${arn(multi, 'eu-west-1')}`,
      `update us-east-1 ${arn(multi)}`,
    ])
  })
})

test.each<[string, Call]>([
  ['of another account', { name: 'DisableKey', request: { keyId: arn(keyId).replace(account, '222222222222') } }],
  ['told by an alias alone', { name: 'EnableKey', request: { keyId: 'alias/x' } }],
])('a key %s is not touched', (_, call) => {
  expect(touched('kms', call)).toEqual([])
})
