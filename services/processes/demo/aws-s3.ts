import type { Bucket } from './account.ts'
import { fault, page, text, type Answer, type Call, type Service, type Wire } from './aws-wire.ts'

/** A sub-resource of a bucket: the root of its answer, and what AWS says when it was never set. */
interface Setting {
  readonly action: string
  readonly root: string
  /** The error of an unset one; null: an empty answer. */
  readonly unset: { readonly code: string; readonly message: string } | null
}
const settings: Readonly<Record<string, Setting>> = {
  acl: { action: 'GetBucketAcl', root: 'AccessControlPolicy', unset: null },
  policy: {
    action: 'GetBucketPolicy',
    root: '',
    unset: { code: 'NoSuchBucketPolicy', message: 'The bucket policy does not exist' },
  },
  policyStatus: {
    action: 'GetBucketPolicyStatus',
    root: 'PolicyStatus',
    unset: { code: 'NoSuchBucketPolicy', message: 'The bucket policy does not exist' },
  },
  tagging: { action: 'GetBucketTagging', root: 'Tagging', unset: { code: 'NoSuchTagSet', message: 'The TagSet does not exist' } },
  encryption: {
    action: 'GetBucketEncryption',
    root: 'ServerSideEncryptionConfiguration',
    unset: {
      code: 'ServerSideEncryptionConfigurationNotFoundError',
      message: 'The server side encryption configuration was not found',
    },
  },
  publicAccessBlock: {
    action: 'GetPublicAccessBlock',
    root: 'PublicAccessBlockConfiguration',
    unset: { code: 'NoSuchPublicAccessBlockConfiguration', message: 'The public access block configuration was not found' },
  },
  ownershipControls: {
    action: 'GetBucketOwnershipControls',
    root: 'OwnershipControls',
    unset: { code: 'OwnershipControlsNotFoundError', message: 'The bucket ownership controls were not found' },
  },
  versioning: { action: 'GetBucketVersioning', root: 'VersioningConfiguration', unset: null },
  logging: { action: 'GetBucketLogging', root: 'BucketLoggingStatus', unset: null },
  lifecycle: {
    action: 'GetBucketLifecycleConfiguration',
    root: 'LifecycleConfiguration',
    unset: { code: 'NoSuchLifecycleConfiguration', message: 'The lifecycle configuration does not exist' },
  },
  'object-lock': {
    action: 'GetObjectLockConfiguration',
    root: 'ObjectLockConfiguration',
    unset: { code: 'ObjectLockConfigurationNotFoundError', message: 'Object Lock configuration does not exist for this bucket' },
  },
}

/** S3: buckets and their sub-resources. Requests name no action, `s3Action` finds it. */
export const s3: Service = {
  name: 's3',
  protocol: 'rest-xml',
  namespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
  actions: {
    ListBuckets: (call) => {
      const region = text(call, 'bucket-region')
      const all = call.account.buckets.filter((each) => region === '' || each.region === region)
      const { items, next } = page(all, text(call, 'continuation-token'), text(call, 'max-buckets'), 10_000)
      const buckets = items.map((each) => ({ Name: each.name, CreationDate: each.creationDate, BucketRegion: each.region }))
      return {
        root: 'ListAllMyBucketsResult',
        result: { Owner: { ID: ownerId(call) }, Buckets: { Bucket: buckets }, ContinuationToken: next },
      }
    },
    HeadBucket: (call) => onBucket(call, (bucket) => ({ root: '', result: '', headers: { 'x-amz-bucket-region': bucket.region } })),
    GetBucketLocation: (call) => {
      const bucket = call.account.buckets.find((each) => each.name === bucketName(call))
      if (bucket === undefined) return noSuchBucket()
      return { root: 'LocationConstraint', result: bucket.region === 'us-east-1' ? '' : bucket.region }
    },
    ...Object.fromEntries(
      Object.entries(settings).map(([name, setting]) => [
        setting.action,
        (call: Call) => onBucket(call, (bucket) => settingOf(call, bucket, name, setting)),
      ]),
    ),
  },
}

/** The action of a REST request, from its path and query. */
export function s3Action(method: string, path: string, query: URLSearchParams): string {
  if (method === 'HEAD') return 'HeadBucket'
  if (method !== 'GET' || path.replace(/\/$/, '').includes('/')) return `${method} ${path}`
  if (path === '') return 'ListBuckets'
  if (query.has('location')) return 'GetBucketLocation'
  const name = Object.keys(settings).find((each) => query.has(each))
  return settings[name ?? '']?.action ?? `GET ?${[...query.keys()].join('&')}`
}

function settingOf(call: Call, bucket: Bucket, name: string, setting: Setting): Answer {
  const value = bucket.settings[name]
  if (name === 'acl') {
    const owner = { ID: ownerId(call) }
    const own = { Grantee: { ...xsi('CanonicalUser'), ...owner }, Permission: 'FULL_CONTROL' }
    const given = (value?.['Grant'] ?? []) as readonly Wire[]
    return { root: setting.root, result: { Owner: owner, AccessControlList: { Grant: [own, ...given] } } }
  }
  if (value === undefined)
    return setting.unset === null ? { root: setting.root, result: '' } : fault(setting.unset.code, setting.unset.message, 404)
  if (name === 'policy') return { root: '', result: JSON.stringify(value) }
  return { root: setting.root, result: value }
}

/** The attributes that say what kind a grantee is. */
export function xsi(kind: 'CanonicalUser' | 'Group'): Readonly<Record<string, string>> {
  return { '@xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance', '@xsi:type': kind }
}

/** As AWS: a bucket answers only in its own region, and only to its own account. */
function onBucket(call: Call, answer: (bucket: Bucket) => Answer): Answer {
  const bucket = call.account.buckets.find((each) => each.name === bucketName(call))
  if (bucket === undefined) return noSuchBucket()
  if (bucket.region !== call.region) {
    return fault(
      'PermanentRedirect',
      'The bucket you are attempting to access must be addressed using the specified endpoint.',
      301,
      {
        'x-amz-bucket-region': bucket.region,
      },
    )
  }
  return answer(bucket)
}

function noSuchBucket(): Answer {
  return fault('NoSuchBucket', 'The specified bucket does not exist', 404)
}

function bucketName(call: Call): string {
  return call.path.split('/')[0] ?? ''
}

function ownerId(call: Call): string {
  return call.account.id.repeat(6).slice(0, 64)
}
