import type { Fetcher } from '../fetcher.ts'
import { after, idPages, must, resourceOf, together } from '../reading.ts'
import { rdsSnapshotShape } from '../shapes/rds-snapshot.ts'
import { describeSnapshot, sharingOf } from './rds.ts'

const type = 'AWS.RDS.Snapshot'

/**
 * `arn:aws:rds:{region}:{accountId}:snapshot:{identifier}`, manual and automated, read in one round of calls. Snapshots of
 * instances only: those of clusters have calls of their own and are not read.
 */
export const rdsSnapshot: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: ['FullSnapshotSizeInBytes', 'PercentProgress', 'Status'],
  async *list(session, token) {
    const { paginateDescribeDBSnapshots } = await import('@aws-sdk/client-rds')
    const pages = paginateDescribeDBSnapshots({ client: await session.client('rds'), pageSize: 100, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ DBSnapshots }) => DBSnapshots?.map(({ DBSnapshotArn }) => must(DBSnapshotArn, 'DBSnapshotArn')),
      ({ Marker }) => Marker,
    )
  },
  async fetch(session, ref) {
    const name = resourceOf(session, 'rds', ref.id, 'snapshot:')
    const found = name === null ? null : await together(describeSnapshot(session, name), sharingOf(session, name))
    // Without attributes it was deleted between the two calls.
    if (found === null || found[1] === null) return { status: 'gone' }
    const [snapshot, sharing] = found
    const attributes = rdsSnapshotShape.parse({
      ...snapshot,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: snapshot.DBSnapshotArn,
      ResourceType: type,
      Tags: snapshot.TagList,
      TimeCreated: snapshot.SnapshotCreateTime,
      Arn: snapshot.DBSnapshotArn,
      Id: snapshot.DBSnapshotIdentifier,
      Name: snapshot.DBSnapshotIdentifier,
      DBSnapshotAttributes: sharing,
    })
    return { status: 'present', attributes }
  },
}
