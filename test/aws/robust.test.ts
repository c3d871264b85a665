import { DescribeVpcsCommand } from '@aws-sdk/client-ec2'
import { ListUsersCommand } from '@aws-sdk/client-iam'
import { ListKeysCommand } from '@aws-sdk/client-kms'
import { expect, test } from 'vitest'
import { createSessions, type AwsError, type Sessions, type SessionsConfig } from '#aws'
import { assumeRole } from '../../services/aws/assume-role.ts'
import { makers } from '../../services/aws/clients.ts'
import { createGate } from '../../services/aws/gate.ts'
import { createLimiter } from '../../services/aws/limiter.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { refusal } from './refused.ts'
import { startTinyAws, type Otherwise } from './tiny-aws.ts'

const go = new AbortController().signal
const credentials = { accessKeyId: 'base', secretAccessKey: 'secret', sessionToken: 'token' }
const [one, two] = ['111111111111', '222222222222']

function open(endpoint: string, more: Partial<SessionsConfig> = {}): Sessions {
  return createSessions({ roleName: 'audit', externalId: 'x', region: 'eu-west-1', endpoint, credentials, ...more })
}
async function keys(sessions: Sessions, accountId = one, signal = go): Promise<unknown> {
  return (await sessions.open(accountId, 'eu-west-1', signal).client('kms')).send(new ListKeysCommand({}))
}
async function aProxy(otherwise?: Otherwise) {
  const aws = await startTinyAws(otherwise)
  const proxy = await startFaultProxy(aws.endpoint)
  return {
    aws,
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy.stop()
      await aws[Symbol.asyncDispose]()
    },
  }
}

test('with short tokens and an STS that fails, no call is lost and none uses the token of another account', async () => {
  await using world = await aProxy()
  const { proxy } = world
  let issued = 0
  const counts = proxy.tokens({ livesMs: () => 1_000 + ((issued += 1) % 3) * 500, failing: 0.3, seed: 11 })
  const sessions = open(proxy.endpoint)
  const accounts = Array.from({ length: 6 }, (_, index) => `10000000000${index}`)
  const answered = new Map<string, number>()
  const lost: string[] = []
  const until = performance.now() + 4_000
  const work = async (accountId: string): Promise<void> => {
    while (performance.now() < until) {
      await keys(sessions, accountId).then(
        () => answered.set(accountId, (answered.get(accountId) ?? 0) + 1),
        (error: AwsError) => error.retryable || lost.push(error.message),
      )
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  await Promise.all(accounts.map(work))
  const asked = proxy.seen.filter(({ service }) => service === 'kms')
  const owners = new Map(asked.map(({ accessKeyId, accountId }) => [accessKeyId, accountId]))
  expect(lost).toEqual([])
  expect([...answered.keys()].toSorted()).toEqual(accounts)
  expect(new Set(owners.values())).toEqual(new Set(accounts))
  // The key names its account, as the answers of STS did.
  expect([...owners].filter(([key, accountId]) => !key.endsWith(`OF${accountId}`))).toEqual([])
  expect(counts.failed).toBeGreaterThan(0)
  expect(issued).toBeGreaterThan(accounts.length)
}, 30_000)

test('credentials that are not known any more where they were are renewed; where they never were, the region is off', async () => {
  await using world = await aProxy()
  const { proxy } = world
  const sessions = open(proxy.endpoint)
  const asked = () => proxy.seen.filter(({ operation }) => operation === 'AssumeRole').length
  await keys(sessions)
  proxy.inject({ service: 'kms' }, { kind: 'region-off' }, 1)
  await keys(sessions)
  expect(asked()).toBe(2)
  const off = await sessions.open(one, 'me-south-1', go).client('kms')
  proxy.inject({ region: 'me-south-1' }, { kind: 'region-off' })
  expect(await refusal(off.send(new ListKeysCommand({})))).toMatchObject({ code: 'region-off' })
  expect(asked()).toBe(2)
  // A region that is switched off while we look at it costs one renewal and no more.
  proxy.inject({ service: 'kms' }, { kind: 'region-off' })
  for (const _ of [1, 2, 3]) expect(await refusal(keys(sessions))).toMatchObject({ code: 'region-off' })
  expect(asked()).toBe(3)
})

test('a service control policy is told from a role that may not, on every protocol', async () => {
  await using world = await aProxy()
  const { proxy } = world
  const session = open(proxy.endpoint).open(one, 'eu-west-1', go)
  const [kms, ec2, iam] = await Promise.all([session.client('kms'), session.client('ec2'), session.client('iam')])
  const codes = async () =>
    (
      await Promise.all(
        [kms.send(new ListKeysCommand({})), ec2.send(new DescribeVpcsCommand({})), iam.send(new ListUsersCommand({}))].map(refusal),
      )
    ).map(({ code, message }) => {
      expect(message).not.toMatch(/policy|assumed-role/)
      return code
    })
  for (const by of ['scp', 'scp-silent'] as const) {
    proxy.inject({}, { kind: 'denied', by })
    expect(await codes()).toEqual(['scp-denied', 'scp-denied', 'scp-denied'])
  }
  for (const by of ['iam', 'boundary', 'session', 'rcp'] as const) {
    proxy.inject({}, { kind: 'denied', by })
    expect(await codes()).toEqual(['access-denied', 'access-denied', 'access-denied'])
  }
})

test('a role that is missing is one, and the other account is read', async () => {
  await using world = await aProxy()
  world.proxy.inject({ operation: 'AssumeRole', accountId: one }, { kind: 'denied' })
  const sessions = open(world.proxy.endpoint)
  expect(await refusal(keys(sessions, one))).toMatchObject({ code: 'role-missing', retryable: false })
  await keys(sessions, two)
})

test('an error says when to come again, by the word of AWS and by our own limit', async () => {
  await using world = await aProxy()
  const { proxy } = world
  const sessions = open(proxy.endpoint)
  await keys(sessions)
  const slow = { kind: 'error', code: 'ThrottlingException', status: 400, headers: { 'retry-after': '30' } } as const
  proxy.inject({ service: 'kms' }, slow, 1)
  expect(await refusal(keys(sessions))).toMatchObject({ code: 'throttled', awsCode: 'Throttling', retryAfterMs: 30_000 })
  const own = await refusal(keys(sessions))
  expect(own).toMatchObject({ code: 'throttled', awsCode: 'OwnLimit', retryable: true })
  expect(own.retryAfterMs).toBeGreaterThan(25_000)
  // Other accounts, regions and operations are not held up.
  await keys(sessions, two)
})

test('a process takes its share of a limit', async () => {
  await using world = await aProxy()
  const counts = world.proxy.bucket({ burst: 1_000, perSecond: 1_000 }, { service: 'kms' })
  const sessions = open(world.proxy.endpoint, { share: () => 0.1 })
  await Promise.all(Array.from({ length: 60 }, () => keys(sessions).catch(() => null)))
  // Ten at once, and those that fit into the second that a call waits.
  expect(counts.passed).toBeGreaterThanOrEqual(15)
  expect(counts.passed).toBeLessThanOrEqual(22)
})

test.each([
  ['kms', 'InvalidSignatureException'],
  ['iam', 'SignatureDoesNotMatch'],
  ['ec2', 'RequestExpired'],
] as const)('a clock that is wrong is corrected by the first answer of %s', async (service, code) => {
  const aheadMs = 600_000
  const refused: string[] = []
  await using world = await aProxy((incoming, outgoing, body) => {
    const time = Date.now() + aheadMs
    outgoing.setHeader('date', new Date(time).toUTCString())
    const signed = String(incoming.headers['x-amz-date']).replace(/(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\d)Z/, '$1-$2-$3:$4:$5Z')
    if (body.includes('AssumeRole') || Math.abs(Date.parse(signed) - time) < 300_000) return false
    refused.push(code)
    const text = { kms: JSON.stringify({ __type: code }), iam: error(code, 'Error'), ec2: error(code, 'Errors') }
    outgoing.writeHead(service === 'kms' ? 400 : 403, {
      'content-type': service === 'kms' ? 'application/x-amz-json-1.1' : 'text/xml',
    })
    outgoing.end(text[service])
    return true
  })
  const { proxy } = world
  const session = open(proxy.endpoint).open(one, 'eu-west-1', go)
  const call = async (where: string) => {
    if (service === 'kms') return (await session.client('kms', where)).send(new ListKeysCommand({}))
    if (service === 'iam') return (await session.client('iam')).send(new ListUsersCommand({}))
    return (await session.client('ec2', where)).send(new DescribeVpcsCommand({}))
  }
  await call('eu-west-1')
  // A new client begins with the right time.
  await call('eu-central-1')
  expect(refused).toHaveLength(1)
  expect(proxy.seen.filter(({ operation }) => operation === 'AssumeRole')).toHaveLength(1)
})

test('hundreds of calls at once open no more connections than there are places', async () => {
  await using aws = await startTinyAws((_, outgoing, body) => {
    if (body.includes('AssumeRole')) return false
    setTimeout(() => outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end('{}'), 300)
    return true
  })
  const sessions = open(aws.endpoint)
  const accounts = Array.from({ length: 8 }, (_, index) => `30000000000${index}`)
  await Promise.all(accounts.map((accountId) => sessions.open(accountId, 'eu-west-1', go).client('kms')))
  const calls = accounts.flatMap((accountId) => Array.from({ length: 80 }, () => keys(sessions, accountId)))
  const outcomes = await Promise.allSettled(calls)
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(200)
  expect(aws.connections.most).toBeGreaterThan(60)
  expect(aws.connections.most).toBeLessThanOrEqual(256 + 32)
}, 30_000)

test('an account that hangs has no more than its places', async () => {
  let hanging = 0
  await using aws = await startTinyAws((incoming) => {
    const hangs = incoming.headers.authorization?.includes(`OF${one}`) ?? false
    if (hangs) hanging += 1
    return hangs
  })
  const sessions = open(aws.endpoint)
  const stop = new AbortController()
  const hung = Array.from({ length: 90 }, () => refusal(keys(sessions, one, stop.signal)))
  await expect.poll(() => hanging, { timeout: 5_000 }).toBe(64)
  await keys(sessions, two)
  expect(hanging).toBe(64)
  stop.abort()
  expect((await Promise.all(hung)).every(({ retryable }) => retryable)).toBe(true)
})

test.each([0, 600_000])('a session lives as long as STS says, with a clock that is %i ms behind', async (behindMs) => {
  await using world = await aProxy((_, outgoing) => {
    outgoing.setHeader('date', new Date(Date.now() + behindMs).toUTCString())
    return false
  })
  world.proxy.tokens({ livesMs: 20_000 + behindMs })
  const clock = { offsetMs: 0 }
  const client = makers.sts({ region: 'eu-west-1', endpoint: world.proxy.endpoint, credentials, clock })
  const limiter = createLimiter({ perSecond: 10 })
  const pace = () => ({ limiter, gate: createGate({ most: 1, mostOfOne: 1 }) })
  const role = { roleName: 'audit', externalId: 'x', sessionName: 'tripline', client: () => client, pace, clock }
  const { lifeMs } = await assumeRole(role, one, 'aws', 'eu-west-1')
  expect(lifeMs).toBeGreaterThan(15_000)
  // AWS tells its time in whole seconds.
  expect(lifeMs).toBeLessThanOrEqual(21_000)
})

test('an answer that never ends is hung up on when its time is over', async () => {
  let ended = false
  await using aws = await startTinyAws((incoming, outgoing, body) => {
    if (body.includes('AssumeRole')) return false
    outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
    const drip = setInterval(() => outgoing.write(' '), 20)
    outgoing.on('close', () => {
      clearInterval(drip)
      ended = true
    })
    return true
  })
  const stop = new AbortController()
  const call = refusal(keys(open(aws.endpoint), one, stop.signal))
  await expect.poll(() => aws.connections.open).toBeGreaterThan(0)
  setTimeout(() => stop.abort(), 300)
  expect(await call).toMatchObject({ code: 'unavailable', retryable: true })
  await expect.poll(() => ended, { timeout: 2_000 }).toBe(true)
})

function error(code: string, around: 'Error' | 'Errors'): string {
  const inner = `<Error><Code>${code}</Code><Message>x</Message></Error>`
  return around === 'Errors' ? `<Response><Errors>${inner}</Errors></Response>` : `<ErrorResponse>${inner}</ErrorResponse>`
}
