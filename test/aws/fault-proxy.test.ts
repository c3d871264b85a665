import { CreateVpcCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2'
import {
  CreateRoleCommand,
  CreateUserCommand,
  GetUserCommand,
  IAMClient,
  ListRolesCommand,
  ListUsersCommand,
  TagUserCommand,
} from '@aws-sdk/client-iam'
import { ListKeysCommand, KMSClient } from '@aws-sdk/client-kms'
import { ListFunctionsCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { SNSClient, ListTopicsCommand } from '@aws-sdk/client-sns'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startFaultProxy, type Fault, type FaultProxy } from '../support/fault-proxy.ts'
import { credentialsOf, needMoto, startMoto, type Credentials, type Moto } from '../support/moto.ts'

const title = 'the fault proxy in front of moto'
const accountId = '444444444444'

describe.runIf(needMoto(title))(title, { timeout: 30_000 }, () => {
  let moto: Moto
  let proxy: FaultProxy
  let reader: ReturnType<typeof clientsOf>
  let world: ReturnType<typeof clientsOf>

  beforeAll(async () => {
    moto = await startMoto()
    proxy = await startFaultProxy(moto.endpoint)
    reader = clientsOf(proxy.endpoint, await credentialsOf(proxy.endpoint, accountId))
    world = clientsOf(proxy.worldEndpoint, await credentialsOf(proxy.worldEndpoint, accountId))
  }, 60_000)
  afterEach(() => proxy.clear())
  afterAll(async () => {
    await proxy.stop()
    await moto.stop()
  })

  const tagsOf = async (UserName: string) => {
    const { User } = await reader.iam.send(new GetUserCommand({ UserName }))
    return User?.Tags?.map(({ Value }) => Value) ?? []
  }

  test('a read tells of the world before a write until the lag is over', async () => {
    await world.iam.send(new CreateUserCommand({ UserName: 'stale-ann' }))
    expect(await tagsOf('stale-ann')).toEqual([])
    proxy.stale({ service: 'iam' }, 1_000)
    await world.iam.send(new TagUserCommand({ UserName: 'stale-ann', Tags: [{ Key: 'team', Value: 'new' }] }))
    expect(await tagsOf('stale-ann')).toEqual([])
    await expect.poll(() => tagsOf('stale-ann'), { timeout: 3_000 }).toEqual(['new'])
  })

  test('what was just created is not found, in the words of the service, and what was there already is', async () => {
    const { Vpc: old } = await world.ec2.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }))
    proxy.stale({}, 60_000)
    await world.iam.send(new CreateUserCommand({ UserName: 'created-bob' }))
    const { Vpc } = await world.ec2.send(new CreateVpcCommand({ CidrBlock: '10.2.0.0/16' }))
    const vpc = (id = '') => reader.ec2.send(new DescribeVpcsCommand({ VpcIds: [id] }))
    const text = await refusal(tagsOf('created-bob'))
    expect(text).toEqual({ name: 'NoSuchEntityException', message: expect.stringContaining('created-bob') })
    expect(await refusal(vpc(Vpc?.VpcId))).toMatchObject({ name: 'InvalidVpcID.NotFound' })
    expect((await vpc(old?.VpcId)).Vpcs).toHaveLength(1)
    proxy.clear()
    expect(await tagsOf('created-bob')).toEqual([])
  })

  test('a write that fails leaves no trace', async () => {
    const names = async () => (await reader.iam.send(new ListUsersCommand({}))).Users?.map(({ UserName }) => UserName)
    await names()
    proxy.stale({ service: 'iam' }, 60_000)
    await refusal(world.iam.send(new TagUserCommand({ UserName: 'nobody', Tags: [{ Key: 'a', Value: 'b' }] })))
    const unheard = clientsOf(moto.endpoint, await credentialsOf(moto.endpoint, accountId))
    await unheard.iam.send(new CreateUserCommand({ UserName: 'unheard' }))
    expect(await names()).toContain('unheard')
  })

  test('a bucket lets its burst through and then so much a second, each operation on its own', async () => {
    const counts = proxy.bucket({ burst: 3, perSecond: 1 }, { service: 'kms' })
    const keys = () => reader.kms.send(new ListKeysCommand({}))
    for (let times = 0; times < 3; times += 1) await keys()
    expect(await refusal(keys())).toMatchObject({ name: 'ThrottlingException' })
    await reader.sns.send(new ListTopicsCommand({}))
    await expect
      .poll(
        () =>
          keys().then(
            () => true,
            () => false,
          ),
        { timeout: 3_000 },
      )
      .toBe(true)
    expect(counts.passed).toBe(4)
    expect(counts.throttled).toBeGreaterThanOrEqual(1)
  })

  test.each<[Fault, readonly string[]]>([
    [
      { kind: 'throttled' },
      ['RequestLimitExceeded', 'Throttling', 'ThrottlingException', 'TooManyRequestsException', 'SlowDown', 'Throttling'],
    ],
    [
      { kind: 'denied' },
      [
        'UnauthorizedOperation',
        'AccessDenied',
        'AccessDeniedException',
        'AccessDeniedException',
        'AccessDenied',
        'AuthorizationErrorException',
      ],
    ],
    [
      { kind: 'region-off' },
      [
        'AuthFailure',
        'InvalidClientTokenId',
        'UnrecognizedClientException',
        'UnrecognizedClientException',
        'InvalidAccessKeyId',
        'InvalidClientTokenId',
      ],
    ],
    [
      { kind: 'expired' },
      ['RequestExpired', 'ExpiredToken', 'ExpiredTokenException', 'ExpiredTokenException', 'ExpiredToken', 'ExpiredToken'],
    ],
  ])('each protocol has its own words for %o', async (fault, names) => {
    proxy.inject({}, fault)
    const errors = await Promise.all(
      [
        reader.ec2.send(new DescribeVpcsCommand({})),
        reader.iam.send(new ListUsersCommand({})),
        reader.kms.send(new ListKeysCommand({})),
        reader.lambda.send(new ListFunctionsCommand({})),
        reader.s3.send(new ListBucketsCommand({})),
        reader.sns.send(new ListTopicsCommand({})),
      ].map(refusal),
    )
    expect(errors.map(({ name }) => name)).toEqual(names)
  })

  test('one page of a listing can be denied, and an answer be cut off', async () => {
    for (const RoleName of ['p1', 'p2', 'p3']) {
      await world.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}' }))
    }
    proxy.inject({ operation: 'ListRoles', page: 2 }, { kind: 'denied' })
    const { Marker } = await reader.iam.send(new ListRolesCommand({ MaxItems: 2 }))
    expect(Marker).toBeDefined()
    const second = reader.iam.send(new ListRolesCommand({ MaxItems: 2, Marker }))
    expect(await refusal(second)).toMatchObject({ name: 'AccessDenied' })
    proxy.clear()
    proxy.inject({ operation: 'ListUsers' }, { kind: 'cut' })
    expect(await refusal(reader.iam.send(new ListUsersCommand({})))).toMatchObject({ message: expect.stringContaining('aborted') })
  })

  test('sessions die when they are told to, and each call names the account its credentials belong to', async () => {
    const counts = proxy.tokens({ livesMs: 300 })
    const { iam } = clientsOf(proxy.endpoint, await credentialsOf(proxy.endpoint, '555555555555'))
    const users = () =>
      iam.send(new ListUsersCommand({})).then(
        () => 'answered',
        (error: Error) => error.name,
      )
    expect(await users()).toBe('answered')
    await expect.poll(users, { timeout: 3_000 }).toBe('ExpiredToken')
    expect(proxy.seen.at(-1)?.accountId).toBe('555555555555')
    expect(counts).toMatchObject({ asked: 1, failed: 0 })
    expect(counts.refused).toBeGreaterThan(0)
  })

  test('STS fails for the part of calls that it is told to, the same for the same seed', async () => {
    const sts = new STSClient({ endpoint: proxy.endpoint, ...options, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })
    const draw = async () => {
      const counts = proxy.tokens({ failing: 0.5, seed: 7 })
      const pattern: boolean[] = []
      for (let times = 0; times < 12; times += 1) {
        const asked = sts.send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${accountId}:role/a`, RoleSessionName: 'a12' }))
        pattern.push(
          await asked.then(
            () => true,
            () => false,
          ),
        )
      }
      expect(counts.failed).toBe(pattern.filter((answered) => !answered).length)
      return pattern
    }
    const pattern = await draw()
    expect(new Set(pattern).size).toBe(2)
    expect(await draw()).toEqual(pattern)
  })
})

const options = { region: 'eu-west-1', maxAttempts: 1 }

function clientsOf(endpoint: string, credentials: Credentials) {
  const common = { endpoint, ...options, credentials }
  return {
    ec2: new EC2Client(common),
    iam: new IAMClient(common),
    kms: new KMSClient(common),
    lambda: new LambdaClient(common),
    s3: new S3Client({ ...common, forcePathStyle: true }),
    sns: new SNSClient(common),
  }
}

async function refusal(run: Promise<unknown>): Promise<{ name: string; message: string }> {
  const error: unknown = await run.then(
    () => new Error('expected a refusal'),
    (caught: unknown) => caught,
  )
  const { name, message } = error as Error
  return { name, message }
}
