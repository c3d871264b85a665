import { describe, expect, test } from 'vitest'
import type { Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const arn = (word: string, name: string, region = 'us-east-1'): string => `arn:aws:rds:${region}:111111111111:${word}:${name}`
const db = (name: string, region = 'us-east-1'): string => `${region} ${arn('db', name, region)}`
const snapshot = (name: string): string => `us-east-1 ${arn('snapshot', name)}`
const cluster = (name: string, region = 'us-east-1'): string => `${region} ${arn('cluster', name, region)}`

const tags = [{ key: 'team', value: 'shop' }]
const share = { dBSnapshotIdentifier: 'nightly', attributeName: 'restore' }

describe('instances, snapshots and clusters are found', () => {
  test.each<[Call, readonly string[]]>([
    [{ name: 'CreateDBInstance', request: { dBInstanceIdentifier: 'Orders' } }, [`create ${db('orders')}`]],
    [
      { name: 'CreateDBInstance', request: { dBInstanceIdentifier: 'orders-1', dBClusterIdentifier: 'shop' } },
      [`create ${db('orders-1')}`, `update ${cluster('shop')}`],
    ],
    [
      {
        name: 'CreateDBInstanceReadReplica',
        request: { dBInstanceIdentifier: 'orders-2', sourceDBInstanceIdentifier: arn('db', 'orders', 'eu-west-1') },
      },
      [`create ${db('orders-2')}`, `update ${db('orders', 'eu-west-1')}`],
    ],
    [
      {
        name: 'RestoreDBInstanceFromDBSnapshot',
        request: { dBInstanceIdentifier: 'again', dBSnapshotIdentifier: 'rds:orders-2026-11-21-02-00' },
      },
      [`create ${db('again')}`],
    ],
    [
      {
        name: 'RestoreDBInstanceToPointInTime',
        request: { sourceDBInstanceIdentifier: 'orders', targetDBInstanceIdentifier: 'yesterday' },
      },
      [`create ${db('yesterday')}`],
    ],
    [
      {
        name: 'ModifyDBInstance',
        request: { dBInstanceIdentifier: 'orders', newDBInstanceIdentifier: 'sales', applyImmediately: true },
        response: { dBInstanceIdentifier: 'orders', dBClusterIdentifier: 'shop' },
      },
      [`update ${db('orders')}`, `create ${db('sales')}`, `update ${cluster('shop')}`],
    ],
    [
      {
        name: 'DeleteDBInstance',
        request: { dBInstanceIdentifier: 'orders', finalDBSnapshotIdentifier: 'last' },
        response: { dBInstanceIdentifier: 'orders', readReplicaSourceDBInstanceIdentifier: 'main' },
      },
      [`delete ${db('orders')}`, `create ${snapshot('last')}`, `update ${db('main')}`],
    ],
    [{ name: 'StopDBInstance', request: { dBInstanceIdentifier: 'orders' } }, [`update ${db('orders')}`]],
    [{ name: 'PromoteReadReplica', request: { dBInstanceIdentifier: 'orders-2' } }, [`update ${db('orders-2')}`]],
    [{ name: 'DeleteDBInstanceAutomatedBackup', response: { dBInstanceIdentifier: 'orders' } }, [`update ${db('orders')}`]],

    [
      { name: 'CreateDBSnapshot', request: { dBSnapshotIdentifier: 'nightly', dBInstanceIdentifier: 'orders' } },
      [`create ${snapshot('nightly')}`, `update ${db('orders')}`],
    ],
    [
      {
        name: 'CopyDBSnapshot',
        request: { sourceDBSnapshotIdentifier: 'rds:orders-2026-11-21-02-00', targetDBSnapshotIdentifier: 'kept' },
        response: { dBSnapshotIdentifier: 'kept', dBInstanceIdentifier: 'orders' },
      },
      [`create ${snapshot('kept')}`, `update ${db('orders')}`],
    ],
    [
      { name: 'ModifyDBSnapshotAttribute', request: { ...share, valuesToAdd: ['all'] } },
      [`update ${snapshot('nightly')}`, `update ${snapshot('nightly')}`],
    ],
    [{ name: 'ModifyDBSnapshot', request: { dBSnapshotIdentifier: 'nightly' } }, [`update ${snapshot('nightly')}`]],
    [
      {
        name: 'DeleteDBSnapshot',
        request: { dBSnapshotIdentifier: 'nightly' },
        response: { dBSnapshotIdentifier: 'nightly', dBInstanceIdentifier: 'orders' },
      },
      [`delete ${snapshot('nightly')}`, `update ${db('orders')}`],
    ],

    [{ name: 'CreateDBCluster', request: { dBClusterIdentifier: 'shop' } }, [`create ${cluster('shop')}`]],
    [{ name: 'RestoreDBClusterFromSnapshot', request: { dBClusterIdentifier: 'shop-2' } }, [`create ${cluster('shop-2')}`]],
    [
      {
        name: 'ModifyDBCluster',
        request: { dBClusterIdentifier: 'shop', deletionProtection: false },
        response: { dBClusterMembers: [{ dBInstanceIdentifier: 'orders' }, { dBInstanceIdentifier: 'orders-1' }] },
      },
      [`update ${cluster('shop')}`, `update ${db('orders')}`, `update ${db('orders-1')}`],
    ],
    [{ name: 'DisableHttpEndpoint', request: { resourceArn: arn('cluster', 'shop') } }, [`update ${cluster('shop')}`]],
    [
      { name: 'RemoveFromGlobalCluster', request: { dbClusterIdentifier: arn('cluster', 'shop', 'eu-west-1') } },
      [`update ${cluster('shop', 'eu-west-1')}`],
    ],
    [{ name: 'DeleteDBCluster', request: { dBClusterIdentifier: 'shop' } }, [`delete ${cluster('shop')}`]],

    [{ name: 'AddTagsToResource', request: { resourceName: arn('db', 'orders'), tags } }, [`update ${db('orders')}`]],
    [{ name: 'AddTagsToResource', request: { resourceName: arn('cluster', 'shop'), tags } }, [`update ${cluster('shop')}`]],
    [
      { name: 'RemoveTagsFromResource', request: { resourceName: arn('snapshot', 'rds:orders-1'), tagKeys: ['team'] } },
      [`update ${snapshot('rds:orders-1')}`],
    ],
    [{ name: 'ApplyPendingMaintenanceAction', request: { resourceIdentifier: arn('db', 'orders') } }, [`update ${db('orders')}`]],
  ])('%o', (call, expected) => {
    expect(inShort(touched('rds', call))).toEqual(expected)
  })

  test('sharing a snapshot touches the snapshot and the instance it was taken of', () => {
    const types = touched('rds', { name: 'ModifyDBSnapshotAttribute', request: { ...share, valuesToAdd: ['all'] } })
    expect(types.map(({ ref }) => ref.type)).toEqual(['AWS.RDS.Snapshot', 'AWS.RDS.Instance'])
  })

  test('other partitions have their own ids', () => {
    const china = touched('rds', { name: 'DeleteDBInstance', region: 'cn-north-1', request: { dBInstanceIdentifier: 'orders' } })
    expect(china[0]?.ref.id).toBe('arn:aws-cn:rds:cn-north-1:111111111111:db:orders')
  })
})

describe('nothing is touched', () => {
  test.each<[string, Call]>([
    ['by snapshots of clusters', { name: 'CreateDBClusterSnapshot', request: { dBClusterSnapshotIdentifier: 'nightly' } }],
    ['by tags of what is not kept', { name: 'AddTagsToResource', request: { resourceName: arn('subgrp', 'private'), tags } }],
    [
      'in another account',
      { name: 'AddTagsToResource', request: { resourceName: 'arn:aws:rds:us-east-1:222222222222:db:orders', tags } },
    ],
    ['by a broken name', { name: 'DeleteDBInstance', request: { dBInstanceIdentifier: '../orders' } }],
    ['in a broken region', { name: 'AddTagsToResource', request: { resourceName: 'arn:aws:rds:x/y:111111111111:db:a', tags } }],
  ])('%s', (_, call) => {
    expect(touched('rds', call)).toEqual([])
  })
})

describe('what a state must show', () => {
  const change: Witness = { kind: 'change' }
  const is = (path: string, value: string | boolean | null): Witness => ({ kind: 'is', path: path.split('.'), value })

  test.each<[string, Call, readonly (readonly Witness[])[]]>([
    [
      'the tags of a new instance',
      { name: 'CreateDBInstance', request: { dBInstanceIdentifier: 'orders', tags } },
      [[{ kind: 'present' }, is('Tags.team', 'shop')]],
    ],
    [
      'what takes effect at once',
      { name: 'ModifyDBInstance', request: { dBInstanceIdentifier: 'orders', publiclyAccessible: true, applyImmediately: false } },
      [[is('PubliclyAccessible', true)]],
    ],
    [
      'that, and that something else changed',
      {
        name: 'ModifyDBInstance',
        request: { dBInstanceIdentifier: 'orders', deletionProtection: false, backupRetentionPeriod: 0 },
      },
      [[is('DeletionProtection', false), change]],
    ],
    [
      'only that something changed',
      { name: 'ModifyDBInstance', request: { dBInstanceIdentifier: 'orders', backupRetentionPeriod: 0 } },
      [[change]],
    ],
    [
      'the groups of a cluster, and of its instances',
      {
        name: 'ModifyDBCluster',
        request: { dBClusterIdentifier: 'shop', vpcSecurityGroupIds: ['sg-1'] },
        response: { dBClusterMembers: [{ dBInstanceIdentifier: 'orders' }] },
      },
      [
        [{ kind: 'has', path: ['VpcSecurityGroups'], value: { VpcSecurityGroupId: 'sg-1' } }],
        [{ kind: 'has', path: ['VpcSecurityGroups'], value: { VpcSecurityGroupId: 'sg-1' } }],
      ],
    ],
    [
      'nothing of instances, when only their cluster changed',
      {
        name: 'ModifyDBCluster',
        request: { dBClusterIdentifier: 'shop', deletionProtection: true },
        response: { dBClusterMembers: [{ dBInstanceIdentifier: 'orders' }] },
      },
      [[is('DeletionProtection', true)], [{ kind: 'nothing' }]],
    ],
    [
      'each account that a snapshot is shared with',
      { name: 'ModifyDBSnapshotAttribute', request: { ...share, valuesToAdd: ['222222222222'], valuesToRemove: ['all'] } },
      [
        [
          {
            kind: 'has',
            path: ['DBSnapshotAttributes'],
            value: { AttributeName: 'restore', AttributeValues: ['222222222222'] },
          },
          { kind: 'lacks', path: ['DBSnapshotAttributes'], value: { AttributeName: 'restore', AttributeValues: ['all'] } },
        ],
        [
          {
            kind: 'has',
            path: ['SnapshotAttributes'],
            value: {
              DBSnapshotIdentifier: 'nightly',
              DBSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: ['222222222222'] }],
            },
          },
          {
            kind: 'lacks',
            path: ['SnapshotAttributes'],
            value: {
              DBSnapshotIdentifier: 'nightly',
              DBSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: ['all'] }],
            },
          },
        ],
      ],
    ],
    [
      'a snapshot less',
      {
        name: 'DeleteDBSnapshot',
        request: { dBSnapshotIdentifier: 'Nightly' },
        response: { dBInstanceIdentifier: 'orders' },
      },
      [[{ kind: 'gone' }], [{ kind: 'lacks', path: ['SnapshotAttributes'], value: { DBSnapshotIdentifier: 'nightly' } }]],
    ],
    [
      'a role more',
      { name: 'AddRoleToDBCluster', request: { dBClusterIdentifier: 'shop', roleArn: 'arn:aws:iam::111111111111:role/r' } },
      [[{ kind: 'has', path: ['AssociatedRoles'], value: { RoleArn: 'arn:aws:iam::111111111111:role/r' } }]],
    ],
    [
      'tags that are set',
      { name: 'AddTagsToResource', request: { resourceName: arn('db', 'orders'), tags } },
      [[is('Tags.team', 'shop')]],
    ],
    [
      'tags that are gone',
      { name: 'RemoveTagsFromResource', request: { resourceName: arn('db', 'orders'), tagKeys: ['team'] } },
      [[is('Tags.team', null)]],
    ],
    ['nothing, of a restart', { name: 'RebootDBInstance', request: { dBInstanceIdentifier: 'orders' } }, [[{ kind: 'nothing' }]]],
  ])('%s', (_, call, expected) => {
    expect(touched('rds', call).map(({ witnesses }) => witnesses)).toEqual(expected)
  })
})
