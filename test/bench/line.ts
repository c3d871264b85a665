import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { migrate } from '#store'
import type { BenchOptions, Figure } from '../../services/cli/bench-command.ts'
import { emptyAccount, type Account, type SecurityGroup } from '../../services/processes/demo/account.ts'
import { startAwsServer } from '../../services/processes/demo/aws-server.ts'
import { startQueue } from '../../services/processes/demo/queue.ts'
import { startSlackServer, type SlackPosted } from '../../services/processes/demo/slack-server.ts'
import { startKafka, untilThere } from '../support/kafka.ts'
import { run, startPostgres } from '../support/postgres.ts'
import { processorTimes } from '../support/processor.ts'
import { anEnvelope, aRecord } from '../support/records.ts'
import { startTripline, type Tripline } from '../support/tripline.ts'
import { until } from '../support/until.ts'

const root = join(import.meta.dirname, '../..')
const awsMs = 50
const topic = 'cloudtrail'
type Kind = 'rule' | 'policy'

/** How much comes, and what it is measured against: p50 and p99 of each kind, in milliseconds. */
interface Load {
  readonly perSecond: number
  readonly seconds: number
  /** Teams with an account and a channel each, so that Slack's one message a second is not what is measured. */
  readonly teams: number
  readonly aims: Readonly<Record<Kind, { readonly p50: number; readonly p99: number }>>
}
const loads: Readonly<Record<'sqs' | 'kafka', Load>> = {
  sqs: { perSecond: 40, seconds: 60, teams: 10, aims: { rule: { p50: 100, p99: 100 }, policy: { p50: 250, p99: 250 } } },
  kafka: { perSecond: 300, seconds: 60, teams: 50, aims: { rule: { p50: 30, p99: 150 }, policy: { p50: 120, p99: 300 } } },
}
const mostMs = 1_000
const mostMegabytes = 350

const rule = `import { defineRule } from 'tripline'
export default defineRule({
  id: 'Bench.Rule', displayName: 'Bench rule', severity: 'HIGH', description: 'Matches one event in forty.', logTypes: ['AWS.CloudTrail'],
  match: { source: 'bench.amazonaws.com', names: ['BenchAlert'] },
  evaluate: () => true,
  title: (event) => 'bench ' + event.eventID, dedup: (event) => String(event.eventID),
})
`

/** Where events go in, and the configuration that reads them there. */
interface Entrance {
  readonly source: object
  send(account: string, body: string): Promise<unknown>
  stop(): Promise<void>
}

/**
 * From the sending of an event to Slack, one in twenty alerting, over an AWS that takes 50 ms; rules and policies apart. By SQS on the embedded
 * database, or by Kafka on PostgreSQL (`--source kafka`); Tripline is a process of its own, everything else is here.
 */
export async function bench({ source = 'sqs', seconds }: BenchOptions): Promise<{ name: string; figures: Figure[] }> {
  const load = { ...loads[source], ...(seconds === undefined ? {} : { seconds }) }
  const events = load.perSecond * load.seconds
  const accounts = Array.from({ length: load.teams }, (_, index) => anAccount(index, Math.ceil(events / 40 / load.teams) + 1))
  const folder = await mkdtemp(join(tmpdir(), 'tripline-bench-'))
  await using ends = new AsyncDisposableStack()
  ends.defer(() => rm(folder, { recursive: true, force: true }))
  const aws = await startAwsServer({ latencyMs: awsMs, accounts })
  ends.defer(() => aws.stop())
  const slack = await startSlackServer({ channels: [...accounts.map(({ id }) => `team-${id}`), 'fallback'] })
  ends.defer(() => slack.stop())
  const entrance = source === 'kafka' ? await openTopic() : await openQueue()
  ends.defer(() => entrance.stop())
  const database = source === 'kafka' ? await openDatabase(ends) : null
  await writeFile(join(folder, 'bench-rule.ts'), rule)
  const file = join(folder, 'tripline.yaml')
  const [first] = accounts as [Account]
  const { name: roleName, externalId } = first.auditRole
  const config = {
    sources: [entrance.source],
    accounts: accounts.map(({ id, name }) => ({ id, name, regions: ['us-east-1'] })),
    aws: { roleName, externalId, endpoint: aws.endpoint },
    resourceTypes: ['AWS.EC2.SecurityGroup', 'AWS.EC2.VPC'],
    detections: [join(root, 'policies'), folder],
    teams: accounts.map(({ id }) => ({ id, channel: `team-${id}`, owns: { accounts: [id] } })),
    fallback: 'fallback',
    slack: { apiUrl: slack.url },
    store: { folder: join(folder, 'data') },
    http: { host: '127.0.0.1', port: 0 },
  }
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config))
  const tripline = startTripline(file, { SLACK_BOT_TOKEN: slack.token, ...(database === null ? {} : { DATABASE_URL: database }) })
  ends.defer(() => tripline.kill())
  const scanned = /tripline_scans_running 0/u
  const address = await tripline.address()
  await until('the first scan', async () => scanned.test(await (await fetch(`${address}/metrics`)).text()), 180_000)

  const memory = watchMemory(tripline)
  const names = new Map([
    [process.pid, 'AWS, Slack and the sender'],
    [tripline.pid, 'tripline'],
  ])
  const before = processorTimes(names)
  const sent = await play(load, accounts, entrance)
  const toldOf = (): ReadonlyMap<string, number> => arrivals(slack.versions())
  const allTold = async (): Promise<boolean> => {
    await wait(1_000)
    const told = toldOf()
    return [...sent.keys()].every((key) => told.has(key))
  }
  await until('every alert', allTold, 120_000)
  const spent = processorTimes(names).since(before)
  const resident = memory.most()
  const told = toldOf()
  const written = database === null ? null : await writtenAt(database)
  process.stderr.write((await tripline.end()) === 0 ? '' : tripline.log().slice(-4_000))

  const figures = (['rule', 'policy'] as const).flatMap((kind) => {
    const own = [...sent].filter(([, each]) => each.kind === kind)
    const ms = sorted(own.map(([key, { at }]) => (told.get(key) ?? Number.NaN) - at))
    const { p50, p99 } = load.aims[kind]
    const figure = (name: string, value: number, aim: number): Figure => ({
      name: `${kind} ${name}: ${Math.round(value)} ms`,
      value: value / aim,
      unit: 'times',
      of: `the aim of ${aim} ms; ${ms.length} alerts of ${events} events, ${cpus().length} cores`,
      aim: '1 or less',
    })
    const steps = written === null ? [] : stepsOf(kind, own, written, told)
    return [figure('p50', at(ms, 0.5), p50), figure('p99', at(ms, 0.99), p99), figure('max', at(ms, 1), mostMs)].concat(steps)
  })
  return {
    name: `line by ${source}`,
    figures: [
      ...figures,
      ...resident.map(({ name, megabytes }) => ({
        name: `${name}: ${Math.round(megabytes)} MB resident at most`,
        value: megabytes / mostMegabytes,
        unit: 'times',
        of: `the aim of ${mostMegabytes} MB a process`,
        aim: '1 or less',
      })),
      ...spent.map(({ name, ms }) => ({ name, value: (ms * 1_000) / events, unit: 'µs an event', of: 'processor time' })),
    ],
  }
}

async function openQueue(): Promise<Entrance> {
  const queue = await startQueue()
  return {
    source: { sqs: { queueUrl: queue.url, region: 'us-east-1', endpoint: queue.endpoint, pollers: 2 } },
    send: (_account, body) => queue.send(body),
    stop: () => queue.stop(),
  }
}

async function openTopic(): Promise<Entrance> {
  const broker = await startKafka()
  await broker.admin.createTopics({ topics: [{ topic, numPartitions: 12, replicationFactor: 1 }] })
  await untilThere(broker.admin, topic)
  const producer = broker.client.producer()
  await producer.connect()
  return {
    source: { kafka: { brokers: broker.brokers, topics: [topic] } },
    send: (key, value) => producer.send({ topic, messages: [{ key, value }] }),
    async stop() {
      await producer.disconnect()
      await broker.stop()
    },
  }
}

async function openDatabase(ends: AsyncDisposableStack): Promise<string> {
  const postgres = await startPostgres('the benchmark')
  if (postgres === null) throw new Error('the benchmark needs PostgreSQL')
  ends.defer(() => postgres.stop())
  const url = await postgres.database('empty')
  await migrate({ url })
  return url
}

interface Sent {
  readonly kind: Kind
  readonly at: number
}

/** Sends the load, evenly; returns when what was sent that must alert, by what its message will name. */
async function play(load: Load, accounts: readonly Account[], entrance: Entrance): Promise<ReadonlyMap<string, Sent>> {
  const sent = new Map<string, Sent>()
  const pending = new Set<Promise<unknown>>()
  const start = performance.now()
  for (let index = 0; index < load.perSecond * load.seconds; index += 1) {
    await wait(Math.max(0, start + (index * 1_000) / load.perSecond - performance.now()))
    // The alerts of one moment go to different channels: Slack takes one message a second.
    const turn = (Math.floor(index / 40) + (index % 40 === 21 ? load.teams / 2 : 0)) % load.teams
    const account = accounts[turn] as Account
    const { record, key, kind } = recordFor(index, account)
    if (key !== null) sent.set(key, { kind, at: Date.now() })
    const sending = entrance.send(account.id, JSON.stringify(anEnvelope(record))).finally(() => pending.delete(sending))
    pending.add(sending)
  }
  await Promise.all(pending)
  return sent
}

/** One in forty opens a security group, one in forty matches a rule, the others read or touch nothing that fails. Each by somebody else. */
function recordFor(index: number, state: Account): { record: Record<string, unknown>; key: string | null; kind: Kind } {
  const account = state.id
  const name = `user-${index}`
  const extra = {
    userIdentity: {
      type: 'IAMUser',
      principalId: name,
      arn: `arn:aws:iam::${account}:user/${name}`,
      accountId: account,
      userName: name,
    },
  }
  if (index % 40 === 7) {
    const key = `bench-event-${index}-`
    return { record: aRecord({ account, source: 'bench.amazonaws.com', name: 'BenchAlert', id: key, extra }), key, kind: 'rule' }
  }
  if (index % 40 === 21) {
    const group = state.securityGroups.find(({ ipPermissions }) => ipPermissions.length === 0) as SecurityGroup
    const { groupId } = group
    group.ipPermissions = [
      { ipProtocol: 'tcp', fromPort: 22, toPort: 22, ipRanges: [{ cidrIp: '0.0.0.0/0' }], ipv6Ranges: [], groups: [] },
    ]
    const request = { groupId }
    return {
      record: aRecord({ account, source: 'ec2.amazonaws.com', name: 'AuthorizeSecurityGroupIngress', request, extra }),
      key: groupId,
      kind: 'policy',
    }
  }
  const reading = aRecord({
    account,
    source: 'ec2.amazonaws.com',
    name: 'DescribeInstances',
    request: {},
    extra: { ...extra, readOnly: true },
  })
  return { record: reading, key: null, kind: 'rule' }
}

/** When a message first named each event or group. */
function arrivals(versions: readonly SlackPosted[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const message of versions)
    for (const [key] of JSON.stringify(message).matchAll(/bench-event-\d+-|sg-0be9c4[\da-f]+/gu))
      if (!found.has(key)) found.set(key, message.at)
  return found
}

/** When the alert of each event or group was written. */
async function writtenAt(url: string): Promise<ReadonlyMap<string, number>> {
  const rows = await run<{ key: string; at: Date }>(
    url,
    `select coalesce(f.resource_id, f.key) as key, a.created_at as at from alerts as a join findings as f on f.id = a.finding_id`,
  )
  const found = new Map<string, number>()
  for (const { key, at: time } of rows) {
    const [name] = /bench-event-\d+-|sg-0be9c4[\da-f]+/u.exec(key) ?? []
    if (name !== undefined) found.set(name, time.getTime())
  }
  return found
}

function stepsOf(
  kind: Kind,
  own: readonly (readonly [string, Sent])[],
  written: ReadonlyMap<string, number>,
  told: ReadonlyMap<string, number>,
): readonly Figure[] {
  const step = (name: string, ms: readonly number[]): Figure => ({
    name: `${kind} ${name}, p50 ${Math.round(at(ms, 0.5))} ms`,
    value: at(ms, 0.99),
    unit: 'ms p99',
    of: 'elapsed time',
  })
  const before = own.map(([key, { at: time }]) => (written.get(key) ?? Number.NaN) - time)
  const after = own.map(([key]) => (told.get(key) ?? Number.NaN) - (written.get(key) ?? Number.NaN))
  return [step('from sent to its alert written', sorted(before)), step('from the alert written to Slack', sorted(after))]
}

/** The most that Tripline's process and its evaluators were resident, sampled. */
function watchMemory({ pid }: Tripline): { most(): readonly { name: string; megabytes: number }[] } {
  const found = new Map<number, number>()
  const look = async (): Promise<void> => {
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean)
    for (const each of [pid, ...children.map(Number)]) {
      const kilobytes = Number(/VmRSS:\s+(\d+)/u.exec(await readFile(`/proc/${each}/status`, 'utf8'))?.[1])
      found.set(each, Math.max(found.get(each) ?? 0, kilobytes / 1_024))
    }
  }
  const timer = setInterval(() => void look().catch(() => undefined), 1_000)
  return {
    most() {
      clearInterval(timer)
      return [...found].map(([each, megabytes]) => ({ name: each === pid ? 'tripline' : 'an evaluator', megabytes }))
    },
  }
}

function anAccount(index: number, groups: number): Account {
  const account = emptyAccount(String(200_000_000_001 + index), `bench-${index}`)
  account.vpcs = [{ region: 'us-east-1', vpcId: 'vpc-0bench', cidrBlock: '10.0.0.0/16', isDefault: false, tagSet: [] }]
  account.securityGroups = Array.from({ length: groups }, (_, number) => ({
    region: 'us-east-1',
    groupId: `sg-0be9c4${(index * 10_000 + number).toString(16).padStart(8, '0')}`,
    groupName: `bench-${number}`,
    groupDescription: 'bench',
    vpcId: 'vpc-0bench',
    ipPermissions: [],
    ipPermissionsEgress: [],
    tagSet: [],
  }))
  return account
}

function sorted(ms: readonly number[]): readonly number[] {
  return ms.toSorted((a, b) => a - b)
}

function at(ordered: readonly number[], share: number): number {
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? Number.NaN
}
