import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam'
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms'
import { GetBucketLocationCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createSessions, type SessionsConfig } from '#aws'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { credentialsOf, needMoto, startMoto, type Moto } from '../support/moto.ts'
import { refusal } from './refused.ts'

const stop = new AbortController().signal
const credentials = { accessKeyId: 'base', secretAccessKey: 'canary-secret', sessionToken: 'canary-token' }
const accountId = '111111111111'

describe.runIf(needMoto('sessions against moto'))('sessions against moto', { timeout: 30_000 }, () => {
  let moto: Moto
  let proxy: FaultProxy

  beforeAll(async () => {
    moto = await startMoto()
    proxy = await startFaultProxy(moto.endpoint)
    // moto makes ready a service, and an account's IAM, on the first call, which may take longer than a call of ours waits.
    for (const each of [accountId, '222222222222', '999999999999']) {
      const options = { endpoint: moto.endpoint, region: 'eu-west-1', credentials: await credentialsOf(moto.endpoint, each) }
      await new KMSClient(options).send(new ListKeysCommand({}))
      await new EC2Client(options).send(new DescribeVpcsCommand({}))
      await new IAMClient(options).send(new ListUsersCommand({}))
    }
  }, 60_000)
  afterEach(() => proxy.clear())
  afterAll(async () => {
    await proxy.stop()
    await moto.stop()
  })

  const open = (more: Partial<SessionsConfig> = {}) =>
    createSessions({ roleName: 'audit', externalId: 'tenant-7', endpoint: proxy.endpoint, credentials, ...more })
  const assumed = () => proxy.seen.filter(({ operation }) => operation === 'AssumeRole')

  test('the role of the account is assumed with the ExternalId, at the STS of our own region', async () => {
    const session = open({ region: 'eu-central-1', sessionName: 'tripline-test' }).open(accountId, 'us-west-2', stop)
    await (await session.client('kms')).send(new ListKeysCommand({}))
    const [call] = assumed()
    const asked = new URLSearchParams(call?.body)
    expect(call?.region).toBe('eu-central-1')
    expect(asked.get('ExternalId')).toBe('tenant-7')
    expect(asked.get('RoleArn')).toBe('arn:aws:iam::111111111111:role/audit')
    expect(asked.get('RoleSessionName')).toBe('tripline-test')
    expect(proxy.seen.find(({ service }) => service === 'kms')).toMatchObject({ region: 'us-west-2' })
  })

  test.each([
    ['cn-northwest-1', 'arn:aws-cn:iam::111111111111:role/audit', 'cn-north-1'],
    ['us-gov-east-1', 'arn:aws-us-gov:iam::111111111111:role/audit', 'us-gov-west-1'],
  ])('a session in %s stays within its own partition', async (region, role, main) => {
    const session = open({ region: 'eu-west-1' }).open(accountId, region, stop)
    await session.client('iam')
    expect(session.region).toBe(region)
    expect(assumed()[0]?.region).toBe(main)
    expect(new URLSearchParams(assumed()[0]?.body).get('RoleArn')).toBe(role)
  })

  test('a role may be given as an ARN with a place for the account', async () => {
    const session = open({ roleName: 'arn:aws:iam::{accountId}:role/path/audit' }).open(accountId, 'global', stop)
    await (await session.client('iam')).send(new ListUsersCommand({}))
    expect(session.region).toBe('us-east-1')
    expect(new URLSearchParams(assumed()[0]?.body).get('RoleArn')).toBe('arn:aws:iam::111111111111:role/path/audit')
  })

  test('many callers share one assumed role, in all regions and services', async () => {
    const sessions = open()
    await Promise.all(
      ['eu-west-1', 'us-east-1', 'eu-west-1'].flatMap((region) => {
        const session = sessions.open(accountId, region, stop)
        return [
          session.client('kms').then((kms) => kms.send(new ListKeysCommand({}))),
          session.client('ec2').then((ec2) => ec2.send(new DescribeVpcsCommand({}))),
        ]
      }),
    )
    expect(assumed()).toHaveLength(1)
  })

  test('a session of another account than asked for is refused', async () => {
    proxy.inject({ operation: 'AssumeRole' }, { kind: 'rewrite', change: (body) => body.replaceAll(accountId, '999999999999') })
    const error = await refusal(open().open(accountId, 'eu-west-1', stop).client('kms'))
    expect(error).toMatchObject({ code: 'wrong-account', retryable: false })
    expect(error.message).toContain('expected a session of account 111111111111, got one of 999999999999')
    expect(proxy.seen.filter(({ service }) => service === 'kms')).toEqual([])
  })

  test('a fixed role that belongs to one account is refused for every other', async () => {
    const session = open({ roleName: 'arn:aws:iam::222222222222:role/audit' }).open(accountId, 'eu-west-1', stop)
    expect(await refusal(session.client('kms'))).toMatchObject({ code: 'wrong-account' })
  })

  test('something that is no account id is refused without a call', async () => {
    const error = await refusal(open().open('1111:role/evil', 'eu-west-1', stop).client('kms'))
    expect(error.code).toBe('bad-answer')
    expect(proxy.seen).toEqual([])
  })

  test('a refused role is asked for once by a storm of callers', async () => {
    proxy.inject({ operation: 'AssumeRole' }, { kind: 'error', code: 'AccessDenied', status: 403 })
    const session = open().open(accountId, 'eu-west-1', stop)
    const errors = await Promise.all([session.client('kms'), session.client('ec2'), session.client('s3')].map(refusal))
    expect(errors.map(({ code }) => code)).toEqual(['role-missing', 'role-missing', 'role-missing'])
    await refusal(session.client('iam'))
    expect(assumed()).toHaveLength(1)
  })

  test('expired credentials are renewed, and the call is made again with new ones', async () => {
    const session = open().open(accountId, 'eu-west-1', stop)
    const kms = await session.client('kms')
    await kms.send(new ListKeysCommand({}))
    const old = proxy.seen.at(-1)?.accessKeyId
    if (old === undefined) throw new Error('no call was seen')
    proxy.inject({ service: 'kms', accessKeyId: old }, { kind: 'error', code: 'ExpiredTokenException', status: 400 })
    await Promise.all([kms.send(new ListKeysCommand({})), kms.send(new ListKeysCommand({}))])
    expect(proxy.seen.at(-1)?.accessKeyId).not.toBe(old)
    expect(assumed()).toHaveLength(2)
  })

  test('an error names the call, and holds no header, token or foreign error', async () => {
    proxy.inject({ service: 's3' }, { kind: 'error', code: 'AccessDenied', status: 403 })
    const s3 = await open().open(accountId, 'eu-west-1', stop).client('s3', 'eu-central-1')
    const error = await refusal(s3.send(new GetBucketLocationCommand({ Bucket: 'some-bucket' })))
    expect(error.message).toBe('s3 GetBucketLocation in account 111111111111 eu-central-1: access-denied (AccessDenied): HTTP 403')
    const everything = `${JSON.stringify(error)} ${error.stack} ${String(error.cause)}`
    for (const secret of ['canary-secret', 'canary-token', 'authorization', 'X-Amz']) expect(everything).not.toContain(secret)
    expect(error.cause).toBeUndefined()
  })

  test('hostile words in an answer do not reach the message', async () => {
    proxy.inject({ service: 'kms' }, { kind: 'error', code: '<!channel> \u001B[31m', status: 400 })
    const error = await refusal((await open().open(accountId, 'eu-west-1', stop).client('kms')).send(new ListKeysCommand({})))
    expect(error).toMatchObject({ code: 'bad-answer', awsCode: 'unknown' })
    expect(error.message).not.toContain('channel')
  })

  test('an AWS that is not there is unavailable and may be tried again', async () => {
    const session = open({ endpoint: 'http://127.0.0.1:9' }).open(accountId, 'eu-west-1', stop)
    expect(await refusal(session.client('kms'))).toMatchObject({ code: 'unavailable', awsCode: 'ECONNREFUSED', retryable: true })
  })
})
