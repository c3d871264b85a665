import type { Bucket } from '@aws-sdk/client-s3'
import type { ResourceRef } from '#model'
import type { Session } from '#aws'
import { awsCodeOf, failedAs, unless } from '../error.ts'
import type { Fetched, Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart, must } from '../reading.ts'
import { s3BucketShape } from '../shapes/s3-bucket.ts'

const type = 'AWS.S3.Bucket'

/** `arn:aws:s3:::{bucket}`, read in one round of calls, in the region that the event names. */
export const s3Bucket: Fetcher = {
  type,
  shape: 2,
  scope: 'regional',
  async *list(session, token) {
    const { paginateListBuckets } = await import('@aws-sdk/client-s3')
    const paging = { client: await session.client('s3'), pageSize: 1_000, ...after(token) }
    yield* idPages(
      paginateListBuckets(paging, { BucketRegion: session.region }),
      ({ Buckets }) => Buckets?.map(({ Name }) => `arn:${session.partition}:s3:::${must(Name, 'Name')}`),
      ({ ContinuationToken }) => ContinuationToken,
    )
  },
  async fetch(session, ref) {
    try {
      return await read(session, ref, session.region)
    } catch (error) {
      if (!failedAs(error, 'wrong-region')) throw error
      const region = await askRegion(session, lastPart(ref.id))
      return region === null ? { status: 'gone' } : read(session, ref, region)
    }
  },
}

async function read(session: Session, ref: ResourceRef, region: string): Promise<Fetched> {
  const name = lastPart(ref.id)
  const [listed, settings] = await Promise.allSettled([find(session, name), readSettings(session, name, region)])
  if (settings.status === 'rejected') {
    if (awsCodeOf(settings.reason) === 'NoSuchBucket') return { status: 'gone' }
    // Refused, and not among the account's buckets: deleted here, and perhaps somebody else's by now.
    const notOurs = listed.status === 'fulfilled' && listed.value === null
    if (notOurs && failedAs(settings.reason, 'access-denied')) return { status: 'gone' }
    throw settings.reason
  }
  if (listed.status === 'rejected') throw listed.reason
  const arn = `arn:${session.partition}:s3:::${name}`
  const attributes = s3BucketShape.parse({
    AccountId: session.accountId,
    ResourceId: arn,
    ResourceType: type,
    TimeCreated: listed.value?.CreationDate,
    Arn: arn,
    CreationDate: listed.value?.CreationDate,
    Name: name,
    ...settings.value,
  })
  return { status: 'present', attributes }
}

/** Every setting of a bucket, side by side. Only "was never set" is null; refused or throttled is an error. */
async function readSettings(session: Session, name: string, region: string) {
  const aws = await import('@aws-sdk/client-s3')
  const s3 = await session.client('s3', region)
  const of = { Bucket: name, ExpectedBucketOwner: session.accountId }
  const [location, acl, tagging, lock, access, logging, versioning, lifecycle, encryption, policy] = await Promise.all([
    s3.send(new aws.GetBucketLocationCommand(of)),
    s3.send(new aws.GetBucketAclCommand(of)),
    unless(s3.send(new aws.GetBucketTaggingCommand(of)), 'NoSuchTagSet'),
    unless(s3.send(new aws.GetObjectLockConfigurationCommand(of)), 'ObjectLockConfigurationNotFoundError'),
    unless(s3.send(new aws.GetPublicAccessBlockCommand(of)), 'NoSuchPublicAccessBlockConfiguration'),
    s3.send(new aws.GetBucketLoggingCommand(of)),
    s3.send(new aws.GetBucketVersioningCommand(of)),
    unless(s3.send(new aws.GetBucketLifecycleConfigurationCommand(of)), 'NoSuchLifecycleConfiguration'),
    unless(s3.send(new aws.GetBucketEncryptionCommand(of)), 'ServerSideEncryptionConfigurationNotFoundError'),
    unless(s3.send(new aws.GetBucketPolicyCommand(of)), 'NoSuchBucketPolicy'),
  ])
  return {
    Region: regionOf(location.LocationConstraint),
    Tags: tagging?.TagSet,
    EncryptionRules: encryption?.ServerSideEncryptionConfiguration?.Rules,
    Grants: acl.Grants,
    LifecycleRules: lifecycle?.Rules,
    LoggingPolicy: logging.LoggingEnabled,
    MFADelete: versioning.MFADelete,
    ObjectLockConfiguration: lock?.ObjectLockConfiguration,
    Owner: acl.Owner,
    Policy: policy?.Policy,
    PublicAccessBlockConfiguration: access?.PublicAccessBlockConfiguration,
    Versioning: versioning.Status,
  }
}

/** The account's own entry of a bucket: the only place that tells when it was made. */
async function find(session: Session, name: string): Promise<Bucket | null> {
  const { paginateListBuckets } = await import('@aws-sdk/client-s3')
  for await (const page of paginateListBuckets({ client: await session.client('s3'), pageSize: 1_000 }, { Prefix: name })) {
    const found = page.Buckets?.find(({ Name }) => Name === name)
    if (found !== undefined) return found
  }
  return null
}

/** Where a bucket lives when it is not where we looked; null when it is nowhere. The main region answers for all. */
async function askRegion(session: Session, name: string): Promise<string | null> {
  const { GetBucketLocationCommand } = await import('@aws-sdk/client-s3')
  const s3 = await session.client('s3', mainRegion(session))
  const answer = await unless(s3.send(new GetBucketLocationCommand({ Bucket: name })), 'NoSuchBucket')
  return answer === null ? null : regionOf(answer.LocationConstraint)
}

function mainRegion({ partition }: Session): string {
  if (partition === 'aws-cn') return 'cn-north-1'
  return partition === 'aws-us-gov' ? 'us-gov-west-1' : 'us-east-1'
}

/** S3 names its oldest region by nothing, and its second oldest by continent. */
function regionOf(location: string | undefined): string {
  if (location === undefined || location === '') return 'us-east-1'
  return location === 'EU' ? 'eu-west-1' : location
}
