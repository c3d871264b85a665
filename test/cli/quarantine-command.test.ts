import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { startFauxqs, type FauxqsServer } from 'fauxqs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openStore } from '#store'
import { aBody, aFolder, aRule, account, type Folder } from '../detection/world.ts'
import { freshFolder } from '../support/database.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const keys = { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'testing', AWS_REGION: 'us-east-1' }
const stranger = '999999999999'

describe('quarantine on the command line', { timeout: 120_000 }, () => {
  let folder: string
  let detections: Folder
  let server: FauxqsServer
  let queueUrl: string

  beforeAll(async () => {
    server = await startFauxqs({ port: 0, logger: false })
    queueUrl = server.createQueue('events').queueUrl
    detections = await aFolder({ 'rule.ts': aRule('Rule', 'return true') })
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tripline-quarantine-'))
    await freshFolder(join(folder, 'data'))
  })
  afterAll(async () => {
    await server.stop()
    await detections[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  async function tripline(given: readonly string[], accounts = [account]) {
    const config = {
      sources: [{ sqs: { queueUrl, region: 'us-east-1', endpoint: server.address } }],
      accounts: accounts.map((id) => ({ id, name: `shop-${id.slice(0, 3)}`, regions: ['us-east-1'] })),
      aws: { roleName: 'audit', externalId: 'x-1' },
      resourceTypes: ['AWS.S3.Bucket'],
      detections: [detections.path],
      fallback: 'security',
      store: { folder: join(folder, 'data') },
    }
    const file = join(folder, 'tripline.yaml')
    await writeFile(file, JSON.stringify(config))
    const all = ['services/cli/main.ts', 'quarantine', ...given, '--config', file]
    const env = { PATH: process.env['PATH'], HOME: folder, ...keys }
    return new Promise<{ code: number; out: string; err: string; lines: readonly Record<string, unknown>[] }>((resolve) => {
      const child = execFile(process.execPath, all, { cwd: root, env }, (_, out, err) => {
        const lines = given.includes('--json')
          ? out
              .trim()
              .split('\n')
              .map((text) => JSON.parse(text) as Record<string, unknown>)
          : []
        resolve({ code: child.exitCode ?? -1, out, err, lines })
      })
    })
  }

  const own = async () => openStore({ folder: join(folder, 'data') })
  const item = { source: 'queue', detail: 'given x', reason: 'unknown-account' }
  const now = `${new Date().toISOString().slice(0, 19)}Z`
  const body = (id: string, of = account): string => aBody({ eventID: id, recipientAccountId: of, eventTime: now })

  test('is listed, shown, retried and dropped, for people and for machines', async () => {
    {
      await using store = await own()
      await store.quarantine.add([
        { ...item, body: body('a', stranger) },
        { ...item, reason: 'not-json', body: 'x\u001B[2Jy' },
        { ...item, reason: 'too-deep', body: '{"a":1}' },
      ])
    }
    const listed = await tripline(['list', '--json'])
    expect(listed.code).toBe(0)
    expect(listed.lines).toHaveLength(4)
    expect(listed.lines.at(-1)).toMatchObject({ summary: { items: 3, shown: 3 } })
    expect(listed.out).not.toContain('"body"')
    const people = await tripline(['list', '--reason', 'not-json'])
    expect(people.out).toMatch(/^[-0-9a-f]{36} {2}not-json {2}\d{4}-.*\n {4}queue\n {4}given x\n$/u)
    expect(people.err).toBe('1 item in quarantine (not-json 1, too-deep 1, unknown-account 1)\n')
    const id = people.out.slice(0, 8)
    const shown = await tripline(['show', id])
    expect(shown.out).toContain('x‹U+001B›[2Jy')
    expect(shown.out).not.toContain('\u001B')
    expect((await tripline(['show', id, '--json'])).lines).toMatchObject([
      { item: { reason: 'not-json' } },
      { summary: { items: 1 } },
    ])
    expect((await tripline(['show', '00000000-0000'])).code).toBe(1)

    const still = await tripline(['retry', '--reason', 'unknown-account', '--json'])
    expect(still.code).toBe(1)
    expect(still.lines).toMatchObject([{ item: { outcome: 'kept' } }, { summary: { taken: 0, kept: 1, gone: 0 } }])
    const mended = await tripline(['retry', '--all', '--json'], [account, stranger])
    expect(mended.lines.at(-1)).toEqual({ summary: { taken: 1, kept: 2, gone: 0 } })
    expect((await tripline(['drop', '--reason', 'not-json', '--json'])).lines).toEqual([{ summary: { dropped: 1 } }])
    await using store = await own()
    expect(await store.quarantine.tally()).toEqual([{ reason: 'not-an-event', count: 1 }])
    expect(await store.findings.list({}, 10)).toMatchObject([{ detectionId: 'Rule', accountId: stranger, count: 1 }])
  })

  test('nothing given is no everything, and an id must be long enough to mean one item', async () => {
    const none = await tripline(['drop'])
    expect(none.code).toBe(2)
    expect(none.err).toContain('given nothing; give ids or --reason')
    const short = await tripline(['drop', 'a1'])
    expect(short.code).toBe(2)
    expect(short.err).toContain('its first 8 letters')
    expect((await tripline(['retry'])).code).toBe(2)
  })

  test('a dead-letter queue is read to its end: what can be used is used, the rest is kept with its reason', async () => {
    const dead = server.createQueue('dead').queueUrl
    const sqs = new SQSClient({
      region: 'us-east-1',
      endpoint: server.address,
      credentials: { accessKeyId: 't', secretAccessKey: 't' },
    })
    const bodies = [...Array.from({ length: 23 }, (_, index) => body(`e${index}`)), 'no json', body('e1'), body('s', stranger)]
    for (const [index, MessageBody] of bodies.entries())
      await sqs.send(new SendMessageBatchCommand({ QueueUrl: dead, Entries: [{ Id: String(index), MessageBody }] }))
    sqs.destroy()
    const answer = await tripline(['redrive', '--from', dead, '--json'])
    expect(answer.lines).toEqual([{ summary: { taken: 26, empty: true, quarantined: 2 } }])
    expect(answer.code).toBe(0)
    const { ready, inflight } = server.inspectQueue('dead')?.messages ?? { ready: [1], inflight: [1] }
    expect([ready.length, inflight.length]).toEqual([0, 0])
    await using store = await own()
    expect(await store.findings.list({}, 10)).toMatchObject([{ detectionId: 'Rule', count: 23 }])
    expect(await store.quarantine.list(10)).toMatchObject([{ source: queueUrl }, { source: queueUrl }])
  })
})
