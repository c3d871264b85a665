import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startSlackServer, type SlackServer } from '../../services/processes/demo/slack-server.ts'
import { openAccount } from '../inventory/world.ts'
import { freshFolder } from '../support/database.ts'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { needMoto, startMoto, type Moto } from '../support/moto.ts'

const root = join(import.meta.dirname, '../..')
const title = 'check on the command line'
const region = 'eu-west-1'
const keys = { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'testing' }

describe.runIf(needMoto(title))(title, { timeout: 120_000 }, () => {
  let moto: Moto
  let proxy: FaultProxy
  let slack: SlackServer
  let folder: string
  let queueUrl: string
  let taken: Server

  beforeAll(async () => {
    moto = await startMoto()
    proxy = await startFaultProxy(moto.endpoint)
    slack = await startSlackServer({ channels: ['payments', 'security'] })
    const account = await openAccount(moto.endpoint, '111111111111')
    await account.bucket('ledger')
    const sqs = new SQSClient({
      endpoint: moto.endpoint,
      region,
      credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
    })
    queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: 'events' }))).QueueUrl ?? ''
    sqs.destroy()
    folder = await mkdtemp(join(tmpdir(), 'tripline-check-'))
    taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  }, 120_000)
  afterEach(() => proxy.clear())
  afterAll(async () => {
    taken.close()
    await slack.stop()
    await proxy.stop()
    await moto.stop()
    await rm(folder, { recursive: true, force: true })
  })

  interface Answer {
    readonly code: number
    readonly out: string
    readonly err: string
  }
  async function tripline(
    given: readonly string[],
    own: Readonly<Record<string, unknown>> = {},
    environment: Readonly<Record<string, string>> = keys,
  ): Promise<Answer> {
    const config = {
      sources: [{ sqs: { queueUrl, region, endpoint: proxy.endpoint } }],
      accounts: ['111111111111', '222222222222'].map((id) => ({
        id,
        name: `shop-${id.slice(0, 1)}`,
        regions: [region, 'us-east-1'],
      })),
      aws: { roleName: 'audit', externalId: 'x-1', endpoint: proxy.endpoint },
      resourceTypes: ['AWS.S3.Bucket', 'AWS.PasswordPolicy', 'AWS.KMS.Key'],
      detections: [join(root, 'policies/aws/s3')],
      teams: [{ id: 'payments', channel: '#payments', owns: { accounts: ['111111111111'] } }],
      fallback: 'security',
      slack: { apiUrl: slack.url },
      store: { folder: join(folder, 'data') },
      http: { host: '127.0.0.1', port: 0 },
      ...own,
    }
    await writeFile(join(folder, 'tripline.yaml'), JSON.stringify(config))
    const all = ['services/cli/main.ts', ...given, '--config', join(folder, 'tripline.yaml')]
    const env = {
      PATH: process.env['PATH'],
      AWS_EC2_METADATA_DISABLED: 'true',
      HOME: folder,
      SLACK_BOT_TOKEN: slack.token,
      ...environment,
    }
    return new Promise((resolve) => {
      const child = execFile(process.execPath, all, { cwd: root, env }, (_, out, err) =>
        resolve({ code: child.exitCode ?? -1, out, err }),
      )
    })
  }
  const failures = ({ out }: Answer): readonly string[] => out.split('\n').filter((line) => line.startsWith('FAIL'))

  test('all is well: a line an account, and nothing is made', async () => {
    const answer = await tripline(['check'])
    expect(failures(answer)).toEqual([])
    expect(answer.out).toContain('ok   account shop-1 (111111111111): 5 listings in 2 regions work\n')
    expect(answer.out).toContain('ok   AWS credentials: we are arn:aws:')
    expect(answer.out).toMatch(/ok +Slack channel #payments of slack: is there/u)
    expect(answer.code).toBe(0)
    expect(existsSync(join(folder, 'data'))).toBe(false)
  })

  test('what cannot be listed or read is gathered at the account, each in full for machines', async () => {
    proxy.inject({ service: 's3', operation: 'GetBucketAcl', accountId: '111111111111' }, { kind: 'denied' })
    proxy.inject({ service: 'iam', operation: 'GetAccountPasswordPolicy', accountId: '222222222222' }, { kind: 'denied' })
    const people = await tripline(['check'])
    expect(people.out).toMatch(
      /FAIL account shop-1 \(111111111111\): 1 of 5 listings in 2 regions failed:\n +AWS\.S3\.Bucket: s3 GetBucketAcl: access-denied .*\(eu-west-1\)\n/u,
    )
    expect(people.out).toMatch(
      /FAIL account shop-2 .*: 1 of 5 listings in 2 regions failed:\n +AWS\.PasswordPolicy: iam .*\(global\)\n/u,
    )
    expect(people.code).toBe(1)
    const lines = (await tripline(['check', '--json'])).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.find(({ what }) => what === 'account shop-1 (111111111111)')).toMatchObject({
      ok: false,
      parts: expect.arrayContaining([{ type: 'AWS.KMS.Key', region, ok: true, detail: 'is listed, there is none' }]) as unknown,
    })
    expect(lines.at(-1)).toMatchObject({ summary: { failed: 2 } })
  })

  test('the queue and the buckets of an s3 source are looked at', async () => {
    const s3 = { queueUrl, region, endpoint: moto.endpoint, buckets: ['ledger', 'nowhere'] }
    const answer = await tripline(['check'], { sources: [{ s3 }] })
    expect(answer.out).toContain(`ok   queue ${queueUrl}: 0 messages wait`)
    expect(answer.out).toContain('FAIL bucket nowhere: ')
    const wrong = await tripline(['check'], { sources: [{ s3: { ...s3, concurrency: 99 } }] })
    expect(failures(wrong)).toEqual([expect.stringMatching(/sources\.0\.s3\.concurrency: given 99; allowed: at most 16/u)])
  })

  test('without credentials this is said once', async () => {
    const answer = await tripline(['check'], {}, {})
    expect(failures(answer)).toEqual([expect.stringMatching(/^FAIL AWS credentials: none are found; allowed: AWS_PROFILE/u)])
    expect(answer.out).not.toContain('account shop')
    expect(answer.code).toBe(1)
  })

  test('a role that cannot be assumed is said once an account', async () => {
    proxy.inject({ service: 'sts', operation: 'AssumeRole', accountId: '222222222222' }, { kind: 'denied' })
    const answer = await tripline(['check'])
    expect(failures(answer)).toEqual([
      expect.stringMatching(/^FAIL account shop-2 \(222222222222\): its role cannot be assumed: sts AssumeRole: role-missing/u),
    ])
  })

  test('a token that does not work is said once, and a channel that is not there by name and by id', async () => {
    const wrong = await tripline(['check'], {}, { ...keys, SLACK_BOT_TOKEN: 'xoxb-wrong' })
    expect(failures(wrong)).toEqual([
      expect.stringMatching(/^FAIL Slack workspace slack: .*\(invalid_auth\); allowed: the bot token/u),
    ])
    const answer = await tripline(['check'], { fallback: 'C0000000000', operators: ['gone'] })
    expect(failures(answer)).toEqual([
      expect.stringMatching(/^FAIL Slack channel C0000000000 of slack: there is no such channel.*allowed: /u),
      expect.stringMatching(/^FAIL Slack channel gone of slack: is not there.*allowed: /u),
    ])
  })

  test('every mistake of the file is a failed check, for machines too', async () => {
    const broken = { detections: ['nope'], resourceTypes: ['AWS.S3.Buckets'] }
    const people = await tripline(['check'], broken)
    expect(failures(people)).toHaveLength(2)
    expect(people.out).toMatch(/FAIL configuration: .*tripline\.yaml:1:\d+: detections\.0: given "nope"; allowed: a folder/u)
    expect(people.code).toBe(2)
    const { out, code } = await tripline(['check', '--json'], broken)
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toMatchObject([{ ok: false }, { ok: false }, { summary: { checked: 2, failed: 2 } }])
    expect(code).toBe(2)
  })

  test('a route for detections that nobody has is a warning', async () => {
    const { out, code } = await tripline(['check'], { routes: [{ when: { detections: ['AWS.S3.*', 'Nix*'] }, to: ['security'] }] })
    expect(out).toContain('warn routes.0.when.detections: no detection fits Nix*\n')
    expect(out).not.toContain('no detection fits AWS.S3.*')
    expect(code).toBe(0)
  })

  test('a port that is in use is named by check and by run', async () => {
    const http = { host: '127.0.0.1', port: (taken.address() as AddressInfo).port }
    const words = `http: given 127.0.0.1:${http.port}, where another process listens already`
    expect(failures(await tripline(['check'], { http }))).toEqual([expect.stringContaining(words)])
    await freshFolder(join(folder, 'run'))
    const run = await tripline(['run', '--only', 'http'], { http, store: { folder: join(folder, 'run') } })
    expect(run.err).toContain(words)
    expect(run.err).not.toContain('    at ')
    expect(run.code).toBe(2)
  })
})
