import { describe, expect, test } from 'vitest'
import type { Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const arn = (name: string, region = 'us-east-1'): string => `arn:aws:dynamodb:${region}:111111111111:table/${name}`
const table = (name: string, region = 'us-east-1'): string => `${region} ${arn(name, region)}`
const scaled = (resourceId: string): Record<string, unknown> => ({
  serviceNamespace: 'dynamodb',
  resourceId,
  scalableDimension: 'dynamodb:table:ReadCapacityUnits',
})

describe('tables are found', () => {
  test.each<[Call, readonly string[]]>([
    [{ name: 'CreateTable', request: { tableName: 'orders' } }, [`create ${table('orders')}`]],
    [
      { name: 'RestoreTableToPointInTime', request: { sourceTableName: 'orders', targetTableName: 'yesterday' } },
      [`create ${table('yesterday')}`],
    ],
    [{ name: 'ImportTable', request: { tableCreationParameters: { tableName: 'orders' } } }, [`create ${table('orders')}`]],
    [{ name: 'UpdateTable', request: { tableName: 'orders', deletionProtectionEnabled: false } }, [`update ${table('orders')}`]],
    [{ name: 'UpdateTable', request: { tableName: arn('orders') } }, [`update ${table('orders')}`]],
    [{ name: 'UpdateTimeToLive', request: { tableName: 'orders' } }, [`update ${table('orders')}`]],
    [{ name: 'UpdateContinuousBackups', request: { tableName: 'orders' } }, [`update ${table('orders')}`]],
    [{ name: 'TagResource', request: { resourceArn: arn('orders'), tags: [] } }, [`update ${table('orders')}`]],
    [{ name: 'UntagResource', request: { resourceArn: arn('orders'), tagKeys: [] } }, [`update ${table('orders')}`]],
    [{ name: 'DeleteTable', request: { tableName: 'orders' } }, [`delete ${table('orders')}`]],
    [
      {
        name: 'UpdateTable',
        request: {
          tableName: arn('orders'),
          replicaUpdates: [{ create: { regionName: 'eu-west-1' } }, { delete: { regionName: 'eu-central-1' } }],
        },
      },
      [`update ${table('orders')}`, `create ${table('orders', 'eu-west-1')}`, `delete ${table('orders', 'eu-central-1')}`],
    ],
    [
      {
        name: 'CreateGlobalTable',
        request: { globalTableName: 'orders', replicationGroup: [{ regionName: 'us-east-1' }, { regionName: 'eu-west-1' }] },
      },
      [`update ${table('orders')}`, `update ${table('orders', 'eu-west-1')}`],
    ],
    [
      {
        name: 'UpdateGlobalTable',
        request: { globalTableName: 'orders', replicaUpdates: [{ create: { regionName: 'eu-west-1' } }] },
      },
      [`update ${table('orders', 'eu-west-1')}`],
    ],
    [
      {
        name: 'UpdateGlobalTableSettings',
        request: { globalTableName: 'orders' },
        response: { globalTableName: 'orders', replicaSettings: [{ regionName: 'eu-west-1' }] },
      },
      [`update ${table('orders', 'eu-west-1')}`],
    ],
  ])('%o', (call, expected) => {
    expect(inShort(touched('dynamodb', call))).toEqual(expected)
  })

  test.each(['autoscaling', 'application-autoscaling'])('by the scaling of a table or an index, told by %s', (service) => {
    const index = touched(service, { name: 'RegisterScalableTarget', request: scaled('table/orders/index/by-day') })
    expect(inShort(index)).toEqual([`update ${table('orders')}`])
    const gone = touched(service, { name: 'DeregisterScalableTarget', request: scaled('table/orders') })
    expect(inShort(gone)).toEqual([`update ${table('orders')}`])
  })
})

describe('nothing is touched', () => {
  test.each<[string, string, Call]>([
    ['by the scaling of a service', 'autoscaling', { name: 'RegisterScalableTarget', request: scaled('service/shop/web') }],
    ['by backups', 'dynamodb', { name: 'CreateBackup', request: { tableName: 'orders' } }],
    ['by a broken name', 'dynamodb', { name: 'DeleteTable', request: { tableName: 'a b' } }],
    [
      'in another account',
      'dynamodb',
      { name: 'TagResource', request: { resourceArn: 'arn:aws:dynamodb:us-east-1:222222222222:table/orders' } },
    ],
    [
      'in a broken region',
      'dynamodb',
      { name: 'UpdateGlobalTable', request: { globalTableName: 'orders', replicaUpdates: [{ create: { regionName: '../x' } }] } },
    ],
  ])('%s', (_, service, call) => {
    expect(touched(service, call)).toEqual([])
  })
})

describe('what a state must show', () => {
  const recovery = ['ContinuousBackupsDescription', 'PointInTimeRecoveryDescription', 'PointInTimeRecoveryStatus']
  test.each<[string, string, Call, readonly Witness[]]>([
    [
      'protection',
      'dynamodb',
      { name: 'UpdateTable', request: { tableName: 'orders', deletionProtectionEnabled: false } },
      [{ kind: 'is', path: ['DeletionProtectionEnabled'], value: false }],
    ],
    [
      'protection, and another change',
      'dynamodb',
      { name: 'UpdateTable', request: { tableName: 'orders', deletionProtectionEnabled: true, billingMode: 'PAY_PER_REQUEST' } },
      [{ kind: 'is', path: ['DeletionProtectionEnabled'], value: true }, { kind: 'change' }],
    ],
    [
      'recovery',
      'dynamodb',
      {
        name: 'UpdateContinuousBackups',
        request: { tableName: 'orders', pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: false } },
      },
      [{ kind: 'is', path: recovery, value: 'DISABLED' }],
    ],
    [
      'what expires by',
      'dynamodb',
      {
        name: 'UpdateTimeToLive',
        request: { tableName: 'orders', timeToLiveSpecification: { enabled: true, attributeName: 'until' } },
      },
      [{ kind: 'is', path: ['TimeToLiveDescription', 'AttributeName'], value: 'until' }],
    ],
    [
      'that it no longer expires',
      'dynamodb',
      {
        name: 'UpdateTimeToLive',
        request: { tableName: 'orders', timeToLiveSpecification: { enabled: false, attributeName: 'until' } },
      },
      [{ kind: 'change' }],
    ],
    [
      'the tags of a new table',
      'dynamodb',
      { name: 'CreateTable', request: { tableName: 'orders', tags: [{ key: 'team', value: 'shop' }] } },
      [{ kind: 'present' }, { kind: 'is', path: ['Tags', 'team'], value: 'shop' }],
    ],
    [
      'tags that are gone',
      'dynamodb',
      { name: 'UntagResource', request: { resourceArn: arn('orders'), tagKeys: ['team'] } },
      [{ kind: 'is', path: ['Tags', 'team'], value: null }],
    ],
    [
      'limits of scaling',
      'autoscaling',
      { name: 'RegisterScalableTarget', request: { ...scaled('table/orders'), minCapacity: 1, maxCapacity: 10 } },
      [
        {
          kind: 'has',
          path: ['AutoScalingDescriptions'],
          value: {
            ResourceId: 'table/orders',
            ScalableDimension: 'dynamodb:table:ReadCapacityUnits',
            MinCapacity: 1,
            MaxCapacity: 10,
          },
        },
      ],
    ],
    [
      'no scaling',
      'autoscaling',
      { name: 'DeregisterScalableTarget', request: scaled('table/orders') },
      [
        {
          kind: 'lacks',
          path: ['AutoScalingDescriptions'],
          value: { ResourceId: 'table/orders', ScalableDimension: 'dynamodb:table:ReadCapacityUnits' },
        },
      ],
    ],
  ])('%s', (_, service, call, expected) => {
    expect(touched(service, call).map(({ witnesses }) => witnesses)).toEqual([expected])
  })
})
