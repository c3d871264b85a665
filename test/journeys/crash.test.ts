import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CreateBucketCommand, PutBucketAclCommand, S3Client } from '@aws-sdk/client-s3'
import type { SlackPosted } from '../../services/processes/demo/slack-server.ts'
import { prod, startLine, type Line, type Running } from '../support/line.ts'
import { credentialsOf, needMoto } from '../support/moto.ts'
import { anEnvelope, aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

const title = 'kill -9 at each durable step'

describe.runIf(needMoto(title))(title, () => {
  let line: Line
  let running: Running
  let s3: S3Client

  beforeAll(async () => {
    line = await startLine()
    const { endpoint } = line.moto
    s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: await credentialsOf(endpoint, prod) })
    for (const Bucket of ['intake', 'refresh', 'delivery', 'yesterday'])
      await s3.send(new CreateBucketCommand({ Bucket: `crash-${Bucket}` }))
    running = await line.start()
  }, 180_000)
  afterEach(async () => {
    await line.drained()
  })
  afterAll(async () => {
    s3?.destroy()
    await line?.stop()
  })

  const about = (bucket: string): readonly SlackPosted[] =>
    line.slack.messages('shop').filter((message) => JSON.stringify(message).includes(bucket))

  const publish = async (Bucket: string, time = new Date()): Promise<Record<string, unknown>> => {
    await s3.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }))
    return anEnvelope(
      aRecord({ account: prod, source: 's3.amazonaws.com', name: 'PutBucketAcl', request: { bucketName: Bucket }, time }),
    )
  }

  /** How many messages one public bucket makes, when nothing is killed: one a policy that fails. */
  const settled = async (bucket: string): Promise<readonly SlackPosted[]> => {
    await line.slack.waitFor((message) => JSON.stringify(message).includes(bucket), 60_000)
    await line.drained()
    await until(
      'an empty outbox',
      async () => /tripline_deliveries_waiting 0/u.test(await (await fetch(`${running.address}/metrics`)).text()),
      60_000,
    )
    return about(bucket)
  }

  const unique = (messages: readonly SlackPosted[]): number => new Set(messages.map(({ text }) => text)).size

  test('killed between the intake’s commit and the delete, the event comes again and is known', async () => {
    const held = line.queueGate.hold(({ headers }) => String(headers['x-amz-target']).includes('DeleteMessage'), 'before')
    await line.send(await publish('crash-intake'))
    await held
    await running.kill()
    running = await line.start()
    const messages = await settled('crash-intake')
    expect(messages.length).toBeGreaterThan(0)
    expect(unique(messages)).toBe(messages.length)
  })

  test('killed in a fetch, during which the resource was changed again, both wishes are served', async () => {
    const held = line.awsGate.hold(({ path }) => path.startsWith('/crash-refresh') && path.includes('acl'), 'before')
    const event = await publish('crash-refresh')
    await line.send(event)
    await held
    await line.send(await publish('crash-refresh'))
    await line.drained()
    await running.kill()
    running = await line.start()
    const messages = await settled('crash-refresh')
    expect(messages.length).toBeGreaterThan(0)
    expect(unique(messages)).toBe(messages.length)
  })

  test('killed after Slack took a message and before its answer, the message is found and not posted again', async () => {
    const held = line.slackGate.hold(
      ({ path, body }) => path.endsWith('chat.postMessage') && body.includes('crash-delivery'),
      'after',
    )
    await line.send(await publish('crash-delivery'))
    await held
    await running.kill()
    running = await line.start()
    const messages = await settled('crash-delivery')
    expect(messages.length).toBeGreaterThan(0)
    expect(unique(messages)).toBe(messages.length)
  })

  test('a copy that comes on another day than its event is known', async () => {
    const event = await publish('crash-yesterday', new Date(Date.now() - 26 * 3_600_000))
    await line.send(event)
    const first = await settled('crash-yesterday')
    await line.send(event)
    await line.drained()
    const duplicates = async (): Promise<boolean> =>
      /events_total\{outcome="duplicate"\} [1-9]/u.test(await (await fetch(`${running.address}/metrics`)).text())
    await until('the copy to be known', duplicates)
    expect(await settled('crash-yesterday')).toHaveLength(first.length)
  })
})
