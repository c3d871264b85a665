import { describe, expect, test } from 'vitest'
import type { Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const arn = (name: string, region = 'us-east-1'): string => `arn:aws:secretsmanager:${region}:111111111111:secret:${name}`
const secret = (name: string, region = 'us-east-1'): string => `${region} ${arn(name, region)}-??????`

describe('secrets are found, whether by name or by ARN', () => {
  test.each<[Call, readonly string[]]>([
    [{ name: 'CreateSecret', request: { name: 'shop/db', clientRequestToken: 'x' } }, [`create ${secret('shop/db')}`]],
    [
      { name: 'CreateSecret', request: { name: 'shop/db', addReplicaRegions: [{ region: 'eu-west-1' }] } },
      [`create ${secret('shop/db')}`, `create ${secret('shop/db', 'eu-west-1')}`],
    ],
    [{ name: 'PutResourcePolicy', request: { secretId: 'shop/db' } }, [`update ${secret('shop/db')}`]],
    [{ name: 'PutResourcePolicy', request: { secretId: arn('shop/db-AbC123') } }, [`update ${secret('shop/db')}`]],
    [{ name: 'PutSecretValue', request: { secretId: arn('shop/db') } }, [`update ${secret('shop/db')}`]],
    [{ name: 'PutSecretValue', request: { secretId: 'shop-secret' } }, [`update ${secret('shop-secret')}`]],
    [{ name: 'PutSecretValue', request: { secretId: arn('shop-secret-AbC123') } }, [`update ${secret('shop-secret')}`]],
    [{ name: 'RotateSecret', request: { secretId: 'rds!cluster-8f3c' } }, [`update ${secret('rds!cluster-8f3c')}`]],
    [{ name: 'TagResource', request: { secretId: 'shop/db', tags: [] } }, [`update ${secret('shop/db')}`]],
    [{ name: 'UntagResource', request: { secretId: 'shop/db', tagKeys: [] } }, [`update ${secret('shop/db')}`]],
    [
      {
        name: 'DeleteSecret',
        request: { secretId: 'shop/db', recoveryWindowInDays: 30 },
        response: { name: 'shop/db', aRN: arn('shop/db-AbC123') },
      },
      [`update ${secret('shop/db')}`],
    ],
    [{ name: 'DeleteSecret', request: { secretId: 'shop/db', forceDeleteWithoutRecovery: true } }, [`delete ${secret('shop/db')}`]],
    [{ name: 'RestoreSecret', request: { secretId: 'shop/db' } }, [`update ${secret('shop/db')}`]],
    [
      { name: 'ReplicateSecretToRegions', request: { secretId: 'shop/db', addReplicaRegions: [{ region: 'eu-west-1' }] } },
      [`update ${secret('shop/db')}`, `create ${secret('shop/db', 'eu-west-1')}`],
    ],
    [
      {
        name: 'RemoveRegionsFromReplication',
        request: { secretId: arn('shop/db-AbC123'), removeReplicaRegions: ['eu-west-1'] },
      },
      [`update ${secret('shop/db')}`, `delete ${secret('shop/db', 'eu-west-1')}`],
    ],
    [
      {
        name: 'RotationSucceeded',
        extra: { eventType: 'AwsServiceEvent', additionalEventData: { SecretId: arn('shop/db-AbC123') } },
      },
      [`update ${secret('shop/db')}`],
    ],
    [
      {
        name: 'RotationFailed',
        extra: { eventType: 'AwsServiceEvent', serviceEventDetails: { secretId: arn('shop/db-AbC123') } },
      },
      [`update ${secret('shop/db')}`],
    ],
  ])('%o', (call, expected) => {
    expect(inShort(touched('secretsmanager', call))).toEqual(expected)
  })

  test('other partitions have their own ids', () => {
    const [found] = touched('secretsmanager', { name: 'RestoreSecret', region: 'us-gov-west-1', request: { secretId: 'a' } })
    expect(found?.ref.id).toBe('arn:aws-us-gov:secretsmanager:us-gov-west-1:111111111111:secret:a-??????')
  })
})

describe('nothing is touched', () => {
  test.each<[string, Call]>([
    ['by reading a secret', { name: 'GetSecretValue', request: { secretId: 'shop/db' }, extra: { readOnly: true } }],
    [
      'in another account',
      { name: 'PutSecretValue', request: { secretId: 'arn:aws:secretsmanager:us-east-1:222222222222:secret:a-AbC123' } },
    ],
    ['by a broken name', { name: 'PutSecretValue', request: { secretId: 'a b' } }],
  ])('%s', (_, call) => {
    expect(touched('secretsmanager', call)).toEqual([])
  })
})

describe('what a state must show', () => {
  const is = (path: string, value: string | number | boolean | null): Witness => ({ kind: 'is', path: path.split('.'), value })
  test.each<[string, Call, readonly Witness[]]>([
    ['that it stays', { name: 'RestoreSecret', request: { secretId: 'a' } }, [is('DeletedDate', null)]],
    ['no policy', { name: 'DeleteResourcePolicy', request: { secretId: 'a' } }, [is('ResourcePolicy', null)]],
    ['a change of policy', { name: 'PutResourcePolicy', request: { secretId: 'a' } }, [{ kind: 'change' }]],
    ['no rotation', { name: 'CancelRotateSecret', request: { secretId: 'a' } }, [is('RotationEnabled', false)]],
    [
      'how it rotates',
      { name: 'RotateSecret', request: { secretId: 'a', rotationRules: { automaticallyAfterDays: 30 } } },
      [is('RotationEnabled', true), is('RotationRules.AutomaticallyAfterDays', 30)],
    ],
    [
      'its tags',
      { name: 'TagResource', request: { secretId: 'a', tags: [{ key: 'team', value: 'shop' }] } },
      [is('Tags.team', 'shop')],
    ],
    ['tags that are gone', { name: 'UntagResource', request: { secretId: 'a', tagKeys: ['team'] } }, [is('Tags.team', null)]],
    ['that it is gone', { name: 'DeleteSecret', request: { secretId: 'a', forceDeleteWithoutRecovery: true } }, [{ kind: 'gone' }]],
  ])('%s', (_, call, expected) => {
    expect(touched('secretsmanager', call).map(({ witnesses }) => witnesses)).toEqual([expected])
  })
})
