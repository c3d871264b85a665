import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart, must, together } from '../reading.ts'
import { redshiftClusterShape } from '../shapes/redshift-cluster.ts'

const type = 'AWS.Redshift.Cluster'

/** `arn:aws:redshift:{region}:{accountId}:cluster:{identifier}`, read in one round of calls. */
export const redshiftCluster: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: [
    'DataTransferProgress.CurrentRateInMegaBytesPerSecond',
    'DataTransferProgress.DataTransferredInMegaBytes',
    'DataTransferProgress.ElapsedTimeInSeconds',
    'DataTransferProgress.EstimatedTimeToCompletionInSeconds',
    'LoggingStatus.LastFailureTime',
    'LoggingStatus.LastSuccessfulDeliveryTime',
    'RestoreStatus.CurrentRestoreRateInMegaBytesPerSecond',
    'RestoreStatus.ElapsedTimeInSeconds',
    'RestoreStatus.EstimatedTimeToCompletionInSeconds',
    'RestoreStatus.ProgressInMegaBytes',
  ],
  async *list(session, token) {
    const { paginateDescribeClusters } = await import('@aws-sdk/client-redshift')
    const paging = { client: await session.client('redshift'), pageSize: 100, ...after(token) }
    yield* idPages(
      paginateDescribeClusters(paging, {}),
      ({ Clusters }) => Clusters?.map(({ ClusterIdentifier }) => arnOf(session, must(ClusterIdentifier, 'ClusterIdentifier'))),
      ({ Marker }) => Marker,
    )
  },
  async fetch(session, ref) {
    const { DescribeClustersCommand, DescribeLoggingStatusCommand } = await import('@aws-sdk/client-redshift')
    const redshift = await session.client('redshift')
    const of = { ClusterIdentifier: lastPart(ref.id) }
    // A cluster of the same name here is another one.
    if (arnOf(session, of.ClusterIdentifier) !== ref.id) return { status: 'gone' }
    const found = await together(
      unless(redshift.send(new DescribeClustersCommand(of)), 'ClusterNotFound', 'ClusterNotFoundFault'),
      redshift.send(new DescribeLoggingStatusCommand(of)),
    )
    if (found === null) return { status: 'gone' }
    const [{ Clusters }, logging] = found
    const cluster = must(Clusters?.[0], 'Clusters[0]')
    const attributes = redshiftClusterShape.parse({
      ...cluster,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: ref.id,
      ResourceType: type,
      TimeCreated: cluster.ClusterCreateTime,
      Arn: ref.id,
      Id: cluster.ClusterIdentifier,
      Name: cluster.DBName,
      LoggingStatus: logging,
    })
    return { status: 'present', attributes }
  },
}

function arnOf({ partition, region, accountId }: Session, identifier: string): string {
  return `arn:${partition}:redshift:${region}:${accountId}:cluster:${identifier}`
}
