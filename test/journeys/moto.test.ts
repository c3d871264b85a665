import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2'
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import { CreateBucketCommand, PutBucketAclCommand, S3Client } from '@aws-sdk/client-s3'
import type { SlackPosted } from '../../services/processes/demo/slack-server.ts'
import { dev, prod, startLine, type Line, type Running } from '../support/line.ts'
import { credentialsOf, needMoto } from '../support/moto.ts'
import { anEnvelope, aRecord } from '../support/records.ts'
import { until } from '../support/until.ts'

const title = 'the line against moto, in two accounts'

describe.runIf(needMoto(title))(title, () => {
  let line: Line
  let running: Running
  let s3: S3Client
  let ec2: EC2Client
  let groupId = ''

  beforeAll(async () => {
    line = await startLine()
    const { endpoint } = line.moto
    s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: await credentialsOf(endpoint, prod) })
    ec2 = new EC2Client({ endpoint, region: 'us-east-1', credentials: await credentialsOf(endpoint, dev) })
    for (const Bucket of ['shop-assets', 'shop-old-public']) await s3.send(new CreateBucketCommand({ Bucket }))
    await s3.send(new PutBucketAclCommand({ Bucket: 'shop-old-public', ACL: 'public-read' }))
    const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))
    const group = await ec2.send(
      new CreateSecurityGroupCommand({ GroupName: 'jump', Description: 'jump host', VpcId: vpc.Vpc?.VpcId }),
    )
    groupId = group.GroupId ?? ''
    running = await line.start()
  }, 180_000)

  afterAll(async () => {
    s3?.destroy()
    ec2?.destroy()
    await line?.stop()
  })

  const about = (channel: string, words: string): readonly SlackPosted[] =>
    line.slack.messages(channel).filter((message) => JSON.stringify(message).includes(words))

  const publish = async (Bucket: string, ACL: 'private' | 'public-read'): Promise<Record<string, unknown>> => {
    await s3.send(new PutBucketAclCommand({ Bucket, ACL }))
    return aRecord({ account: prod, source: 's3.amazonaws.com', name: 'PutBucketAcl', request: { bucketName: Bucket, acl: '' } })
  }

  const open = async (port: number): Promise<Record<string, unknown>> => {
    const permission = { IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [permission] }))
    return aRecord({ account: dev, source: 'ec2.amazonaws.com', name: 'AuthorizeSecurityGroupIngress', request: { groupId } })
  }

  test('the first scan is told as one summary a team, never as single posts', async () => {
    await line.slack.waitFor((message) => message.channel === 'shop')
    expect(line.slack.messages('shop')).toHaveLength(1)
    expect(line.slack.messages('lab').length).toBeLessThanOrEqual(1)
  })

  test('a bucket made public is told once in its team’s channel, whatever comes twice, and turns when repaired', async () => {
    const event = anEnvelope(await publish('shop-assets', 'public-read'))
    await line.send(event)
    await line.slack.waitFor((message) => message.channel === 'shop' && JSON.stringify(message).includes('shop-assets'))
    const told = about('shop', 'shop-assets').length
    await line.send(event)
    await line.send(event['detail'])
    await line.drained()
    await line.send(anEnvelope(await publish('shop-assets', 'private')))
    await until('every message to turn', () => about('shop', 'shop-assets').every((message) => message.edits > 0))
    expect(about('shop', 'shop-assets')).toHaveLength(told)
    expect(about('lab', 'shop-assets')).toHaveLength(0)
  })

  test('a raw record of the other account reaches the other team; a second open port is its own message', async () => {
    await line.send(await open(22))
    await until('the first port', () => about('lab', 'mallory').some((message) => JSON.stringify(message).includes('22')))
    const first = about('lab', 'jump').length
    await line.send(await open(3389))
    await until('the second port', () => about('lab', 'jump').length > first && about('lab', '3389').length > 0)
  })

  test('a root login is told by a rule, without any fetch', async () => {
    const record = aRecord({
      account: prod,
      source: 'signin.amazonaws.com',
      name: 'ConsoleLogin',
      response: { ConsoleLogin: 'Success' },
      extra: {
        userIdentity: { type: 'Root', principalId: prod, arn: `arn:aws:iam::${prod}:root`, accountId: prod },
        eventType: 'AwsConsoleSignIn',
        additionalEventData: { MFAUsed: 'Yes', LoginTo: 'https://console.aws.amazon.com/' },
      },
    })
    await line.send(anEnvelope(record, 'AWS Console Sign In via CloudTrail'))
    const message = await line.slack.waitFor(({ channel, text }) => channel === 'shop' && /root/iu.test(text))
    expect(message.edits).toBe(0)
  })

  test('an event that EventBridge itself puts on the queue is believed by its detail', async () => {
    const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' }
    const events = new EventBridgeClient({ endpoint: line.moto.endpoint, region: 'us-east-1', credentials })
    await events.send(
      new PutRuleCommand({ Name: 'tripline', EventPattern: JSON.stringify({ 'detail-type': ['AWS API Call via CloudTrail'] }) }),
    )
    const Targets = [{ Id: 'queue', Arn: 'arn:aws:sqs:us-east-1:123456789012:tripline' }]
    await events.send(new PutTargetsCommand({ Rule: 'tripline', Targets }))
    await s3.send(new CreateBucketCommand({ Bucket: 'shop-by-bus' }))
    const Detail = JSON.stringify(await publish('shop-by-bus', 'public-read'))
    await events.send(new PutEventsCommand({ Entries: [{ Source: 'aws.s3', DetailType: 'AWS API Call via CloudTrail', Detail }] }))
    events.destroy()
    await until('its message', () => about('shop', 'shop-by-bus').length > 0)
    expect(about('lab', 'shop-by-bus')).toHaveLength(0)
  })

  test('what is no event of a registered account is quarantined, and the rest goes on', async () => {
    const stranger = aRecord({
      account: '999999999999',
      source: 's3.amazonaws.com',
      name: 'PutBucketAcl',
      request: { bucketName: 'x' },
    })
    for (const body of [
      'no json',
      '{"a":1}',
      '{"__proto__":{"Records":[]}}',
      `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
      stranger,
    ])
      await line.send(body)
    await line.drained()
    const rejected = async (): Promise<number> =>
      Number(/events_total\{outcome="rejected"\} (\d+)/u.exec(await metrics())?.[1] ?? 0)
    const metrics = async (): Promise<string> => (await fetch(`${running.address}/metrics`)).text()
    await until('five rejections', async () => (await rejected()) >= 5)
    expect((await fetch(`${running.address}/readyz`)).status).toBe(200)
  })

  test('SIGTERM ends it within 10 s with code 0', async () => {
    const start = performance.now()
    expect(await running.end()).toBe(0)
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})
