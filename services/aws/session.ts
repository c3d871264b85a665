import type { ClientOf, Service } from './clients.ts'

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
  /**
   * The client of a service in the session's region, or in another where a thing may live elsewhere (buckets, trails).
   * Services for the whole account (IAM, classic WAF) answer in the partition's main region whatever is asked.
   */
  client<S extends Service>(service: S, region?: string): Promise<ClientOf<S>>
}
/** Opens sessions. One assumed role per account, renewed when a fifth of its life is left, asserted to be the account asked for. */
export interface Sessions {
  /** `region` may be `global`: then the partition's main region. */
  open(accountId: string, region: string, signal: AbortSignal): Session
}
