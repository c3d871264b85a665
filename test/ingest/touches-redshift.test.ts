import { expect, test } from 'vitest'
import { inShort, touched, type Call } from '../support/touched.ts'

const account = '111111111111'
const arn = (name: string): string => `arn:aws:redshift:us-east-1:${account}:cluster:${name}`
const here = (name = 'sales'): string => `us-east-1 ${arn(name)}`
const clusterIdentifier = 'sales'
const role = `arn:aws:iam::${account}:role/copy`

test.each<[Call, readonly string[]]>([
  [{ name: 'CreateCluster', request: { clusterIdentifier, masterUserPassword: '****' } }, [`create ${here()}`]],
  [{ name: 'CreateCluster', request: { clusterIdentifier: 'Sales' } }, [`create ${here()}`]],
  [{ name: 'RestoreFromClusterSnapshot', request: { clusterIdentifier, snapshotIdentifier: 's-1' } }, [`create ${here()}`]],
  [{ name: 'ModifyCluster', request: { clusterIdentifier, publiclyAccessible: true } }, [`update ${here()}`]],
  [
    { name: 'ModifyCluster', request: { clusterIdentifier, newClusterIdentifier: 'sales-eu' } },
    [`create ${here('sales-eu')}`, `update ${here()}`],
  ],
  ...[
    'CancelResize',
    'DisableLogging',
    'DisableSnapshotCopy',
    'EnableLogging',
    'EnableSnapshotCopy',
    'FailoverPrimaryCompute',
    'ModifyClusterDbRevision',
    'ModifyClusterIamRoles',
    'ModifyClusterMaintenance',
    'ModifyClusterSnapshotSchedule',
    'ModifySnapshotCopyRetentionPeriod',
    'PauseCluster',
    'RebootCluster',
    'ResizeCluster',
    'ResumeCluster',
    'RotateEncryptionKey',
  ].map((name): [Call, readonly string[]] => [{ name, request: { clusterIdentifier } }, [`update ${here()}`]]),
  [
    { name: 'DeleteEndpointAccess', request: { endpointName: 'e' }, response: { endpointName: 'e', clusterIdentifier } },
    [`update ${here()}`],
  ],
  [{ name: 'CreateTags', request: { resourceName: arn('sales'), tags: [{ key: 'a', value: 'b' }] } }, [`update ${here()}`]],
  [{ name: 'DeleteTags', request: { resourceName: arn('sales'), tagKeys: ['a'] } }, [`update ${here()}`]],
  [{ name: 'DeleteCluster', request: { clusterIdentifier, skipFinalClusterSnapshot: true } }, [`delete ${here()}`]],
  // Tags of a snapshot, of another account's cluster; a snapshot's doings; no identifier at all.
  [{ name: 'CreateTags', request: { resourceName: `arn:aws:redshift:us-east-1:${account}:snapshot:sales/s-1` } }, []],
  [{ name: 'CreateTags', request: { resourceName: arn('sales').replace(account, '222222222222') } }, []],
  [{ name: 'CreateClusterSnapshot', request: { clusterIdentifier, snapshotIdentifier: 's-1' } }, []],
  [{ name: 'DeleteCluster', request: { clusterIdentifier: '../x' } }, []],
  [{ name: 'DeleteCluster', request: null }, []],
])('%o', (call, expected) => {
  expect(inShort(touched('redshift', call))).toEqual(expected)
})

test.each<[Call, readonly object[]]>([
  [
    { name: 'CreateCluster', request: { clusterIdentifier, tags: [{ key: 'team', value: 'a' }] } },
    [{ kind: 'present' }, { kind: 'is', path: ['Tags', 'team'], value: 'a' }],
  ],
  // Some of what it asks for waits for a maintenance window.
  [{ name: 'ModifyCluster', request: { clusterIdentifier, publiclyAccessible: true } }, [{ kind: 'change' }]],
  [
    { name: 'ModifyClusterIamRoles', request: { clusterIdentifier, addIamRoles: [role] } },
    [{ kind: 'has', path: ['IamRoles'], value: { IamRoleArn: role } }],
  ],
  [{ name: 'ModifyClusterIamRoles', request: { clusterIdentifier, removeIamRoles: [role] } }, [{ kind: 'change' }]],
  [
    { name: 'EnableLogging', request: { clusterIdentifier, bucketName: 'logs' } },
    [
      { kind: 'is', path: ['LoggingStatus', 'LoggingEnabled'], value: true },
      { kind: 'is', path: ['LoggingStatus', 'BucketName'], value: 'logs' },
    ],
  ],
  [
    { name: 'DisableLogging', request: { clusterIdentifier } },
    [{ kind: 'is', path: ['LoggingStatus', 'LoggingEnabled'], value: false }],
  ],
  [
    { name: 'EnableSnapshotCopy', request: { clusterIdentifier, destinationRegion: 'eu-west-1' } },
    [{ kind: 'is', path: ['ClusterSnapshotCopyStatus', 'DestinationRegion'], value: 'eu-west-1' }],
  ],
  [
    { name: 'DisableSnapshotCopy', request: { clusterIdentifier } },
    [{ kind: 'is', path: ['ClusterSnapshotCopyStatus'], value: null }],
  ],
  [{ name: 'RebootCluster', request: { clusterIdentifier } }, [{ kind: 'nothing' }]],
  [
    { name: 'CreateTags', request: { resourceName: arn('sales'), tags: [{ key: 'team', value: 'a' }] } },
    [{ kind: 'is', path: ['Tags', 'team'], value: 'a' }],
  ],
  [
    { name: 'DeleteTags', request: { resourceName: arn('sales'), tagKeys: ['team'] } },
    [{ kind: 'is', path: ['Tags', 'team'], value: null }],
  ],
])('%o shows', (call, expected) => {
  expect(touched('redshift', call).map(({ witnesses }) => witnesses)).toEqual([expected])
})
