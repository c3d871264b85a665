import type { CreateVolumePermission, Volume } from '@aws-sdk/client-ec2'
import { LRUCache } from 'lru-cache'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, gather, idPages, lastPart, must, together } from '../reading.ts'
import { ec2VolumeShape } from '../shapes/ec2-volume.ts'
import { permissionsOf } from './ec2-snapshot.ts'
import { ec2Arn, identity } from './ec2.ts'

const type = 'AWS.EC2.Volume'

/** `arn:aws:ec2:{region}:{accountId}:volume/{vol-id}`, read in one round of calls and more for who may use its snapshots. */
export function createEc2Volume(): Fetcher {
  // What was read before a fetch failed, for its next try: the snapshots of one volume may be too many for one.
  const begun = new LRUCache<string, Permissions>({ max: 1_000, ttl: 5 * 60_000 })
  return {
    type,
    shape: 1,
    scope: 'regional',
    volatile: ['Attachments[].State', 'Snapshots[].Progress', 'Snapshots[].State', 'Snapshots[].StateMessage', 'State'],
    async *list(session, token) {
      const { paginateDescribeVolumes } = await import('@aws-sdk/client-ec2')
      const paging = { client: await session.client('ec2'), pageSize: 500, ...after(token) }
      yield* idPages(
        paginateDescribeVolumes(paging, {}),
        ({ Volumes }) => Volumes?.filter(isLiving).map((volume) => arnOf(session, volume)),
        ({ NextToken }) => NextToken,
      )
    },
    async fetch(session, ref) {
      const id = lastPart(ref.id)
      const key = `${session.accountId} ${session.region} ${id}`
      const permissions: Permissions = begun.get(key) ?? new Map<string, readonly CreateVolumePermission[]>()
      begun.set(key, permissions)
      const found = await together(describe(session, id), readSnapshots(session, id, permissions))
      begun.delete(key)
      if (found === null) return { status: 'gone' }
      const [volume, Snapshots] = found
      const attributes = ec2VolumeShape.parse({
        ...volume,
        ...identity(session, type, arnOf(session, volume)),
        TimeCreated: volume.CreateTime,
        Snapshots,
      })
      return { status: 'present', attributes }
    },
  }
}

/** Of each snapshot, who may make volumes of it. */
type Permissions = Map<string, readonly CreateVolumePermission[]>

async function describe(session: Session, id: string): Promise<Volume | null> {
  const { DescribeVolumesCommand } = await import('@aws-sdk/client-ec2')
  const ec2 = await session.client('ec2')
  const answer = await unless(ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] })), 'InvalidVolume.NotFound')
  return answer?.Volumes?.find(isLiving) ?? null
}

/** Some at a time: a volume may have hundreds, and the account's other resources want to be read too. */
const atOnce = 8

async function readSnapshots(session: Session, id: string, permissions: Permissions) {
  const { paginateDescribeSnapshots } = await import('@aws-sdk/client-ec2')
  const paging = { client: await session.client('ec2'), pageSize: 1_000 }
  const ofVolume = { OwnerIds: ['self'], Filters: [{ Name: 'volume-id', Values: [id] }] }
  const snapshots = await gather(paginateDescribeSnapshots(paging, ofVolume), (page) => page.Snapshots)
  const ids = snapshots.map(({ SnapshotId }) => must(SnapshotId, 'SnapshotId'))
  const unread = ids.filter((each) => !permissions.has(each))
  for (let at = 0; at < unread.length; at += atOnce) {
    await Promise.all(unread.slice(at, at + atOnce).map(async (each) => permissions.set(each, await permissionsOf(session, each))))
  }
  return snapshots.map((snapshot, at) => Object.assign(snapshot, { CreateVolumePermissions: permissions.get(ids[at] ?? '') }))
}

/** AWS shows a deleted volume for some minutes. */
function isLiving({ State }: Volume): boolean {
  return State !== 'deleting' && State !== 'deleted'
}

function arnOf(session: Session, { VolumeId }: Volume): string {
  return ec2Arn(session, 'volume', VolumeId)
}
