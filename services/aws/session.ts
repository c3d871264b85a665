import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail'
import type { EC2Client } from '@aws-sdk/client-ec2'
import type { IAMClient } from '@aws-sdk/client-iam'
import type { KMSClient } from '@aws-sdk/client-kms'
import type { S3Client } from '@aws-sdk/client-s3'

/**
 * AWS as one account and region sees it, through the assumed audit role. Clients are imported on first use and kept.
 * Their `send` is paced, retried a little, ended by `signal` and a deadline, and throws AwsError only.
 */
export interface Session {
  readonly accountId: string
  /** Never `global`: then the partition's main region. */
  readonly region: string
  /** `aws`, `aws-cn` or `aws-us-gov`: the second part of ARNs. */
  readonly partition: string
  readonly signal: AbortSignal
  ec2(): Promise<EC2Client>
  iam(): Promise<IAMClient>
  kms(): Promise<KMSClient>
  /** Buckets live in their own region: pass it where it is known. */
  s3(region?: string): Promise<S3Client>
  /** Trails live in their home region: pass it where it is known. */
  cloudtrail(region?: string): Promise<CloudTrailClient>
}
/** Opens sessions. One assumed role per account, renewed when a fifth of its life is left, asserted to be the account asked for. */
export interface Sessions {
  /** `region` may be `global`: then the partition's main region. */
  open(accountId: string, region: string, signal: AbortSignal): Session
}
