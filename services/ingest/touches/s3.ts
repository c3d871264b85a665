import { at, isObject, type AuditEvent, type Json } from '#model'
import { isRegion, partitionOf } from '../region.ts'
import { each, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

/** Buckets are named by name, `TagResource` by ARN. A call from another account is also told to the caller's, who does not own the bucket. */
const bucket: Named = {
  type: 'AWS.S3.Bucket',
  ref(event, text) {
    const name = text.startsWith('arn:') ? (readArn(text)?.resource ?? '') : text
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(name) || name.endsWith('--x-s3') || isForeign(event, name)) return null
    const { accountId } = event
    const region = regionOf(event)
    return { accountId, region, type: 'AWS.S3.Bucket', id: `arn:${partitionOf(region)}:s3:::${name}` }
  },
}

function isForeign(event: AuditEvent, name: string): boolean {
  const resources = event.record['resources']
  if (!Array.isArray(resources)) return false
  return (resources as readonly Json[]).some(
    (each) =>
      isObject(each) &&
      typeof each['ARN'] === 'string' &&
      each['ARN'].endsWith(`:::${name}`) &&
      typeof each['accountId'] === 'string' &&
      each['accountId'] !== event.accountId,
  )
}

/** A bucket may be created from anywhere; all later calls are answered, and told, by its own region. */
function regionOf(event: AuditEvent): string {
  if (event.name !== 'CreateBucket') return event.region
  const wanted = at(event.record, 'requestParameters', 'CreateBucketConfiguration', 'LocationConstraint')
  if (wanted === 'EU') return 'eu-west-1'
  return typeof wanted === 'string' && isRegion(wanted) ? wanted : event.region
}

const touch = (kind: TouchKind): Effect => ({ kind, named: bucket, from: ['requestParameters.bucketName'] })
const tag: Effect = { kind: 'update', named: bucket, from: ['requestParameters.resourceArn', 'requestParameters.bucketName'] }

/** Account-wide settings (`PutAccountPublicAccessBlock`) name no bucket: the next scan sees what they change. */
export const s3: ServiceTable = {
  source: 's3.amazonaws.com',
  events: {
    CreateBucket: [touch('create')],
    DeleteBucket: [touch('delete')],
    ...each(['TagResource', 'UntagResource'], tag),
    ...each(
      [
        'PutBucketAcl',
        'PutBucketPolicy',
        'DeleteBucketPolicy',
        'PutBucketTagging',
        'DeleteBucketTagging',
        'PutBucketEncryption',
        'DeleteBucketEncryption',
        'PutBucketPublicAccessBlock',
        'DeleteBucketPublicAccessBlock',
        'PutPublicAccessBlock',
        'DeletePublicAccessBlock',
        'PutBucketVersioning',
        'PutBucketLogging',
        'PutBucketLifecycle',
        'PutBucketLifecycleConfiguration',
        'DeleteBucketLifecycle',
        'PutBucketObjectLockConfiguration',
        'PutObjectLockConfiguration',
        'PutBucketOwnershipControls',
        'DeleteBucketOwnershipControls',
        'PutBucketAbac',
        'PutBucketCors',
        'DeleteBucketCors',
        'PutBucketWebsite',
        'DeleteBucketWebsite',
        'PutBucketReplication',
        'DeleteBucketReplication',
        'PutBucketNotification',
        'PutBucketNotificationConfiguration',
        'PutBucketRequestPayment',
        'PutAccelerateConfiguration',
        'PutBucketAccelerateConfiguration',
      ],
      touch('update'),
    ),
  },
}
