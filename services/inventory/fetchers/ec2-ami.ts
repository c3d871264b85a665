import type { Image } from '@aws-sdk/client-ec2'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher, Page } from '../fetcher.ts'
import { after, idPages, lastPart } from '../reading.ts'
import { ec2AmiShape } from '../shapes/ec2-ami.ts'
import { instancesOf, livingStates } from './ec2-instance.ts'
import { ec2Arn, identity } from './ec2.ts'

const type = 'AWS.EC2.AMI'

/**
 * `arn:aws:ec2:{region}:{accountId}:image/{ami-id}`: the account's own images, and those of others that its instances run on. The
 * account is the one in which the image was seen, since an event does not tell whose it is; `OwnerId` has the owner.
 */
export const ec2Ami: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  async *list(session, token) {
    if (token === null || !token.startsWith(used)) {
      for await (const { ids, next } of ownImages(session, token)) yield { ids, next: next ?? used }
    }
    for await (const { ids, next } of usedImages(session, token?.startsWith(used) === true ? token.slice(used.length) : '')) {
      yield { ids, next: next === null ? null : used + next }
    }
  },
  async fetch(session, ref) {
    const { DescribeImagesCommand } = await import('@aws-sdk/client-ec2')
    const ec2 = await session.client('ec2')
    const command = new DescribeImagesCommand({ ...all, ImageIds: [lastPart(ref.id)] })
    const image = (await unless(ec2.send(command), 'InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'))?.Images?.[0]
    if (image === undefined || image.State === 'deregistered') return { status: 'gone' }
    if (image.OwnerId !== session.accountId && !(await isUsed(session, lastPart(ref.id)))) return { status: 'gone' }
    const attributes = ec2AmiShape.parse({
      ...image,
      ...identity(session, type, arnOf(session, image)),
      TimeCreated: image.CreationDate === undefined ? null : new Date(image.CreationDate),
    })
    return { status: 'present', attributes }
  },
}

/** Marks where the listing of used images goes on; a token of the own images is never so. */
const used = 'used:'
/** Switched off and outdated images can still be started, or be switched on again. */
const all = { IncludeDeprecated: true, IncludeDisabled: true }

async function* ownImages(session: Session, token: string | null): AsyncGenerator<Page> {
  const { paginateDescribeImages } = await import('@aws-sdk/client-ec2')
  const paging = { client: await session.client('ec2'), pageSize: 1_000, ...after(token) }
  yield* idPages(
    paginateDescribeImages(paging, { ...all, Owners: ['self'] }),
    ({ Images }) => Images?.map((image) => arnOf(session, image)),
    ({ NextToken }) => NextToken,
  )
}

async function* usedImages(session: Session, token: string): AsyncGenerator<Page> {
  const { paginateDescribeInstances } = await import('@aws-sdk/client-ec2')
  const paging = { client: await session.client('ec2'), pageSize: 1_000, ...after(token === '' ? null : token) }
  for await (const page of paginateDescribeInstances(paging, { Filters: [living] })) {
    const ids = [...new Set(instancesOf(page).flatMap(({ ImageId }) => ImageId ?? []))]
    yield { ids: await ofOthers(session, ids), next: page.NextToken || null }
  }
}

const living = { Name: 'instance-state-name', Values: livingStates }

/** Asked by filter, since many an instance outlives its image and one unknown id would fail the call. */
async function ofOthers(session: Session, ids: readonly string[]): Promise<readonly string[]> {
  const { DescribeImagesCommand } = await import('@aws-sdk/client-ec2')
  const ec2 = await session.client('ec2')
  const found: string[] = []
  for (let at = 0; at < ids.length; at += 200) {
    const Filters = [{ Name: 'image-id', Values: ids.slice(at, at + 200) }]
    const { Images = [] } = await ec2.send(new DescribeImagesCommand({ ...all, Filters }))
    found.push(...Images.filter(({ OwnerId }) => OwnerId !== session.accountId).map((image) => arnOf(session, image)))
  }
  return found
}

async function isUsed(session: Session, imageId: string): Promise<boolean> {
  const { paginateDescribeInstances } = await import('@aws-sdk/client-ec2')
  const paging = { client: await session.client('ec2'), pageSize: 1_000 }
  const ofImage = { Filters: [{ Name: 'image-id', Values: [imageId] }, living] }
  for await (const page of paginateDescribeInstances(paging, ofImage)) if (instancesOf(page).length > 0) return true
  return false
}

function arnOf(session: Session, { ImageId }: Image): string {
  return ec2Arn(session, 'image', ImageId)
}
