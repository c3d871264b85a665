import type { CreateVolumePermission, Snapshot } from '@aws-sdk/client-ec2'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart, together } from '../reading.ts'
import { ec2SnapshotShape } from '../shapes/ec2-snapshot.ts'
import { ec2Arn, identity } from './ec2.ts'

const type = 'AWS.EC2.Snapshot'

/**
 * `arn:aws:ec2:{region}:{accountId}:snapshot/{snap-id}`, read in one round of calls. Only the account's own: AWS shows those that
 * others share too, but not with whom they are shared.
 */
export const ec2Snapshot: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: ['CompletionTime', 'FullSnapshotSizeInBytes', 'Progress', 'State', 'StateMessage'],
  async *list(session, token) {
    const { paginateDescribeSnapshots } = await import('@aws-sdk/client-ec2')
    const paging = { client: await session.client('ec2'), pageSize: 1_000, ...after(token) }
    yield* idPages(
      paginateDescribeSnapshots(paging, { OwnerIds: ['self'] }),
      ({ Snapshots }) => Snapshots?.filter((each) => isOwn(session, each)).map((each) => arnOf(session, each)),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const id = lastPart(ref.id)
    const found = await together(describe(session, id), permissionsOf(session, id))
    if (found === null) return { status: 'gone' }
    const [snapshot, CreateVolumePermissions] = found
    const attributes = ec2SnapshotShape.parse({
      ...snapshot,
      ...identity(session, type, arnOf(session, snapshot)),
      TimeCreated: snapshot.StartTime,
      CreateVolumePermissions,
    })
    return { status: 'present', attributes }
  },
}

/** Who else may make volumes of a snapshot of the account: accounts, or the group `all`. */
export async function permissionsOf(session: Session, SnapshotId: string): Promise<readonly CreateVolumePermission[]> {
  const { DescribeSnapshotAttributeCommand } = await import('@aws-sdk/client-ec2')
  const ec2 = await session.client('ec2')
  const command = new DescribeSnapshotAttributeCommand({ SnapshotId, Attribute: 'createVolumePermission' })
  return (await ec2.send(command)).CreateVolumePermissions ?? []
}

async function describe(session: Session, id: string): Promise<Snapshot | null> {
  const { DescribeSnapshotsCommand } = await import('@aws-sdk/client-ec2')
  const ec2 = await session.client('ec2')
  const answer = await unless(ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] })), 'InvalidSnapshot.NotFound')
  return answer?.Snapshots?.find((each) => isOwn(session, each)) ?? null
}

function isOwn(session: Session, { OwnerId }: Snapshot): boolean {
  return OwnerId === session.accountId
}

function arnOf(session: Session, { SnapshotId }: Snapshot): string {
  return ec2Arn(session, 'snapshot', SnapshotId)
}
