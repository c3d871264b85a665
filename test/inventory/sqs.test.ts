import { readFileSync } from 'node:fs'
import * as sqs from '@aws-sdk/client-sqs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { textAt } from '#model'
import { needMoto } from '../support/moto.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, shapes } from './conforms.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.SQS.Queue'
const idOf = (name: string): string => `arn:aws:sqs:eu-west-1:${one}:${name}`

test('the example of a queue has every field', () => {
  const file = new URL(`../fixtures/resources/${type}.json`, import.meta.url)
  expect(deviations(shapes[type], JSON.parse(readFileSync(file, 'utf8')))).toEqual([])
})

describe.runIf(needMoto('queues against moto'))('queues against moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let client: sqs.SQSClient

  beforeAll(async () => {
    stand = await openStand()
    client = new sqs.SQSClient(await stand.options(one))
    // moto's first calls take their time.
    const first = [one, two].map(async (account) => new sqs.SQSClient(await stand.options(account)))
    await Promise.all(first.map(async (each) => (await each).send(new sqs.ListQueuesCommand({}))))
  }, 60_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function make(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
    const answer = await client.send(new sqs.CreateQueueCommand({ QueueName, Attributes, tags: { team: 'shop' } }))
    return answer.QueueUrl ?? ''
  }

  test('a queue shows its attributes as what they are', async () => {
    await make('plain', { VisibilityTimeout: '45', SqsManagedSseEnabled: 'true' })
    const id = idOf('plain')
    expect(await stand.attributes(type, id)).toMatchObject({
      Name: 'plain',
      QueueArn: id,
      QueueUrl: `https://sqs.eu-west-1.amazonaws.com/${one}/plain`,
      TimeCreated: expect.any(String),
      Tags: { team: 'shop' },
      VisibilityTimeout: 45,
      SqsManagedSseEnabled: true,
      ApproximateNumberOfMessages: 0,
      Policy: null,
      RedrivePolicy: null,
      FifoQueue: null,
    })
    await make('ordered.fifo', { FifoQueue: 'true' })
    expect(await stand.attributes(type, idOf('ordered.fifo'))).toMatchObject({ Name: 'ordered.fifo', FifoQueue: true })
  })

  test('changes of attributes and tags show', async () => {
    const QueueUrl = await make('changed')
    await make('dead')
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: '*', Action: 'SQS:SendMessage', Resource: idOf('changed') }],
    })
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: idOf('dead'), maxReceiveCount: 5 })
    await client.send(
      new sqs.SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy, RedrivePolicy, MessageRetentionPeriod: '600' } }),
    )
    await client.send(new sqs.UntagQueueCommand({ QueueUrl, TagKeys: ['team'] }))
    const attributes = await stand.attributes(type, idOf('changed'))
    expect(attributes).toMatchObject({ MessageRetentionPeriod: 600, Tags: null })
    expect(JSON.parse(textAt(attributes, 'Policy') ?? '')).toEqual(JSON.parse(Policy))
    expect(JSON.parse(textAt(attributes, 'RedrivePolicy') ?? '')).toEqual(JSON.parse(RedrivePolicy))
  })

  test('is listed in its account and region only, and gone once it is deleted', async () => {
    const QueueUrl = await make('short-lived')
    const id = idOf('short-lived')
    expect(await stand.list(type)).toContain(id)
    expect(await stand.list(type, one, 'us-east-1')).toEqual([])
    expect(await stand.list(type, two)).toEqual([])
    expect(await stand.fetch(type, id, two)).toEqual({ status: 'gone' })
    await client.send(new sqs.DeleteQueueCommand({ QueueUrl }))
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
  })

  test('a queue of another account is gone here, though there is one of its name', async () => {
    await stand.quiet()
    await make('namesake')
    expect(await stand.fetch(type, idOf('namesake').replace(one, two))).toEqual({ status: 'gone' })
    expect(await stand.fetch(type, 'nonsense')).toEqual({ status: 'gone' })
    expect(stand.proxy.seen).toEqual([])
  })

  test.each(['GetQueueAttributes', 'ListQueueTags'])('one whose %s is denied is unknown', async (operation) => {
    await make('denied')
    stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDeniedException', status: 403 })
    await expect(stand.fetch(type, idOf('denied'))).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
  })

  test('the documented permissions are the calls that listing and fetching make', async () => {
    await make('permitted')
    await stand.attributes(type, idOf('permitted'))
    await stand.list(type)
    expect(neededActions(stand.proxy, ['sqs'])).toEqual(documentedActions(['sqs']))
  })
})
