import type { Credentials } from './credentials.ts'

/** What every client is made with. */
export interface ClientOptions {
  readonly region: string
  readonly credentials?: Credentials
  readonly endpoint?: string
}

/** Every call has its own deadline on top; these free sockets whose other end has fallen silent. */
const requestHandler = { connectionTimeout: 2_000, socketTimeout: 10_000, httpsAgent: { maxSockets: 100 } }

/** One attempt: `send` does the retrying, so that the limiter hears of each. */
function common({ region, credentials, endpoint }: ClientOptions) {
  return {
    region,
    maxAttempts: 1,
    requestHandler,
    customUserAgent: 'tripline',
    ...(credentials === undefined ? {} : { credentials }),
    ...(endpoint === undefined ? {} : { endpoint }),
  }
}

/** Makers of clients. Each imports its own package on first use: they are large. */
export const makers = {
  cloudtrail: async (options: ClientOptions) => new (await import('@aws-sdk/client-cloudtrail')).CloudTrailClient(common(options)),
  ec2: async (options: ClientOptions) => new (await import('@aws-sdk/client-ec2')).EC2Client(common(options)),
  iam: async (options: ClientOptions) => new (await import('@aws-sdk/client-iam')).IAMClient(common(options)),
  kms: async (options: ClientOptions) => new (await import('@aws-sdk/client-kms')).KMSClient(common(options)),
  s3: async (options: ClientOptions) =>
    new (await import('@aws-sdk/client-s3')).S3Client({ ...common(options), forcePathStyle: options.endpoint !== undefined }),
  sts: async (options: ClientOptions) => new (await import('@aws-sdk/client-sts')).STSClient(common(options)),
}
export type Service = Exclude<keyof typeof makers, 'sts'>
export type ClientOf<S extends keyof typeof makers> = Awaited<ReturnType<(typeof makers)[S]>>
