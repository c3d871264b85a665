import http from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import type { Credentials } from './credentials.ts'
import { AwsError, type Call } from './error.ts'

/** How far AWS's time is ahead of ours, as far as an answer has shown it. */
export interface Clock {
  offsetMs: number
}
/** What every client is made with. */
export interface ClientOptions {
  readonly region: string
  readonly credentials?: Credentials
  readonly endpoint?: string
  readonly clock?: Clock
}
/** What all clients have in common. */
export interface AnyClient {
  readonly config: { systemClockOffset: number }
}

/** Idle connections kept by a process, of all hosts: there are hundreds of hosts, one for each service and region. */
const idleConnections = 500

/** One pool of connections for all clients, which come and go with their credentials. The gate bounds those in use. */
const pool = { keepAlive: true, maxFreeSockets: 64, timeout: 15_000 }
class HttpPool extends http.Agent {
  override keepSocketAlive(socket: Duplex): boolean {
    return idle(this) < idleConnections && Boolean(super.keepSocketAlive(socket))
  }
}
class HttpsPool extends https.Agent {
  override keepSocketAlive(socket: Duplex): boolean {
    return idle(this) < idleConnections && Boolean(super.keepSocketAlive(socket))
  }
}
function idle({ freeSockets }: http.Agent): number {
  return Object.values(freeSockets).reduce((sum, sockets) => sum + (sockets?.length ?? 0), 0)
}

/** Every call has its own deadline on top; these free sockets whose other end has fallen silent. */
const requestHandler = {
  connectionTimeout: 2_000,
  socketTimeout: 10_000,
  httpAgent: new HttpPool(pool),
  httpsAgent: new HttpsPool(pool),
}

/** One attempt: `send` does the retrying, so that the limiter hears of each. */
function common({ region, credentials, endpoint, clock }: ClientOptions) {
  return {
    region,
    maxAttempts: 1,
    requestHandler,
    systemClockOffset: clock?.offsetMs ?? 0,
    customUserAgent: 'tripline',
    ...(credentials === undefined ? {} : { credentials }),
    ...(endpoint === undefined ? {} : { endpoint }),
  }
}

/** Makers of clients. Each imports its own package on first use: they are large. */
export const makers = {
  acm: async (options: ClientOptions) => new (await import('@aws-sdk/client-acm')).ACMClient(common(options)),
  applicationAutoScaling: async (options: ClientOptions) =>
    new (await import('@aws-sdk/client-application-auto-scaling')).ApplicationAutoScalingClient(common(options)),
  cloudformation: async (options: ClientOptions) =>
    new (await import('@aws-sdk/client-cloudformation')).CloudFormationClient(common(options)),
  cloudtrail: async (options: ClientOptions) => new (await import('@aws-sdk/client-cloudtrail')).CloudTrailClient(common(options)),
  config: async (options: ClientOptions) =>
    new (await import('@aws-sdk/client-config-service')).ConfigServiceClient(common(options)),
  dynamodb: async (options: ClientOptions) => new (await import('@aws-sdk/client-dynamodb')).DynamoDBClient(common(options)),
  ec2: async (options: ClientOptions) => new (await import('@aws-sdk/client-ec2')).EC2Client(common(options)),
  ecr: async (options: ClientOptions) => new (await import('@aws-sdk/client-ecr')).ECRClient(common(options)),
  ecs: async (options: ClientOptions) => new (await import('@aws-sdk/client-ecs')).ECSClient(common(options)),
  eks: async (options: ClientOptions) => new (await import('@aws-sdk/client-eks')).EKSClient(common(options)),
  elbv2: async (options: ClientOptions) =>
    new (await import('@aws-sdk/client-elastic-load-balancing-v2')).ElasticLoadBalancingV2Client(common(options)),
  guardduty: async (options: ClientOptions) => new (await import('@aws-sdk/client-guardduty')).GuardDutyClient(common(options)),
  iam: async (options: ClientOptions) => new (await import('@aws-sdk/client-iam')).IAMClient(common(options)),
  kms: async (options: ClientOptions) => new (await import('@aws-sdk/client-kms')).KMSClient(common(options)),
  lambda: async (options: ClientOptions) => new (await import('@aws-sdk/client-lambda')).LambdaClient(common(options)),
  logs: async (options: ClientOptions) =>
    new (await import('@aws-sdk/client-cloudwatch-logs')).CloudWatchLogsClient(common(options)),
  rds: async (options: ClientOptions) => new (await import('@aws-sdk/client-rds')).RDSClient(common(options)),
  redshift: async (options: ClientOptions) => new (await import('@aws-sdk/client-redshift')).RedshiftClient(common(options)),
  s3: async (options: ClientOptions) =>
    new (await import('@aws-sdk/client-s3')).S3Client({ ...common(options), forcePathStyle: options.endpoint !== undefined }),
  secretsmanager: async (options: ClientOptions) =>
    new (await import('@aws-sdk/client-secrets-manager')).SecretsManagerClient(common(options)),
  sns: async (options: ClientOptions) => new (await import('@aws-sdk/client-sns')).SNSClient(common(options)),
  sqs: async (options: ClientOptions) => new (await import('@aws-sdk/client-sqs')).SQSClient(common(options)),
  ssm: async (options: ClientOptions) => new (await import('@aws-sdk/client-ssm')).SSMClient(common(options)),
  sts: async (options: ClientOptions) => new (await import('@aws-sdk/client-sts')).STSClient(common(options)),
  waf: async (options: ClientOptions) => new (await import('@aws-sdk/client-waf')).WAFClient(common(options)),
  wafRegional: async (options: ClientOptions) =>
    new (await import('@aws-sdk/client-waf-regional')).WAFRegionalClient(common(options)),
  wafv2: async (options: ClientOptions) => new (await import('@aws-sdk/client-wafv2')).WAFV2Client(common(options)),
}
export type Service = Exclude<keyof typeof makers, 'sts'>
export type ClientOf<S extends keyof typeof makers> = Awaited<ReturnType<(typeof makers)[S]>>

/** Services that answer for the whole account, in the partition's main region. */
export const accountWide: ReadonlySet<Service> = new Set(['iam', 'waf'])

/** A difference that AWS's clock tolerates is nothing to try again for. */
const skewMs = 60_000

/** Sends a command. When the answer shows that our clock is wrong, the client has corrected itself and the call may be made again. */
export async function ask(
  client: AnyClient,
  command: object,
  abortSignal: AbortSignal,
  call: Call,
  clock: Clock,
): Promise<unknown> {
  const before = client.config.systemClockOffset
  try {
    return await (client as AnyClient & { send: Send }).send(command, { abortSignal })
  } catch (error) {
    const offsetMs = client.config.systemClockOffset
    if (Math.abs(offsetMs - before) < skewMs) throw error
    clock.offsetMs = offsetMs
    throw new AwsError('unavailable', call, 'ClockSkew', 'our clock differs from that of AWS')
  }
}

type Send = (command: object, options: { abortSignal: AbortSignal }) => Promise<unknown>
