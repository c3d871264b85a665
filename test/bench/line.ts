import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Figure } from '../../services/cli/bench-command.ts'
import type { Config } from '../../services/processes/config.ts'
import { noFeed } from '../../services/processes/config-feed.ts'
import { ownsNothing, plainRouting } from '../../services/processes/config-routing.ts'
import { emptyAccount, type Account, type SecurityGroup } from '../../services/processes/demo/account.ts'
import { startAwsServer } from '../../services/processes/demo/aws-server.ts'
import { startQueue } from '../../services/processes/demo/queue.ts'
import { startSlackServer } from '../../services/processes/demo/slack-server.ts'
import { roles } from '../../services/processes/roles.ts'
import { runTripline } from '../../services/processes/run.ts'
import { anEnvelope, aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

const perSecond = 40
const seconds = 60
const awsMs = 50
/** Ten teams with a channel each, so that Slack's one message a second is not what is measured. */
const accountIds = Array.from({ length: 10 }, (_, index) => String(200_000_000_001 + index))

const rule = `import { defineRule } from 'tripline'
export default defineRule({
  id: 'Bench.Rule', displayName: 'Bench rule', severity: 'HIGH', description: 'Matches one event in forty.', logTypes: ['AWS.CloudTrail'],
  match: { source: 'bench.amazonaws.com', names: ['BenchAlert'] },
  evaluate: () => true,
  title: (event) => 'bench ' + event.eventID, dedup: (event) => String(event.eventID),
})
`

/** Queue to Slack at 40 events/s for 60 s, 5 % alerting, on embedded parts over an AWS that takes 50 ms; rules and policies apart. */
export async function bench(): Promise<{ name: string; figures: Figure[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'tripline-bench-'))
  await writeFile(join(folder, 'bench-rule.ts'), rule)
  const accounts = accountIds.map((id) => withGroups(emptyAccount(id, `bench-${id.slice(-2)}`)))
  const aws = await startAwsServer({ latencyMs: awsMs, accounts })
  const slack = await startSlackServer({ channels: [...accountIds.map((id) => `team-${id}`), 'fallback'] })
  process.env['AWS_ACCESS_KEY_ID'] ??= 'testing'
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'testing'
  const queue = await startQueue()
  const first = accounts[0] as Account
  const config: Config = {
    sources: [{ sqs: { queueUrl: queue.url, region: 'us-east-1', endpoint: queue.endpoint, pollers: 2 } }],
    accounts: accountIds.map((id) => ({ id, name: `bench-${id.slice(-2)}`, label: null, ou: null, regions: ['us-east-1'] })),
    aws: { roleName: first.auditRole.name, externalId: first.auditRole.externalId, endpoint: aws.endpoint },
    disabled: [],
    findings: { administrators: [] },
    schemas: [],
    logSchemas: [],
    resourceTypes: ['AWS.EC2.SecurityGroup', 'AWS.EC2.VPC'],
    scans: { daily: null },
    detections: ['policies', folder],
    followsBundles: false,
    reminders: {},
    ...plainRouting,
    ...noFeed,
    teams: accountIds.map((id) => ({ id, channel: `team-${id}`, owns: { ...ownsNothing, accounts: [id] } })),
    routes: [],
    fallback: 'fallback',
    slack: { apiUrl: slack.url, token: slack.token },
    store: { folder: null },
    http: { host: '127.0.0.1', port: 0 },
  }
  const stop = new AbortController()
  let baselined = false
  const running = runTripline(config, {
    only: new Set(roles),
    stop: stop.signal,
    onReady: ({ store }) =>
      void until('the first scan', async () => (await store.scans.running()) === 0, 60_000).then(() => (baselined = true)),
  })
  await until('a scanned start', () => baselined, 90_000)

  const sentAt = new Map<string, number>()
  const kinds = new Map<string, 'rule' | 'policy'>()
  const start = performance.now()
  for (let index = 0; index < perSecond * seconds; index += 1) {
    await wait(Math.max(0, start + (index * 1_000) / perSecond - performance.now()))
    // The two alerts of one second go to different channels: Slack takes one message a second.
    const turn = (Math.floor(index / 40) + (index % 40 === 21 ? 5 : 0)) % 10
    const record = recordFor(index, accountIds[turn] as string, accounts[turn] as Account, kinds)
    for (const key of keysOf(record)) sentAt.set(key, Date.now())
    void queue.send(JSON.stringify(anEnvelope(record)))
  }
  await until('every alert', () => latencies(slack.versions(), sentAt, kinds).size === kinds.size, 60_000)
  const measured = latencies(slack.versions(), sentAt, kinds)
  stop.abort()
  await running
  await Promise.all([aws.stop(), slack.stop(), queue.stop()])
  await rm(folder, { recursive: true, force: true })

  const figures = (['rule', 'policy'] as const).flatMap((kind) => {
    const sorted = [...measured].flatMap(([key, ms]) => (kinds.get(key) === kind ? [ms] : [])).toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
    const aim = kind === 'rule' ? 100 : 250
    const figure = (name: string, ms: number): Figure => ({
      name: `${kind} ${name}: ${ms} ms`,
      value: ms / aim,
      unit: 'times',
      of: `the aim of ${aim} ms (p99); ${sorted.length} alerts, ${cpus().length} cores`,
      aim: 'p99 1 or less',
    })
    return [figure('p50', at(0.5)), figure('p99', at(0.99)), figure('max', at(1))]
  })
  return { name: 'line', figures }
}

/** One in forty opens a security group, one in forty matches a rule, the others read or touch nothing that fails. */
function recordFor(index: number, account: string, state: Account, kinds: Map<string, 'rule' | 'policy'>): Record<string, unknown> {
  if (index % 40 === 7) {
    const id = `bench-event-${index}`
    kinds.set(id, 'rule')
    return aRecord({ account, source: 'bench.amazonaws.com', name: 'BenchAlert', id })
  }
  if (index % 40 === 21) {
    const group = state.securityGroups.find(({ ipPermissions }) => ipPermissions.length === 0) as SecurityGroup
    group.ipPermissions = [
      { ipProtocol: 'tcp', fromPort: 22, toPort: 22, ipRanges: [{ cidrIp: '0.0.0.0/0' }], ipv6Ranges: [], groups: [] },
    ]
    kinds.set(group.groupId, 'policy')
    return aRecord({
      account,
      source: 'ec2.amazonaws.com',
      name: 'AuthorizeSecurityGroupIngress',
      request: { groupId: group.groupId },
    })
  }
  return aRecord({ account, source: 'ec2.amazonaws.com', name: 'DescribeInstances', request: {}, extra: { readOnly: true } })
}

function keysOf(record: Record<string, unknown>): readonly string[] {
  const request = record['requestParameters'] as { groupId?: string } | null
  return [String(record['eventID']), ...(request?.groupId === undefined ? [] : [request.groupId])]
}

function latencies(
  messages: readonly { readonly at: number; readonly edits: number }[],
  sentAt: ReadonlyMap<string, number>,
  kinds: ReadonlyMap<string, 'rule' | 'policy'>,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const message of messages) {
    const text = JSON.stringify(message)
    for (const key of kinds.keys())
      if (!found.has(key) && text.includes(key)) found.set(key, message.at - (sentAt.get(key) ?? Number.NaN))
  }
  return found
}

function withGroups(account: Account): Account {
  account.vpcs = [{ region: 'us-east-1', vpcId: 'vpc-0bench', cidrBlock: '10.0.0.0/16', isDefault: false, tagSet: [] }]
  account.securityGroups = Array.from({ length: 8 }, (_, index) => ({
    region: 'us-east-1',
    groupId: `sg-${account.id.slice(-4)}${String(index).padStart(4, '0')}`,
    groupName: `bench-${index}`,
    groupDescription: 'bench',
    vpcId: 'vpc-0bench',
    ipPermissions: [],
    ipPermissionsEgress: [],
    tagSet: [],
  }))
  return account
}
