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
