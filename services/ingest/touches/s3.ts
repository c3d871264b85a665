import { at, isObject, textAt, type AuditEvent, type Json, type JsonObject, type Witness } from '#model'
import { isRegion, partitionOf } from '../region.ts'
import { all, becomes, has, is } from './shows.ts'
import { each, effect, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

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

type Shows = NonNullable<Effect['shows']>

const touch = (kind: TouchKind, shows?: Shows): Effect => effect(kind, bucket, ['requestParameters.bucketName'], shows)
const tag = effect('update', bucket, ['requestParameters.resourceArn', 'requestParameters.bucketName'])

const versioning = 'requestParameters.VersioningConfiguration'
const access = 'requestParameters.PublicAccessBlockConfiguration'
const lock = 'requestParameters.ObjectLockConfiguration'
const accessFlags = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets']

/**
 * Left out are events of what is no attribute: CORS, website, replication, notifications, acceleration, ownership controls, … Account-wide
 * settings (`PutAccountPublicAccessBlock`) name no bucket: the next scan sees what they change.
 */
export const s3: ServiceTable = {
  source: 's3.amazonaws.com',
  events: {
    CreateBucket: [touch('create')],
    DeleteBucket: [touch('delete')],
    ...each(['TagResource', 'UntagResource'], tag),
    PutBucketTagging: [touch('update', allTags)],
    DeleteBucketTagging: [touch('update', becomes('Tags', null))],
    PutBucketVersioning: [
      touch('update', all(is('Versioning', `${versioning}.Status`), is('MFADelete', `${versioning}.MfaDelete`))),
    ],
    PutBucketEncryption: [touch('update', has('EncryptionRules', algorithms))],
    // S3 encrypts with keys of its own then.
    DeleteBucketEncryption: [
      touch(
        'update',
        has('EncryptionRules', () => [algorithm('AES256')]),
      ),
    ],
    ...each(
      ['PutBucketPublicAccessBlock', 'PutPublicAccessBlock'],
      touch('update', all(...accessFlags.map((flag) => is(`PublicAccessBlockConfiguration.${flag}`, `${access}.${flag}`)))),
    ),
    ...each(
      ['DeleteBucketPublicAccessBlock', 'DeletePublicAccessBlock'],
      touch('update', becomes('PublicAccessBlockConfiguration', null)),
    ),
    DeleteBucketPolicy: [touch('update', becomes('Policy', null))],
    PutBucketLogging: [touch('update', logging)],
    DeleteBucketLifecycle: [touch('update', becomes('LifecycleRules', null))],
    ...each(
      ['PutBucketObjectLockConfiguration', 'PutObjectLockConfiguration'],
      touch(
        'update',
        all(
          is('ObjectLockConfiguration.ObjectLockEnabled', `${lock}.ObjectLockEnabled`),
          ...['Days', 'Mode', 'Years'].map((key) =>
            is(`ObjectLockConfiguration.Rule.DefaultRetention.${key}`, `${lock}.Rule.DefaultRetention.${key}`),
          ),
        ),
      ),
    ),
    ...each(['PutBucketAcl', 'PutBucketPolicy', 'PutBucketLifecycle', 'PutBucketLifecycleConfiguration'], touch('update')),
  },
}

// CloudTrail writes S3's XML as JSON: a list of one is its member, and what looks like a number or a flag has become one.

function listAt(event: AuditEvent, ...path: readonly string[]): readonly Json[] {
  const value = at(event.record, 'requestParameters', ...path)
  return Array.isArray(value) ? (value as readonly Json[]) : isObject(value) ? [value] : []
}

/** The tags are these and no others. A text that has become a number may have been written otherwise: then it tells nothing. */
function allTags(event: AuditEvent): readonly Witness[] {
  const pairs = listAt(event, 'Tagging', 'TagSet', 'Tag').map((each) => [at(each, 'Key'), at(each, 'Value')] as const)
  const isText = pairs.every(([key, value]) => typeof key === 'string' && typeof value === 'string')
  const isTold = isObject(at(event.record, 'requestParameters', 'Tagging'))
  return isTold && isText ? [{ kind: 'is', path: ['Tags'], value: Object.fromEntries(pairs) as JsonObject }] : []
}

function algorithms(event: AuditEvent): readonly Json[] {
  return listAt(event, 'ServerSideEncryptionConfiguration', 'Rule').flatMap((rule) => {
    const name = textAt(rule, 'ApplyServerSideEncryptionByDefault', 'SSEAlgorithm')
    return name === null ? [] : [algorithm(name)]
  })
}

function algorithm(SSEAlgorithm: string): Json {
  return { ApplyServerSideEncryptionByDefault: { SSEAlgorithm } }
}

/** Logging is switched off by a status without a target. */
function logging(event: AuditEvent): readonly Witness[] {
  const status = at(event.record, 'requestParameters', 'BucketLoggingStatus')
  if (!isObject(status)) return []
  const target = textAt(status, 'LoggingEnabled', 'TargetBucket')
  return target === null
    ? [{ kind: 'is', path: ['LoggingPolicy'], value: null }]
    : [{ kind: 'is', path: ['LoggingPolicy', 'TargetBucket'], value: target }]
}
