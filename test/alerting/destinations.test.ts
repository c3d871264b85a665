import { createHmac } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { CreateEventBusCommand, EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AlertingError, createDestination, terminalMessage, type Destination } from '#alerting'
import { at, isObject, textAt, type Json, type JsonObject } from '#model'
import { startSlackServer } from '../../services/processes/demo/slack-server.ts'
import { destinationContract, type Arrived, type DestinationSubject } from '../contracts/destination.ts'
import { aFindingAlert, anOutgoing, aPlace } from '../support/alerts.ts'
import { liveIn } from '../support/hostile.ts'
import { needMoto, startMoto, type Moto } from '../support/moto.ts'

const never = new AbortController().signal

describe('Slack', () => {
  destinationContract(async () => {
    const server = await startSlackServer({ channels: ['payments'], perChannelPerSecond: 10_000, burst: 10_000 })
    const given = { name: 'slack-emea', token: server.token, apiUrl: server.url, perChannelPerSecond: 10_000 }
    const destination = createDestination({ slack: given })
    return {
      destination,
      channel: 'payments',
      async arrived() {
        return server.versions().map((message) => ({
          identity: message.ts,
          text: `${message.text}\n${terminalMessage(message)}`,
          live: liveIn(message.text, message.blocks, message.attachments),
        }))
      },
      nowhere: { destination, channel: 'missing' },
      unreachable: createDestination({ slack: { ...given, apiUrl: 'http://127.0.0.1:9/api/' } }),
      secrets: [server.token],
      close: () => server.stop(),
    }
  })
})

interface Request {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A program that receives webhooks, as docs/destinations.md tells people to write one. */
async function startReceiver(
  answer: (request: Request, response: ServerResponse) => void,
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => answer({ headers: request.headers, body: Buffer.concat(parts).toString('utf8') }, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
const key = 'a signing key that nobody may see'

function isSigned({ headers, body }: Request): boolean {
  const given = /^t=(?<seconds>\d+),v1=(?<signature>[0-9a-f]{64})$/u.exec(String(headers['tripline-signature']))?.groups
  if (given === undefined || Math.abs(Date.now() / 1_000 - Number(given['seconds'])) > 300) return false
  return createHmac('sha256', key).update(`${given['seconds']}.${body}`).digest('hex') === given['signature']
}

function documentArrived(text: string): Arrived {
  const document = JSON.parse(text) as JsonObject
  const words = textAt(document, 'text') ?? ''
  return { identity: textAt(document, 'alert') ?? '', text: words, live: liveIn(words) }
}

describe('a webhook', () => {
  destinationContract(async () => {
    const taken = new Map<string, string>()
    const { server, url } = await startReceiver((request, response) => {
      if (!isSigned(request)) response.writeHead(401).end()
      else if (request.headers['content-type'] !== 'application/json; charset=utf-8') response.writeHead(415).end()
      else {
        taken.set(String(request.headers['idempotency-key']), request.body)
        response.writeHead(204).end()
      }
    })
    const gone = await startReceiver((_, response) => response.writeHead(404).end())
    const make = (address: string): Destination => createDestination({ webhook: { name: 'siem', url: address, key } })
    return {
      destination: make(url),
      channel: 'siem',
      arrived: async () => [...taken.values()].map(documentArrived),
      nowhere: { destination: make(gone.url), channel: 'siem' },
      unreachable: make('http://127.0.0.1:9/'),
      secrets: [key],
      async close() {
        for (const each of [server, gone.server]) each.close()
      },
    }
  })

  const codeOf = (url: string, given: object = {}): Promise<string> =>
    createDestination({ webhook: { name: 'siem', url, key, timeoutMs: 500, ...given } })
      .post('siem', anOutgoing(), never)
      .then(
        () => 'taken',
        (error: unknown) => (error instanceof AlertingError ? error.code : String(error)),
      )

  it.each([
    [200, 'taken'],
    [204, 'taken'],
    [301, 'channel-gone'],
    [307, 'channel-gone'],
    [400, 'refused'],
    [401, 'denied'],
    [403, 'denied'],
    [404, 'channel-gone'],
    [409, 'unavailable'],
    [410, 'channel-gone'],
    [413, 'refused'],
    [429, 'rate-limited'],
    [500, 'uncertain'],
    [503, 'uncertain'],
  ])('that answers %i is %s', async (status, code) => {
    const { server, url } = await startReceiver((_, response) =>
      response.writeHead(status, { location: 'http://127.0.0.1:9/' }).end(),
    )
    expect(await codeOf(url)).toBe(code)
    server.close()
  })

  it('that asks to wait is left alone for so long', async () => {
    let calls = 0
    const { server, url } = await startReceiver((_, response) => {
      calls += 1
      response.writeHead(503, { 'retry-after': '7' }).end()
    })
    const destination = createDestination({ webhook: { name: 'siem', url, key } })
    for (const _ of [1, 2, 3]) {
      const error: unknown = await destination.post('siem', anOutgoing(), never).catch((cause: unknown) => cause)
      expect(error).toMatchObject({ code: 'rate-limited' })
      expect((error as AlertingError).retryAfterMs).toBeGreaterThan(6_000)
      expect((error as AlertingError).retryAfterMs).toBeLessThanOrEqual(7_000)
    }
    expect(calls).toBe(1)
    server.close()
  })

  it('that hangs is given up in time, and may have taken it', async () => {
    const { server, url } = await startReceiver(() => undefined)
    const started = performance.now()
    expect(await codeOf(url)).toBe('uncertain')
    expect(performance.now() - started).toBeLessThan(3_000)
    server.closeAllConnections()
    server.close()
  })

  it('signs what it sends: a changed body, another key and an old time are found out', async () => {
    const requests: Request[] = []
    const { server, url } = await startReceiver((request, response) => {
      requests.push(request)
      response.writeHead(204).end()
    })
    expect(await codeOf(url)).toBe('taken')
    const [request] = requests
    if (request === undefined) throw new Error('nothing came')
    expect(isSigned(request)).toBe(true)
    expect(isSigned({ ...request, body: request.body.replace('payments', 'others') })).toBe(false)
    expect(request.headers).toMatchObject({ 'tripline-delivery': 'd-1', 'tripline-revision': '1', 'idempotency-key': 'd-1-1' })
    expect(request.body).not.toContain(key)
    server.close()
  })

  it.each([
    ['http://siem.example.com/', {}, 'channel-gone'],
    ['https://169.254.169.254/latest/meta-data/', {}, 'denied'],
    ['https://169.254.169.254/latest/meta-data/', { privateNetwork: true }, 'denied'],
    ['https://[fd00:ec2::254]/', { privateNetwork: true }, 'denied'],
    ['https://[::ffff:10.0.0.1]/', {}, 'denied'],
    ['https://10.0.0.1/', {}, 'denied'],
    ['https://192.168.1.1/', {}, 'denied'],
    ['https://[fd12::1]/', {}, 'denied'],
    ['https://0.0.0.0/', {}, 'denied'],
    ['https://0x7f.1/', {}, 'unavailable'],
    ['https://localhost:9/', {}, 'unavailable'],
  ])('to %s (%j) is %s', async (url, given, code) => {
    expect(await codeOf(url, given)).toBe(code)
  })
})

// The name says nothing: only its address, once it is resolved, shows where it leads.
const disguised = (await Promise.all([hostname(), 'a.localhost'].map(leadsHere))).find((name) => name !== null)
it.runIf(disguised !== undefined)(
  'a name that leads to this machine without saying so is refused before anything is sent',
  async () => {
    let calls = 0
    const { server } = await startReceiver((_, response) => {
      calls += 1
      response.writeHead(204).end()
    })
    const { port } = server.address() as AddressInfo
    for (const given of [{}, { privateNetwork: true }]) {
      const url = `https://${disguised}:${port}/`
      const error: unknown = await createDestination({ webhook: { name: 'siem', url, key, ...given } })
        .post('siem', anOutgoing(), never)
        .catch((cause: unknown) => cause)
      expect(error).toMatchObject({ code: 'denied', message: 'posting to siem: its address is in a network that is not allowed' })
    }
    expect(calls).toBe(0)
    server.close()
  },
)

async function leadsHere(name: string): Promise<string | null> {
  const found = await lookup(name, { all: true }).catch(() => [])
  return found.some(({ address }) => address.startsWith('127.')) ? name : null
}

describe.runIf(needMoto('EventBridge and SNS'))('on AWS', () => {
  let moto: Moto
  let sqs: SQSClient
  const aws = (): { endpoint: string; region: string } => ({ endpoint: moto.endpoint, region: 'eu-west-1' })
  beforeAll(async () => {
    process.env['AWS_ACCESS_KEY_ID'] ??= 'testing'
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'testing'
    moto = await startMoto()
    sqs = new SQSClient(aws())
  })
  afterAll(() => moto?.stop())

  let queues = 0
  async function aQueue(): Promise<{ arn: string; url: string }> {
    queues += 1
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `seen-${queues}` }))
    if (QueueUrl === undefined) throw new Error('moto made no queue')
    return { arn: `arn:aws:sqs:eu-west-1:123456789012:seen-${queues}`, url: QueueUrl }
  }
  /** Bodies that came since the queue was made, kept in the order of arrival. */
  function reader(url: string): () => Promise<readonly JsonObject[]> {
    const seen: JsonObject[] = []
    return async () => {
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
        )
        if (Messages.length === 0) return seen
        for (const { Body } of Messages) seen.push(JSON.parse(Body ?? '{}') as JsonObject)
      }
    }
  }

  async function aBus(): Promise<{ bus: string; events: () => Promise<readonly JsonObject[]> }> {
    const queue = await aQueue()
    const bus = `bus-${queues}`
    const client = new EventBridgeClient(aws())
    await client.send(new CreateEventBusCommand({ Name: bus }))
    const pattern = JSON.stringify({ source: ['tripline'] })
    await client.send(new PutRuleCommand({ Name: 'all', EventBusName: bus, EventPattern: pattern }))
    await client.send(new PutTargetsCommand({ Rule: 'all', EventBusName: bus, Targets: [{ Id: 'q', Arn: queue.arn }] }))
    client.destroy()
    return { bus, events: reader(queue.url) }
  }
  const eventBridge = (bus: string, given: object = {}): Destination =>
    createDestination({ eventBridge: { name: 'bus', bus, source: 'tripline', ...aws(), ...given } })

  async function aTopic(): Promise<{ topic: string; messages: () => Promise<readonly JsonObject[]> }> {
    const queue = await aQueue()
    const client = new SNSClient(aws())
    const { TopicArn: topic = '' } = await client.send(new CreateTopicCommand({ Name: `topic-${queues}` }))
    await client.send(new SubscribeCommand({ TopicArn: topic, Protocol: 'sqs', Endpoint: queue.arn }))
    client.destroy()
    return { topic, messages: reader(queue.url) }
  }
  const sns = (topic: string, endpoint = moto.endpoint): Destination =>
    createDestination({ sns: { name: 'topic', topic, endpoint } })

  describe('EventBridge', () => {
    destinationContract(async (): Promise<DestinationSubject> => {
      const { bus, events } = await aBus()
      return {
        destination: eventBridge(bus),
        channel: 'bus',
        async arrived() {
          return (await events()).map((event) => {
            const detail = event['detail'] ?? null
            if (textAt(event, 'detail-type') !== 'Detection Finding') return documentArrived(JSON.stringify(detail))
            // An OCSF event is data: it has no text in which anything could be live.
            const text = `${textAt(detail, 'message')} ${textAt(detail, 'status')}`
            return { identity: textAt(detail, 'metadata', 'correlation_uid') ?? '', text, live: [] }
          })
        },
        nowhere: { destination: eventBridge('no-such-bus'), channel: 'bus' },
        unreachable: eventBridge(bus, { endpoint: 'http://127.0.0.1:9' }),
        secrets: ['testing'],
        close: async () => undefined,
      }
    })

    it('findings are OCSF Detection Findings, from their opening to their close', async () => {
      const { bus, events } = await aBus()
      const destination = eventBridge(bus)
      const alert = anOutgoing()
      await destination.post('bus', alert, never)
      await destination.edit({}, { ...alert, revision: 2, content: aFindingAlert({ count: 2 }) }, never)
      const ended = { how: 'fixed', at: '2026-11-21T14:30:00Z', cause: null } as const
      await destination.edit({}, { ...alert, revision: 3, content: aFindingAlert({ ended }) }, never)
      const details = (await events()).map((event) => event['detail'] as JsonObject)
      expect(details.map((each) => [each['activity_name'], each['type_uid'], each['status']])).toEqual([
        ['Create', 200_401, 'New'],
        ['Update', 200_402, 'New'],
        ['Close', 200_403, 'Resolved'],
      ])
      for (const detail of details) expect(misfits(detail)).toEqual([])
      expect(details[0]).toMatchObject({
        class_uid: 2_004,
        category_uid: 2,
        severity_id: 5,
        metadata: { version: '1.5.0', sequence: 1, profiles: ['cloud'] },
        finding_info: {
          uid: 'f-1',
          title: 'Bucket ledger is publicly readable',
          analytic: { uid: 'AWS.S3.BucketPublicRead', type_id: 1 },
        },
        cloud: { provider: 'AWS', account: { uid: '111122223333', type_id: 10 }, region: 'eu-west-1' },
        resources: [{ uid: 'arn:aws:s3:::ledger', type: 'AWS.S3.Bucket' }],
        evidences: [
          { actor: { user: { name: 'alice' } }, api: { operation: 'PutBucketAcl' }, src_endpoint: { ip: '203.0.113.7' } },
        ],
      })
    })
  })

  describe('SNS', () => {
    destinationContract(async (): Promise<DestinationSubject> => {
      const { topic, messages } = await aTopic()
      return {
        destination: sns(topic),
        channel: 'topic',
        arrived: async () => (await messages()).map((message) => documentArrived(textAt(message, 'Message') ?? '{}')),
        nowhere: { destination: sns(`${topic}-gone`), channel: 'topic' },
        unreachable: sns(topic, 'http://127.0.0.1:9'),
        secrets: ['testing'],
        close: async () => undefined,
      }
    })

    it('says subject, severity and team beside the message, for mails and filters', async () => {
      const { topic, messages } = await aTopic()
      const content = aFindingAlert({ title: 'Bücket\nledger <!channel> \u202E is public', place: aPlace({ resourceName: 'ü' }) })
      await sns(topic).post('topic', anOutgoing({ content }), never)
      const [message] = await messages()
      const subject = textAt(message, 'Subject') ?? ''
      expect(subject).toMatch(/^[\x20-\x7E]{1,100}$/u)
      expect(subject).toContain('CRITICAL: Bu cket ledger')
      expect(at(message, 'MessageAttributes')).toMatchObject({
        severity: { Type: 'String', Value: 'CRITICAL' },
        team: { Type: 'String', Value: 'payments' },
        revision: { Type: 'Number', Value: '1' },
      })
    })
  })

  it.each([
    ['ThrottlingException', 'rate-limited'],
    ['AccessDeniedException', 'denied'],
    ['InternalFailure', 'uncertain'],
    ['ResourceNotFoundException', 'channel-gone'],
    ['ExpiredTokenException', 'token-refused'],
    ['MalformedDetail', 'refused'],
    ['SomethingNew', 'unavailable'],
  ])('an EventBridge entry that failed with %s, in a call that succeeded, is %s', async (name, code) => {
    const { server, url } = await startReceiver((_, response) =>
      response
        .writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
        .end(JSON.stringify({ FailedEntryCount: 1, Entries: [{ ErrorCode: name, ErrorMessage: 'secret' }] })),
    )
    const error: unknown = await eventBridge('any', { endpoint: url })
      .post('bus', anOutgoing(), never)
      .catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code })
    expect(String(error)).not.toContain('secret')
    server.close()
  })
})

/** The attributes that version 1.5.0 of the public schema gives a Detection Finding and the objects in it, as far as we use them; `!` is required. */
const schema: Readonly<Record<string, readonly string[]>> = {
  '': [
    'activity_id!',
    'activity_name',
    'category_uid!',
    'category_name',
    'class_uid!',
    'class_name',
    'type_uid!',
    'type_name',
    'severity_id!',
    'severity',
    'status_id',
    'status',
    'time!',
    'start_time',
    'end_time',
    'count',
    'message',
    'metadata!',
    'finding_info!',
    'cloud!',
    'resources',
    'evidences',
    'remediation',
    'unmapped',
  ],
  metadata: ['version!', 'profiles', 'product!', 'uid', 'correlation_uid', 'sequence'],
  'metadata.product': ['name', 'vendor_name!'],
  finding_info: ['uid!', 'title!', 'desc', 'created_time', 'types', 'analytic'],
  'finding_info.analytic': ['uid', 'name', 'type', 'type_id!'],
  cloud: ['provider!', 'account', 'region'],
  'cloud.account': ['uid', 'name', 'type', 'type_id'],
  resources: ['uid', 'name', 'type', 'region', 'cloud_partition'],
  evidences: ['actor', 'api', 'src_endpoint', 'data'],
  'evidences.actor': ['user'],
  'evidences.actor.user': ['name', 'type', 'type_id', 'uid', 'account'],
  'evidences.actor.user.account': ['uid', 'type_id'],
  'evidences.api': ['operation!', 'service'],
  'evidences.api.service': ['name'],
  'evidences.src_endpoint': ['ip'],
  remediation: ['desc!', 'references'],
}

/** Attributes that the schema does not have, and required ones that are not there. */
function misfits(event: JsonObject, path = ''): readonly string[] {
  const allowed = schema[path]
  if (allowed === undefined) return []
  const names = new Set(allowed.map((each) => each.replace('!', '')))
  const missing = allowed
    .filter((each) => each.endsWith('!') && !(each.slice(0, -1) in event))
    .map((each) => `${path} lacks ${each}`)
  const within = Object.entries(event).flatMap(([name, value]) => {
    const below = path === '' ? name : `${path}.${name}`
    if (!names.has(name)) return [`${below} is unknown`]
    const parts: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : [value]
    return parts.filter(isObject).flatMap((part) => misfits(part, below))
  })
  return [...missing, ...within]
}
