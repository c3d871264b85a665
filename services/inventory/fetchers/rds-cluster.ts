import type { DBCluster } from '@aws-sdk/client-rds'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, must, resourceOf } from '../reading.ts'
import { rdsClusterShape } from '../shapes/rds-cluster.ts'

const type = 'AWS.RDS.Cluster'

/** `arn:aws:rds:{region}:{accountId}:cluster:{identifier}`, read in one call. RDS tells of Neptune's and DocumentDB's clusters too. */
export const rdsCluster: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: [
    'BacktrackConsumedChangeRecords',
    'Capacity',
    'EarliestBacktrackTime',
    'EarliestRestorableTime',
    'IOOptimizedNextAllowedModificationTime',
    'LatestRestorableTime',
    'PercentProgress',
    'Status',
    'StatusInfos',
    'AssociatedRoles[].Status',
    'DBClusterMembers[].DBClusterParameterGroupStatus',
    'DBClusterOptionGroupMemberships[].Status',
    'DomainMemberships[].Status',
    'MasterUserSecret.SecretStatus',
    'VpcSecurityGroups[].Status',
  ],
  async *list(session, token) {
    const { paginateDescribeDBClusters } = await import('@aws-sdk/client-rds')
    const pages = paginateDescribeDBClusters({ client: await session.client('rds'), pageSize: 100, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ DBClusters }) => DBClusters?.map(({ DBClusterArn }) => must(DBClusterArn, 'DBClusterArn')),
      ({ Marker }) => Marker,
    )
  },
  async fetch(session, ref) {
    const name = resourceOf(session, 'rds', ref.id, 'cluster:')
    const cluster = name === null ? null : await describe(session, name)
    if (cluster === null) return { status: 'gone' }
    const attributes = rdsClusterShape.parse({
      ...cluster,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: cluster.DBClusterArn,
      ResourceType: type,
      Tags: cluster.TagList,
      TimeCreated: cluster.ClusterCreateTime,
      Arn: cluster.DBClusterArn,
      Id: cluster.DBClusterIdentifier,
      Name: cluster.DBClusterIdentifier,
    })
    return { status: 'present', attributes }
  },
}

async function describe(session: Session, DBClusterIdentifier: string): Promise<DBCluster | null> {
  const { DescribeDBClustersCommand } = await import('@aws-sdk/client-rds')
  const rds = await session.client('rds')
  const answer = await unless(rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier })), 'DBClusterNotFoundFault')
  return answer?.DBClusters?.[0] ?? null
}
