import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSender, createSlack } from '#alerting'
import { startSlackServer, type SlackServer } from '../../services/processes/demo/slack-server.ts'
import { accountId, arnOf, idOf, region, startGroups, type Groups } from '../support/groups-server.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { aRecord } from '../support/records.ts'
import { aRouter, ownsNothing } from '../support/routing.ts'
import { until } from '../support/until.ts'

// One Terraform apply over many security groups, some of which it opens to the world, for three teams: from intake to Slack.

const whole = process.env['TRIPLINE_JOURNEYS'] === 'whole'
const size = whole ? { groups: 2_000, findings: 40, perSecond: 1 } : { groups: 150, findings: 15, perSecond: 10 }
const teams = [0, 1, 2].map((index) => `team-${index}`)
const opened = Array.from({ length: size.findings }, (_, index) => Math.floor((index * size.groups) / size.findings))
const seconds = whole ? 600 : 60

let aws: Groups
let line: InnerLine
let server: SlackServer
let sending: Promise<void>
const stop = new AbortController()

beforeAll(async () => {
  aws = await startGroups()
  Object.assign(aws, { count: size.groups, teams: teams.length })
  line = await startInnerLine({
    endpoint: aws.endpoint,
    accounts: [{ id: accountId, regions: [region] }],
    types: ['AWS.EC2.SecurityGroup'],
    folders: ['policies/aws/ec2'],
    workers: ['refresh', 'scan'],
    teams: teams.map((id) => ({ id, channel: id, owns: { ...ownsNothing, tags: [{ key: 'team', value: id }] } })),
  })
  await until('the first scan', async () => (await line.store.scans.running()) === 0, seconds * 1_000)
  server = await startSlackServer({ channels: [...teams, 'operators'], perChannelPerSecond: size.perSecond, burst: 3 })
  const slack = createSlack({ token: server.token, apiUrl: server.url, perChannelPerSecond: size.perSecond })
  const fallback = { destination: 'slack', channel: 'operators' }
  const { bells, store } = line.parts
  sending = createSender({ store, destinations: [slack], fallback, route: aRouter() }).run(bells.deliver, stop.signal)
}, 700_000)
afterAll(async () => {
  stop.abort()
  await sending
  await line[Symbol.asyncDispose]()
  await server.stop()
  aws.stop()
})

/** What Terraform's build calls, as CloudTrail tells it. */
function applied(name: string, index: number): Promise<void> {
  const userIdentity = {
    type: 'AssumedRole',
    principalId: 'AROAEXAMPLE:build-4711',
    arn: `arn:aws:sts::${accountId}:assumed-role/ci-apply/build-4711`,
    accountId,
  }
  const userAgent = 'APN/1.0 HashiCorp/1.0 Terraform/1.13.5 (+https://www.terraform.io) terraform-provider-aws/6.21.0'
  const call = { account: accountId, region, source: 'ec2.amazonaws.com', name, request: { groupId: idOf(index) } }
  return line.send(aRecord({ ...call, extra: { userIdentity, userAgent } }))
}

test('an apply of many resources is one parent a team, and every finding is in one', { timeout: seconds * 1_000 }, async () => {
  const began = performance.now()
  for (let index = 0; index < size.groups; index += 1) {
    const opens = opened.includes(index)
    if (opens) aws.open(index)
    await applied(opens ? 'AuthorizeSecurityGroupIngress' : 'AssociateSecurityGroupVpc', index)
  }
  line.parts.bells.refresh.ring()
  const owed = opened.map((index) => [`group-${index} `, teams[index % teams.length]] as const)
  const told = (): number => owed.filter(([name]) => server.messages().some((each) => JSON.stringify(each).includes(name))).length
  await until('every finding', () => told() === size.findings, seconds * 1_000)
  let versions = 0
  await until(
    'nothing more to say',
    async () => {
      const before = versions
      versions = server.versions().length
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      return before === versions && (await line.store.deliveries.waiting()).count === 0
    },
    seconds * 1_000,
  )
  const parents = server.messages().filter(({ threadTs }) => threadTs === null)
  expect(parents.map(({ channel }) => channel).toSorted()).toEqual(teams)
  for (const team of teams) {
    const own = owed.filter(([, owner]) => owner === team).map(([name]) => name)
    const parent = parents.find(({ channel }) => channel === team)
    expect(parent?.text).toContain(`${own.length} findings by build-4711 through Terraform in ${accountId}`)
    const replies = server.messages(team).filter(({ threadTs }) => threadTs === parent?.ts)
    const shown = own.map((name) => replies.filter(({ text }) => text.includes(name)).length)
    expect(shown).toEqual(own.map(() => 1))
  }
  expect(server.messages('operators')).toEqual([])
  expect(server.calls().impatient).toBe(0)
  expect(
    await line.store.findings.of({ accountId, region, type: 'AWS.EC2.SecurityGroup', id: arnOf(opened[1] ?? 0) }, 5),
  ).toHaveLength(1)
  const facts = {
    ms: Math.round(performance.now() - began),
    messages: server.messages().length,
    edits: server.calls().byMethod.get('chat.update'),
  }
  process.stderr.write(`${JSON.stringify(facts)}\n`)
})
