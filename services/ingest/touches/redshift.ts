import { at, type AuditEvent, type Json } from '#model'
import { isRegion, partitionOf } from '../region.ts'
import { all, becomes, has, is, nothing, tagged, untagged } from './shows.ts'
import { each, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

/** Clusters are named by identifier, by ARN where tags are meant. AWS keeps identifiers in lower case, however they are written. */
const cluster: Named = {
  type: 'AWS.Redshift.Cluster',
  ref({ accountId, region }, text) {
    const arn = readArn(text)
    if (arn !== null && (arn.accountId !== accountId || !arn.resource.startsWith('cluster:'))) return null
    const name = (arn === null ? text : arn.resource.slice('cluster:'.length)).toLowerCase()
    if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) return null
    const where = arn?.region ?? region
    if (!isRegion(where)) return null
    const id = `arn:${partitionOf(where)}:redshift:${where}:${accountId}:cluster:${name}`
    return { accountId, region: where, type: 'AWS.Redshift.Cluster', id }
  },
}

const touch = (kind: TouchKind, from = 'requestParameters.clusterIdentifier'): Effect => ({ kind, named: cluster, from: [from] })
const tag = touch('update', 'requestParameters.resourceName')
const added = (event: AuditEvent): readonly Json[] => {
  const roles = at(event.record, 'requestParameters', 'addIamRoles')
  return Array.isArray(roles) ? (roles as readonly Json[]).map((IamRoleArn) => ({ IamRoleArn })) : []
}

/**
 * Parameter groups, security groups, subnet groups, HSMs and snapshot schedules that change by their own name do not say for which
 * clusters: the next scan sees those. Snapshots, snapshot grants and event subscriptions change nothing that is kept of a cluster.
 */
export const redshift: ServiceTable = {
  source: 'redshift.amazonaws.com',
  events: {
    ...each(['CreateCluster', 'RestoreFromClusterSnapshot'], { ...touch('create'), shows: tagged('requestParameters.tags') }),
    DeleteCluster: [touch('delete')],
    // May give it another name: the one is gone then, and the other there.
    ModifyCluster: [touch('create', 'requestParameters.newClusterIdentifier'), touch('update')],
    ModifyClusterIamRoles: [{ ...touch('update'), shows: has('IamRoles', added) }],
    EnableLogging: [
      {
        ...touch('update'),
        shows: all(becomes('LoggingStatus.LoggingEnabled', true), is('LoggingStatus.BucketName', 'requestParameters.bucketName')),
      },
    ],
    DisableLogging: [{ ...touch('update'), shows: becomes('LoggingStatus.LoggingEnabled', false) }],
    EnableSnapshotCopy: [
      { ...touch('update'), shows: is('ClusterSnapshotCopyStatus.DestinationRegion', 'requestParameters.destinationRegion') },
    ],
    DisableSnapshotCopy: [{ ...touch('update'), shows: becomes('ClusterSnapshotCopyStatus', null) }],
    CreateTags: [{ ...tag, shows: tagged('requestParameters.tags') }],
    DeleteTags: [{ ...tag, shows: untagged('requestParameters.tagKeys') }],
    // What these change comes later, or not at all.
    RebootCluster: [{ ...touch('update'), shows: nothing }],
    ...each(['CreateEndpointAccess', 'DeleteEndpointAccess'], {
      ...touch('update', 'responseElements.clusterIdentifier'),
      shows: nothing,
    }),
    ...each(
      [
        'CancelResize',
        'FailoverPrimaryCompute',
        'ModifyClusterDbRevision',
        'ModifyClusterMaintenance',
        'ModifyClusterSnapshotSchedule',
        'ModifySnapshotCopyRetentionPeriod',
        'PauseCluster',
        'ResizeCluster',
        'ResumeCluster',
        'RotateEncryptionKey',
      ],
      touch('update'),
    ),
  },
}
