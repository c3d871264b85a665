import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readLogSchemas, type Message } from '#ingest'
import { createIntake, retryQuarantined } from '#pipeline'
import { readConfig } from '../../services/processes/config.ts'
import { openSources } from '../../services/processes/sources.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { until } from '../support/until.ts'

process.env['AWS_ACCESS_KEY_ID'] ??= 'testing'
process.env['AWS_SECRET_ACCESS_KEY'] ??= 'testing'

const [shop, bank] = ['111122223333', '444455556666'] as const
let line: InnerLine
let lines: readonly string[]

beforeAll(async () => {
  lines = (await readFile('test/fixtures/logs/vpc-flow.log', 'utf8')).trim().split('\n')
  line = await startInnerLine({
    endpoint: 'http://127.0.0.1:9',
    accounts: [shop, bank].map((id) => ({ id, regions: ['us-east-1'] })),
    types: ['AWS.S3.Bucket'],
    folders: ['rules/aws/logs'],
    workers: [],
    schemas: await readLogSchemas(['services/ingest/schemas']),
  })
})
afterAll(() => line[Symbol.asyncDispose]())

let made = 0
const aMessage = (body: string, accounts: readonly string[] = [shop]): Message => {
  made += 1
  const carries = { logType: 'AWS.VPCFlow', region: 'us-east-1' }
  return { id: `m${made}`, body, receivedAt: new Date(), only: { accounts, by: 'prefix AWSLogs/', carries } }
}
const found = () => line.store.findings.list({ detectionId: 'AWS.VPCFlow.RemoteDesktopFromOutside' }, 10)

test('lines of a flow log are judged beside CloudTrail, matched once however often they come, and told with where they are from', async () => {
  const intake = createIntake({ ...line.parts, source: 's3' })
  const batch = lines.slice(1).map((each) => aMessage(`${lines[0]}\n${each}`))
  const quiet = { id: 'trail', body: '{}', receivedAt: new Date() }
  expect(await intake([batch[0] ?? quiet, quiet, ...batch.slice(1)])).toEqual(new Set())
  await intake(batch)
  expect((await found()).map(({ title, accountId, region, count }) => [title, accountId, region, count])).toEqual([
    ['203.0.113.12 reached port 3389 of 172.31.9.12', shop, 'us-east-1', 1],
  ])
  const told = (await line.told()).filter((content) => content.kind === 'finding')
  expect(told.map(({ cause }) => [cause?.name, cause?.actor.name])).toEqual([['VPCFlow', 'AWS.VPCFlow']])
  // What is no log was read as what it is.
  const kept = await line.store.quarantine.list(10)
  expect(kept.map(({ reason, body }) => [reason, body])).toEqual([['not-an-event', '{}']])
})

test('a line that does not fit, or is of an account that may not come this way, waits in quarantine as the log that it is', async () => {
  const intake = createIntake({ ...line.parts, source: 's3' })
  const wrong = (lines[3] ?? '').replace(' 3389 ', ' rdp ')
  await intake([aMessage(wrong), aMessage((lines[3] ?? '').replace(shop, bank))])
  const rows = (await line.store.quarantine.list(10)).filter(({ reason }) => reason !== 'not-an-event')
  expect(rows.map(({ reason, detail }) => `${reason}: ${detail}`).toSorted()).toEqual([
    `account-mismatch: prefix AWSLogs/: given an event of account ${bank}; allowed: ${shop}`,
    'schema-mismatch: AWS.VPCFlow: dstPort: given "rdp"; allowed: a whole number',
  ])
  for (const row of rows) expect((await retryQuarantined(line.parts, row)).outcome).toBe('kept')
  expect(await found()).toHaveLength(1)
})

test('a queue that carries a log hands its messages to intake as that', async () => {
  const server = await startFauxqs({ port: 0, logger: false })
  const { queueUrl } = server.createQueue('flow')
  const client = new SQSClient({
    region: 'us-east-1',
    endpoint: server.address,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  })
  const file = join(await mkdtemp(join(tmpdir(), 'tripline-logs-')), 'tripline.yaml')
  const sqs = { queueUrl, region: 'us-east-1', endpoint: server.address, pollers: 1, logType: 'AWS.VPCFlow', accounts: [bank] }
  const accounts = [shop, bank].map((id) => ({ id, name: id, regions: ['us-east-1'] }))
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ sources: [{ sqs }], accounts, aws: { externalId: 'abc' }, fallback: 'C0987654321' }))
  const [source] = await openSources(await readConfig(file, {}), {})
  const stop = new AbortController()
  const running = source?.run(createIntake({ ...line.parts, source: source.name }), stop.signal)
  try {
    const seconds = Math.floor(Date.now() / 1_000)
    const MessageBody = `2 ${bank} eni-1 203.0.113.80 10.0.0.9 40000 3389 6 1 52 ${seconds} ${seconds} ACCEPT OK`
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }))
    await until('the match', async () => (await found()).some(({ accountId }) => accountId === bank))
  } finally {
    stop.abort()
    await running
    client.destroy()
    await server.stop()
  }
})
