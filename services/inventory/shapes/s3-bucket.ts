import * as z from 'zod'
import { common, flag, list, part, tagList, text, time, whole } from './parts.ts'

const grants = list(
  z.object({
    Grantee: part({ DisplayName: text, EmailAddress: text, ID: text, Type: text, URI: text }),
    Permission: text,
  }),
)

const lifecycleRule = z.object({
  AbortIncompleteMultipartUpload: part({ DaysAfterInitiation: whole }),
  Expiration: part({ Date: time, Days: whole, ExpiredObjectDeleteMarker: flag }),
  Filter: part({ And: part({ Prefix: text, Tags: tagList }), Prefix: text, Tag: part({ Key: text, Value: text }) }),
  ID: text,
  NoncurrentVersionExpiration: part({ NoncurrentDays: whole }),
  NoncurrentVersionTransitions: list(z.object({ NoncurrentDays: whole, StorageClass: text })),
  Prefix: text,
  Status: text,
  Transitions: list(z.object({ Date: time, Days: whole, StorageClass: text })),
})

/** `AWS.S3.Bucket` */
export const s3BucketShape = z.object({
  ...common('AWS.S3.Bucket'),
  Arn: z.string(),
  Name: z.string(),
  CreationDate: time,
  EncryptionRules: list(
    z.object({
      ApplyServerSideEncryptionByDefault: part({ KMSMasterKeyID: text, SSEAlgorithm: text }),
      BucketKeyEnabled: flag,
    }),
  ),
  Grants: grants,
  LifecycleRules: list(lifecycleRule),
  LoggingPolicy: part({ TargetBucket: text, TargetGrants: grants, TargetPrefix: text }),
  MFADelete: text,
  ObjectLockConfiguration: part({
    ObjectLockEnabled: text,
    Rule: part({ DefaultRetention: part({ Days: whole, Mode: text, Years: whole }) }),
  }),
  Owner: part({ DisplayName: text, ID: text }),
  Policy: text,
  PublicAccessBlockConfiguration: part({
    BlockPublicAcls: flag,
    BlockPublicPolicy: flag,
    IgnorePublicAcls: flag,
    RestrictPublicBuckets: flag,
  }),
  Versioning: text,
})
