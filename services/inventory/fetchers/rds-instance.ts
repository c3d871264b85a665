import type { DBInstance, DBSnapshot } from '@aws-sdk/client-rds'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, gather, idPages, must, resourceOf, together } from '../reading.ts'
import { rdsInstanceShape } from '../shapes/rds-instance.ts'
import { describeSnapshot, sharingOf } from './rds.ts'

const type = 'AWS.RDS.Instance'

/**
 * `arn:aws:rds:{region}:{accountId}:db:{identifier}`, read in one round of calls and a second for the sharing of its snapshots.
 * An event that names only a snapshot means the instance it was taken of: `…:snapshot:{identifier}` is found as well.
 */
export const rdsInstance: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: [
    'DBInstanceStatus',
    'LatestRestorableTime',
    'StatusInfos',
    'AssociatedRoles[].Status',
    'DBParameterGroups[].ParameterApplyStatus',
    'DomainMemberships[].Status',
    'OptionGroupMemberships[].Status',
    'VpcSecurityGroups[].Status',
  ],
  async *list(session, token) {
    const { paginateDescribeDBInstances } = await import('@aws-sdk/client-rds')
    const pages = paginateDescribeDBInstances({ client: await session.client('rds'), pageSize: 100, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ DBInstances }) => DBInstances?.map(({ DBInstanceArn }) => must(DBInstanceArn, 'DBInstanceArn')),
      ({ Marker }) => Marker,
    )
  },
  async fetch(session, ref) {
    const name = await nameOf(session, ref.id)
    const found = name === null ? null : await together(describe(session, name), snapshotsOf(session, name))
    if (found === null) return { status: 'gone' }
    const [instance, snapshots] = found
    const attributes = rdsInstanceShape.parse({
      ...instance,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: instance.DBInstanceArn,
      ResourceType: type,
      Tags: instance.TagList,
      TimeCreated: instance.InstanceCreateTime,
      Arn: instance.DBInstanceArn,
      Id: instance.DBInstanceIdentifier,
      Name: instance.DBName,
      SnapshotAttributes: snapshots,
    })
    return { status: 'present', attributes }
  },
}

async function nameOf(session: Session, id: string): Promise<string | null> {
  const snapshot = resourceOf(session, 'rds', id, 'snapshot:')
  if (snapshot === null) return resourceOf(session, 'rds', id, 'db:')
  return (await describeSnapshot(session, snapshot))?.DBInstanceIdentifier ?? null
}

async function describe(session: Session, DBInstanceIdentifier: string): Promise<DBInstance | null> {
  const { DescribeDBInstancesCommand } = await import('@aws-sdk/client-rds')
  const rds = await session.client('rds')
  const answer = await unless(rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier })), 'DBInstanceNotFoundFault')
  return answer?.DBInstances?.[0] ?? null
}

/** Whom each snapshot of an instance is shared with. Of a cluster's snapshots nothing is told here. */
async function snapshotsOf(session: Session, DBInstanceIdentifier: string) {
  const { paginateDescribeDBSnapshots } = await import('@aws-sdk/client-rds')
  const pages = paginateDescribeDBSnapshots({ client: await session.client('rds'), pageSize: 100 }, { DBInstanceIdentifier })
  const snapshots = await gather(pages, (page) => page.DBSnapshots)
  const shared = []
  // A few at a time: there may be a hundred, and other fetches of the account want their turn.
  for (let at = 0; at < snapshots.length; at += 20) {
    shared.push(...(await Promise.all(snapshots.slice(at, at + 20).map((snapshot) => attributesOf(session, snapshot)))))
  }
  return shared.filter((each) => each !== null)
}

async function attributesOf(session: Session, snapshot: DBSnapshot) {
  const name = must(snapshot.DBSnapshotIdentifier, 'DBSnapshotIdentifier')
  // Only those that somebody made can be shared; the others need no call each.
  const unshared = [{ AttributeName: 'restore', AttributeValues: [] }]
  const attributes = snapshot.SnapshotType === 'manual' ? await sharingOf(session, name) : unshared
  return attributes === null ? null : { DBSnapshotAttributes: attributes, DBSnapshotIdentifier: name }
}
