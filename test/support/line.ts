import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { startSlackServer, type SlackServer } from '../../services/processes/demo/slack-server.ts'
import { freshFolder } from './database.ts'
import { openGate, type Gate } from './gate.ts'
import { startMoto, type Moto } from './moto.ts'
import { startTripline, type Tripline } from './tripline.ts'
import { until } from './until.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The accounts that the journeys watch. */
export const prod = '111122223333'
export const dev = '444455556666'

/** `tripline run` as users start it, with moto as AWS, a Slack that keeps Slack's rules, and gates to hold what a test wants to hold. */
export interface Line {
  readonly moto: Moto
  readonly slack: SlackServer
  readonly awsGate: Gate
  readonly queueGate: Gate
  readonly slackGate: Gate
  send(body: unknown): Promise<void>
  /** Resolves when no message is waiting or in flight. */
  drained(): Promise<void>
  /** Starts a process; resolves once its first scan is done or was done before. */
  start(): Promise<Running>
  /** Starts a process with these roles only; resolves once it runs. */
  startOnly(roles: string): Promise<Tripline>
  stop(): Promise<void>
}
export interface Running {
  readonly address: string
  /** SIGKILL, as a crash. */
  kill(): Promise<void>
  /** SIGTERM; the exit code. */
  end(): Promise<number | null>
  readonly log: () => string
}

export async function startLine(options: { databaseUrl?: string; resourceTypes?: readonly string[] } = {}): Promise<Line> {
  const moto = await startMoto()
  const slack = await startSlackServer({ channels: ['shop', 'lab', 'security'], perChannelPerSecond: 20, burst: 20 })
  const gates = await Promise.all([openGate(moto.endpoint), openGate(moto.endpoint), openGate(new URL(slack.url).origin)])
  const [awsGate, queueGate, slackGate] = gates
  const folder = await mkdtemp(join(tmpdir(), 'tripline-journey-'))
  const sqs = new SQSClient({
    endpoint: moto.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  })
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'tripline', Attributes: { VisibilityTimeout: '4' } }))
  if (QueueUrl === undefined) throw new Error('moto made no queue')
  const queueUrl = QueueUrl.replace(moto.endpoint, queueGate.url)
  if (options.databaseUrl === undefined) await freshFolder(join(folder, 'data'))
  const file = join(folder, 'tripline.yaml')
  const config = {
    sources: [{ sqs: { queueUrl, region: 'us-east-1', endpoint: queueGate.url, pollers: 2 } }],
    accounts: [
      { id: prod, name: 'shop-prod', label: 'prod', regions: ['us-east-1'] },
      { id: dev, name: 'lab-dev', label: 'dev', regions: ['us-east-1'] },
    ],
    aws: { roleName: 'TriplineAudit', externalId: 'journeys-external-id', endpoint: awsGate.url },
    teams: [
      { id: 'shop', channel: 'shop', owns: { accounts: [prod] } },
      { id: 'lab', channel: 'lab', owns: { accounts: [dev] } },
    ],
    fallback: 'security',
    resourceTypes: options.resourceTypes ?? [
      'AWS.CloudTrail',
      'AWS.EC2.SecurityGroup',
      'AWS.EC2.VPC',
      'AWS.IAM.Role',
      'AWS.IAM.User',
      'AWS.KMS.Key',
      'AWS.S3.Bucket',
    ],
    detections: [join(root, 'policies'), join(root, 'rules')],
    slack: { apiUrl: `${slackGate.url}${new URL(slack.url).pathname}` },
    store: { folder: join(folder, 'data') },
    http: { host: '127.0.0.1', port: 0 },
  }
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config, null, 2))
  const children = new Set<Tripline>()
  const environment = {
    SLACK_BOT_TOKEN: slack.token,
    ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
  }

  return {
    moto,
    slack,
    awsGate,
    queueGate,
    slackGate,
    async send(body) {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: text }))
    },
    async drained() {
      await until('an empty queue', async () => {
        const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
        const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }))
        return names.every((name) => Attributes?.[name] === '0')
      })
    },
    async start() {
      const child = startTripline(file, environment)
      children.add(child)
      const address = await child.address()
      const scanned = async (): Promise<boolean> =>
        /tripline_scans_running 0/u.test(await (await fetch(`${address}/metrics`)).text())
      await until('the first scan to end', scanned, 60_000).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${child.log().slice(-6_000)}`)
      })
      return { ...child, address }
    },
    async startOnly(roles) {
      const child = startTripline(file, environment, ['--only', roles])
      children.add(child)
      await child.running()
      return child
    },
    async stop() {
      for (const child of children) await child.kill()
      for (const gate of gates) await gate.stop()
      sqs.destroy()
      await slack.stop()
      await moto.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
