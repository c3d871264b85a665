import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as s3 from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { needMoto, startMoto, type Moto } from '../support/moto.ts'
import { openAccount, type TestAccount } from '../inventory/world.ts'
import { freshFolder } from '../support/database.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const title = 'scan and resource on the command line'
const everybody = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::ledger/*' }],
})

describe.runIf(needMoto(title))(title, { timeout: 120_000 }, () => {
  let moto: Moto
  let proxy: FaultProxy
  let account: TestAccount
  let folder: string
  let before: Date

  beforeAll(async () => {
    moto = await startMoto()
    proxy = await startFaultProxy(moto.endpoint)
    account = await openAccount(moto.endpoint, '111111111111')
    await account.bucket('ledger')
    await account.bucket('photos')
    await account.key()
    folder = await mkdtemp(join(tmpdir(), 'tripline-scan-'))
    for (const name of ['data', 'denied']) await freshFolder(join(folder, name))
    const config = {
      sources: [{ sqs: { queueUrl: `${moto.endpoint}/queue`, region: 'eu-west-1' } }],
      accounts: [{ id: '111111111111', name: 'shop', regions: ['eu-west-1'] }],
      aws: { roleName: 'audit', externalId: 'x-1', endpoint: proxy.endpoint },
      resourceTypes: ['AWS.S3.Bucket', 'AWS.KMS.Key'],
      detections: [join(root, 'policies')],
      fallback: 'security',
      store: { folder: join(folder, 'data') },
    }
    await writeFile(join(folder, 'tripline.yaml'), JSON.stringify(config))
    await writeFile(join(folder, 'denied.yaml'), JSON.stringify({ ...config, store: { folder: join(folder, 'denied') } }))
  }, 120_000)
  afterAll(async () => {
    await proxy.stop()
    await moto.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function tripline(...given: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const config = given.includes('--config') ? [] : ['--config', join(folder, 'tripline.yaml')]
    const all = ['services/cli/main.ts', ...given, ...config]
    const environment = {
      PATH: process.env['PATH'],
      AWS_ACCESS_KEY_ID: 'testing',
      AWS_SECRET_ACCESS_KEY: 'testing',
      AWS_REGION: 'eu-west-1',
    }
    return new Promise((resolve) => {
      const child = execFile(process.execPath, all, { cwd: root, env: environment }, (_, out, err) =>
        resolve({ code: child.exitCode ?? -1, out, err }),
      )
    })
  }
  const lines = (out: string): readonly Record<string, unknown>[] =>
    out
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>)

  test('a scan that nobody else works on is done here, and says what it looked at', async () => {
    const { code, out, err } = await tripline('scan', '--json')
    expect({ code, err: err.includes('"level":50') }).toEqual({ code: 0, err: false })
    expect(lines(out)).toMatchObject([
      { accountId: '111111111111', done: true, resources: 3, unread: [] },
      { summary: { accounts: 1, resources: 3, unread: 0 } },
    ])
  })

  test('what was listed and cannot be read is counted and named, though it was never read before, and the exit code is 1', async () => {
    proxy.inject({ service: 's3', operation: 'GetBucketAcl' }, { kind: 'denied' })
    const { code, out } = await tripline('scan', '--json', '--type', 'AWS.S3.Bucket', '--config', join(folder, 'denied.yaml'))
    const people = await tripline('scan', '--type', 'AWS.S3.Bucket', '--config', join(folder, 'denied.yaml'))
    proxy.clear()
    expect(code).toBe(1)
    expect(lines(out)).toMatchObject([
      {
        done: true,
        resources: 2,
        unread: [],
        unreadResources: {
          count: 2,
          first: [{ id: 'arn:aws:s3:::ledger', cause: 'access-denied' }, { id: 'arn:aws:s3:::photos' }],
        },
      },
      { summary: { resources: 2, unread: 0, unreadResources: 2 } },
    ])
    expect(people.code).toBe(1)
    expect(people.out).toMatch(
      /0 resources looked at\.\n +2 resources cannot be read:\n +AWS\.S3\.Bucket arn:aws:s3:::ledger in eu-west-1/u,
    )
    expect(people.err).not.toContain('█')
  })

  test('a narrower scan looks at no more than asked, and what it finds changed is kept with both sides', async () => {
    before = new Date()
    await account.s3.send(new s3.PutBucketPolicyCommand({ Bucket: 'ledger', Policy: everybody }))
    const { code, out } = await tripline('scan', '--type', 'AWS.S3.Bucket', '--account', '111111111111')
    expect(code).toBe(0)
    expect(out).toBe('Account 111111111111: 2 resources looked at.\n')
    const shown = await tripline('resource', 'ledger')
    expect(shown.code).toBe(0)
    expect(shown.out).toContain('AWS.S3.Bucket arn:aws:s3:::ledger')
    expect(shown.out).toMatch(/fail +AWS\.S3\.Bucket\.PublicRead/)
    expect(shown.out).toMatch(/open +\w+ .*ledger/)
    expect(shown.out).toMatch(/changed\n +Policy: /)
    expect(shown.out).toContain(' first')
  })

  test('a resource is shown as it was, and as a test for a policy', async () => {
    const past = await tripline('resource', 'arn:aws:s3:::ledger', '--at', before.toISOString())
    expect(JSON.parse(past.out)).toMatchObject({ Name: 'ledger', Policy: null })
    const test = await tripline('resource', 'ledger', '--as-test')
    expect(JSON.parse(test.out)).toMatchObject({ expected: true, resource: { Name: 'ledger', Policy: everybody } })
    const machine = lines((await tripline('resource', 'ledger', '--as-test', '--json')).out)
    expect(machine).toMatchObject([{ test: { expected: true, resource: { Name: 'ledger' } } }, { summary: { versions: 1 } }])
    const part = await tripline('resource', 'edge', '--json')
    expect(lines(part.out)).toMatchObject([{ candidate: { id: 'arn:aws:s3:::ledger' } }, { summary: { candidates: 1 } }])
    expect(part.code).toBe(1)
    const json = await tripline('resource', 'ledger', '--json')
    expect(lines(json.out).at(-1)).toMatchObject({ summary: { versions: 2 } })
  })

  test('what is open is listed, most severe first, and by what is asked for', async () => {
    const shown = await tripline('findings', '--type', 'AWS.S3.Bucket')
    expect(shown).toMatchObject({ code: 0, err: expect.stringMatching(/^\d+ findings?\n$/) as string })
    expect(shown.out).toMatch(/^HIGH +S3 bucket ledger can be read by everybody\n +arn:aws:s3:::ledger\n +since /)
    const json = lines((await tripline('findings', '--severity', 'high,critical', '--limit', '1', '--json')).out)
    expect(json).toMatchObject([
      { finding: { detectionId: 'AWS.S3.Bucket.PublicRead', status: 'open' } },
      { summary: { shown: 1 } },
    ])
    expect((await tripline('findings', '--status', 'resolved')).err).toBe('0 findings\n')
  })

  test.each([
    [['findings', '--status', 'closed'], 2, '--status: given closed; allowed: open, resolved, retired, counting'],
    [['findings', '--severity', 'HUGE'], 2, '--severity: given HUGE; allowed: INFO, LOW'],
    [['findings', '--thread', '12345678'], 1, 'No thread is known by 12345678'],
    [['findings', '--limit', 'x'], 2, '--limit: given x; allowed: a whole number'],
    [['run', '--only', 'scan,sing'], 2, '--only: given sing; allowed: '],
    [['scan', '--region', 'mars-1'], 2, '--region: given mars-1; allowed: global, eu-west-1'],
    [['scan', '--type', 'AWS.Nothing'], 2, '--type: given AWS.Nothing; allowed: AWS.KMS.Key, AWS.S3.Bucket'],
    [['scan', '--account', '1'], 2, '--account: given 1; allowed: 111111111111'],
    [['resource', 'nothing-of-this-name'], 1, 'No resource is known by nothing-of-this-name'],
    [['resource', 'ledger', '--at', 'yesterday'], 2, '--at: given yesterday; allowed: a time'],
    [['resource', 'ledger', '--at', '2020-01-01'], 1, 'was not known at 2020-01-01'],
  ])('%j is refused with a clear word', async (given, code, words) => {
    const answer = await tripline(...given)
    expect(answer.err).toContain(words)
    expect(answer.code).toBe(code)
  })
})
