import { at, textAt, type AuditEvent, type Json } from '#model'
import { isRegion, partitionOf } from '../region.ts'
import { all, becomes, has, is, knowing, lacks, nothing, tagged, untagged } from './shows.ts'
import { each, effect, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const instance = named('AWS.RDS.Instance', 'db')
const snapshot = named('AWS.RDS.Snapshot', 'snapshot')
const cluster = named('AWS.RDS.Cluster', 'cluster')

/** By identifier, which RDS keeps in small letters, or by ARN. */
function named(type: string, word: string): Named {
  return {
    type,
    ref(event, text) {
      const { accountId } = event
      const arn = readArn(text)
      if (arn !== null && (arn.service !== 'rds' || arn.accountId !== accountId || !arn.resource.startsWith(`${word}:`)))
        return null
      const name = (arn === null ? text : arn.resource.slice(word.length + 1)).toLowerCase()
      const region = arn?.region ?? event.region
      // Names of automated snapshots have a colon: `rds:orders-2026-11-21-02-00`.
      if (!/^[a-z][a-z0-9:-]{0,254}$/.test(name) || !isRegion(region)) return null
      return { accountId, region, type, id: `arn:${partitionOf(region)}:rds:${region}:${accountId}:${word}:${name}` }
    },
  }
}

/** The instance that a snapshot was taken of: the fetch finds it by the snapshot. */
const instanceOfSnapshot: Named = {
  type: instance.type,
  ref(event, text) {
    const found = snapshot.ref(event, text)
    return found === null ? null : { ...found, type: instance.type }
  },
}

function touch(kind: TouchKind, what: Named, from: string | readonly string[], shows?: Effect['shows']): Effect {
  return effect(kind, what, typeof from === 'string' ? [from] : from, shows)
}

const tags = tagged('requestParameters.tags')
const asked = 'requestParameters.dBInstanceIdentifier'
const askedSnapshot = 'requestParameters.dBSnapshotIdentifier'
const askedCluster = 'requestParameters.dBClusterIdentifier'
const answered = ['responseElements.dBInstanceIdentifier', 'responseElements.dBSnapshot.dBInstanceIdentifier']

const groups = has('VpcSecurityGroups', (event) =>
  textsAt(event, 'vpcSecurityGroupIds').map((VpcSecurityGroupId) => ({ VpcSecurityGroupId })),
)
const copyTags = is('CopyTagsToSnapshot', 'requestParameters.copyTagsToSnapshot')
const deletionProtection = is('DeletionProtection', 'requestParameters.deletionProtection')
/** What takes effect at once, whenever the rest may. */
const instanceSettings = knowing(
  [
    'applyImmediately',
    'autoMinorVersionUpgrade',
    'copyTagsToSnapshot',
    'dBInstanceIdentifier',
    'deletionProtection',
    'publiclyAccessible',
    'vpcSecurityGroupIds',
  ],
  is('AutoMinorVersionUpgrade', 'requestParameters.autoMinorVersionUpgrade'),
  is('PubliclyAccessible', 'requestParameters.publiclyAccessible'),
  copyTags,
  deletionProtection,
  groups,
)
const clusterSettings = knowing(
  ['applyImmediately', 'copyTagsToSnapshot', 'dBClusterIdentifier', 'deletionProtection', 'vpcSecurityGroupIds'],
  copyTags,
  deletionProtection,
  groups,
)
/** A cluster's settings that its instances show too. */
const ofMembers: Effect['shows'] = (event) => {
  const told = groups(event)
  return told.length > 0 ? told : nothing(event)
}

const snapshotNames = ({ record }: AuditEvent): readonly string[] => {
  const request = at(record, 'requestParameters')
  const name = textAt(request, 'dBSnapshotIdentifier') ?? textAt(request, 'targetDBSnapshotIdentifier')
  return name === null ? [] : [name.toLowerCase()]
}
const namedSnapshot = (event: AuditEvent): readonly Json[] =>
  snapshotNames(event).map((DBSnapshotIdentifier) => ({ DBSnapshotIdentifier }))
const hasSnapshot = has('SnapshotAttributes', namedSnapshot)
const lacksSnapshot = lacks('SnapshotAttributes', namedSnapshot)

/** Whom a snapshot is shared with after the event, one by one. */
const sharing = (key: 'valuesToAdd' | 'valuesToRemove') => (event: AuditEvent) => {
  const AttributeName = textAt(event.record, 'requestParameters', 'attributeName')
  return textsAt(event, key).map((value) => ({ AttributeName, AttributeValues: [value] }))
}
const inInstance = (read: (event: AuditEvent) => readonly Json[]) => (event: AuditEvent) =>
  snapshotNames(event).flatMap((DBSnapshotIdentifier) =>
    read(event).map((shared) => ({ DBSnapshotIdentifier, DBSnapshotAttributes: [shared] })),
  )

const role = (event: AuditEvent): readonly Json[] => {
  const RoleArn = textAt(event.record, 'requestParameters', 'roleArn')
  return RoleArn === null ? [] : [{ RoleArn }]
}
const member = (event: AuditEvent): readonly Json[] => {
  const name = textAt(event.record, 'requestParameters', 'dBInstanceIdentifier')
  return name === null ? [] : [{ DBInstanceIdentifier: name.toLowerCase() }]
}

/**
 * What changes parameter groups, option groups, subnet groups or blue/green deployments does not say whose they are: the next scan
 * sees that. Of snapshots only those of instances are known; events of cluster snapshots touch nothing.
 */
export const rds: ServiceTable = {
  source: 'rds.amazonaws.com',
  events: {
    CreateDBInstance: [
      touch('create', instance, asked, tags),
      touch('update', cluster, askedCluster, has('DBClusterMembers', member)),
    ],
    CreateDBInstanceReadReplica: [
      touch('create', instance, asked, tags),
      touch('update', instance, ['requestParameters.sourceDBInstanceIdentifier', 'requestParameters.sourcedBInstanceIdentifier']),
    ],
    ...each(['RestoreDBInstanceFromDBSnapshot', 'RestoreDBInstanceFromS3'], touch('create', instance, asked, tags)),
    RestoreDBInstanceToPointInTime: [
      touch(
        'create',
        instance,
        ['requestParameters.targetDBInstanceIdentifier', 'requestParameters.targetdBInstanceIdentifier'],
        tags,
      ),
    ],
    ModifyDBInstance: [
      touch('update', instance, asked, instanceSettings),
      touch('create', instance, 'requestParameters.newDBInstanceIdentifier'),
      touch('update', cluster, 'responseElements.dBClusterIdentifier', nothing),
    ],
    DeleteDBInstance: [
      touch('delete', instance, asked),
      touch('create', snapshot, 'requestParameters.finalDBSnapshotIdentifier'),
      touch('update', cluster, 'responseElements.dBClusterIdentifier', nothing),
      touch('update', instance, 'responseElements.readReplicaSourceDBInstanceIdentifier', nothing),
    ],
    AddRoleToDBInstance: [touch('update', instance, asked, has('AssociatedRoles', role))],
    RemoveRoleFromDBInstance: [touch('update', instance, asked)],
    ...each(['PromoteReadReplica', 'SwitchoverReadReplica'], touch('update', instance, asked)),
    ...each(['RebootDBInstance', 'StartDBInstance', 'StopDBInstance'], touch('update', instance, asked, nothing)),
    DeleteDBInstanceAutomatedBackup: [
      touch(
        'update',
        instance,
        ['responseElements.dBInstanceIdentifier', 'responseElements.dBInstanceAutomatedBackup.dBInstanceIdentifier'],
        nothing,
      ),
    ],

    CreateDBSnapshot: [
      touch('create', snapshot, askedSnapshot, tags),
      touch('update', instance, [asked, ...answered], hasSnapshot),
    ],
    CopyDBSnapshot: [
      touch('create', snapshot, ['requestParameters.targetDBSnapshotIdentifier', 'responseElements.dBSnapshotIdentifier'], tags),
      touch('update', instance, answered, hasSnapshot),
    ],
    ModifyDBSnapshot: [touch('update', snapshot, askedSnapshot)],
    ModifyDBSnapshotAttribute: [
      touch(
        'update',
        snapshot,
        askedSnapshot,
        all(has('DBSnapshotAttributes', sharing('valuesToAdd')), lacks('DBSnapshotAttributes', sharing('valuesToRemove'))),
      ),
      touch(
        'update',
        instanceOfSnapshot,
        askedSnapshot,
        all(
          has('SnapshotAttributes', inInstance(sharing('valuesToAdd'))),
          lacks('SnapshotAttributes', inInstance(sharing('valuesToRemove'))),
        ),
      ),
    ],
    DeleteDBSnapshot: [touch('delete', snapshot, askedSnapshot), touch('update', instance, answered, lacksSnapshot)],

    ...each(
      ['CreateDBCluster', 'RestoreDBClusterFromS3', 'RestoreDBClusterFromSnapshot', 'RestoreDBClusterToPointInTime'],
      touch('create', cluster, askedCluster, tags),
    ),
    ModifyDBCluster: [
      touch('update', cluster, askedCluster, clusterSettings),
      touch('create', cluster, 'requestParameters.newDBClusterIdentifier'),
      touch('update', instance, 'responseElements.dBClusterMembers[].dBInstanceIdentifier', ofMembers),
    ],
    DeleteDBCluster: [touch('delete', cluster, askedCluster)],
    AddRoleToDBCluster: [touch('update', cluster, askedCluster, has('AssociatedRoles', role))],
    ...each(
      ['RemoveRoleFromDBCluster', 'PromoteReadReplicaDBCluster', 'FailoverDBCluster', 'CreateDBClusterEndpoint'],
      touch('update', cluster, askedCluster),
    ),
    DeleteDBClusterEndpoint: [touch('update', cluster, 'responseElements.dBClusterIdentifier')],
    ...each(['StartDBCluster', 'StopDBCluster', 'RebootDBCluster'], touch('update', cluster, askedCluster, nothing)),
    EnableHttpEndpoint: [touch('update', cluster, 'requestParameters.resourceArn', becomes('HttpEndpointEnabled', true))],
    DisableHttpEndpoint: [touch('update', cluster, 'requestParameters.resourceArn', becomes('HttpEndpointEnabled', false))],
    ...each(['StartActivityStream', 'StopActivityStream'], touch('update', cluster, 'requestParameters.resourceArn')),
    CreateGlobalCluster: [touch('update', cluster, 'requestParameters.sourceDBClusterIdentifier')],
    ...each(
      ['RemoveFromGlobalCluster', 'FailoverGlobalCluster', 'SwitchoverGlobalCluster'],
      touch('update', cluster, ['requestParameters.dbClusterIdentifier', 'requestParameters.targetDbClusterIdentifier']),
    ),

    ApplyPendingMaintenanceAction: [instance, cluster].map((what) =>
      touch('update', what, 'requestParameters.resourceIdentifier', nothing),
    ),
    AddTagsToResource: [instance, snapshot, cluster].map((what) => touch('update', what, 'requestParameters.resourceName', tags)),
    RemoveTagsFromResource: [instance, snapshot, cluster].map((what) =>
      touch('update', what, 'requestParameters.resourceName', untagged('requestParameters.tagKeys')),
    ),
  },
}

function textsAt(event: AuditEvent, key: string): readonly string[] {
  const list = at(event.record, 'requestParameters', key)
  return Array.isArray(list) ? (list as readonly Json[]).filter((value) => typeof value === 'string') : []
}
