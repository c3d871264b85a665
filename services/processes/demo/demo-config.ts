import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { noFeed } from '../config-feed.ts'
import { ownsNothing, plainRouting } from '../config-routing.ts'
import { only } from './account.ts'
import type { AwsServer } from './aws-server.ts'
import type { DemoQueue } from './queue.ts'
import type { SlackServer } from './slack-server.ts'

/** The channels of the demo's company, by team. */
export const channels = ['payments-alerts', 'data-alerts', 'platform-alerts', 'dev-alerts', 'security', 'unrouted'] as const

/** What `tripline.yaml` would say, had the demo's company written one. */
export function demoConfig(parts: { queue: DemoQueue; aws: AwsServer; slack: SlackServer }): Config {
  const { queue, aws, slack } = parts
  const prod = only(aws.accounts, ({ name }) => name === 'acme-prod', 'acme-prod')
  const dev = only(aws.accounts, ({ name }) => name === 'acme-dev', 'acme-dev')
  return {
    sources: [{ sqs: { queueUrl: queue.url, region: 'us-east-1', endpoint: queue.endpoint, pollers: 1 } }],
    accounts: aws.accounts.map(({ id, name, label, region }) => ({ id, name, label, ou: null, regions: [region] })),
    aws: { roleName: prod.auditRole.name, externalId: prod.auditRole.externalId, endpoint: aws.endpoint },
    // Those that the recorded accounts have.
    findings: { administrators: [] },
    schemas: [],
    logSchemas: [],
    resourceTypes: [
      'AWS.CloudTrail',
      'AWS.EC2.SecurityGroup',
      'AWS.EC2.VPC',
      'AWS.IAM.Role',
      'AWS.IAM.User',
      'AWS.KMS.Key',
      'AWS.S3.Bucket',
    ],
    scans: { daily: null },
    detections: ['policies', 'rules'].map((folder) => fileURLToPath(new URL(`../../../${folder}`, import.meta.url))),
    followsBundles: false,
    disabled: [],
    ...plainRouting,
    ...noFeed,
    teams: [
      { id: 'payments', channel: 'payments-alerts', owns: { ...ownsNothing, tags: { team: 'payments' } } },
      { id: 'data', channel: 'data-alerts', owns: { ...ownsNothing, tags: { team: 'data' } } },
      { id: 'platform', channel: 'platform-alerts', owns: { ...ownsNothing, accounts: [prod.id] } },
      { id: 'developers', channel: 'dev-alerts', owns: { ...ownsNothing, accounts: [dev.id] } },
    ],
    // Signs of an intruder go to the people on call, whoever owns the account.
    routes: [{ when: { detections: ['*Root*', '*CloudTrail*Stopped*'] }, to: ['security'] }],
    fallback: 'unrouted',
    reminders: {},
    slack: { apiUrl: slack.url, token: slack.token },
    store: { folder: null },
    http: { host: '127.0.0.1', port: 0 },
  }
}
