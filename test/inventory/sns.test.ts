import { readFileSync } from 'node:fs'
import * as sns from '@aws-sdk/client-sns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { textAt } from '#model'
import { needMoto } from '../support/moto.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, shapes } from './conforms.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.SNS.Topic'

test('the example of a topic has every field', () => {
  const file = new URL(`../fixtures/resources/${type}.json`, import.meta.url)
  expect(deviations(shapes[type], JSON.parse(readFileSync(file, 'utf8')))).toEqual([])
})

describe.runIf(needMoto('topics against moto'))('topics against moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let client: sns.SNSClient

  beforeAll(async () => {
    stand = await openStand()
    client = new sns.SNSClient(await stand.options(one))
    // moto's first calls take their time.
    const first = [one, two].map(async (account) => new sns.SNSClient(await stand.options(account)))
    await Promise.all(first.map(async (each) => (await each).send(new sns.ListTopicsCommand({}))))
  }, 60_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function make(Name: string, Attributes: Record<string, string> = {}): Promise<string> {
    const command = new sns.CreateTopicCommand({ Name, Attributes, Tags: [{ Key: 'team', Value: 'shop' }] })
    return (await client.send(command)).TopicArn ?? ''
  }

  test('a topic shows its attributes as what they are, and its policy as JSON text', async () => {
    const id = await make('plain')
    expect(await stand.attributes(type, id)).toMatchObject({
      Name: 'plain',
      TopicArn: id,
      Owner: one,
      Tags: { team: 'shop' },
      SubscriptionsConfirmed: 0,
      DisplayName: null,
      KmsMasterKeyId: null,
      FifoTopic: null,
      Policy: expect.stringContaining('"Statement"'),
    })
    expect(await stand.attributes(type, await make('ordered.fifo', { FifoTopic: 'true' }))).toMatchObject({
      Name: 'ordered.fifo',
      FifoTopic: true,
      ContentBasedDeduplication: false,
    })
  })

  test('changes of attributes and tags show', async () => {
    const id = await make('changed')
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: '*', Action: 'SNS:Publish', Resource: id }],
    })
    const set = (AttributeName: string, AttributeValue: string): Promise<unknown> =>
      client.send(new sns.SetTopicAttributesCommand({ TopicArn: id, AttributeName, AttributeValue }))
    await set('Policy', policy)
    await set('KmsMasterKeyId', 'alias/aws/sns')
    await client.send(new sns.UntagResourceCommand({ ResourceArn: id, TagKeys: ['team'] }))
    const attributes = await stand.attributes(type, id)
    expect(attributes).toMatchObject({ KmsMasterKeyId: 'alias/aws/sns', Tags: null })
    expect(JSON.parse(textAt(attributes, 'Policy') ?? '')).toEqual(JSON.parse(policy))
  })

  test('is listed in its account and region only, and gone once it is deleted', async () => {
    const id = await make('short-lived')
    expect(await stand.list(type)).toContain(id)
    expect(await stand.list(type, one, 'us-east-1')).toEqual([])
    expect(await stand.list(type, two)).toEqual([])
    expect(await stand.fetch(type, id, two)).toEqual({ status: 'gone' })
    await client.send(new sns.DeleteTopicCommand({ TopicArn: id }))
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
  })

  test('a topic of another account, and what is no topic, is not asked for', async () => {
    await stand.quiet()
    expect(await stand.fetch(type, `arn:aws:sns:eu-west-1:${two}:orders`)).toEqual({ status: 'gone' })
    expect(await stand.fetch(type, 'nonsense')).toEqual({ status: 'gone' })
    expect(stand.proxy.seen).toEqual([])
  })

  test.each(['GetTopicAttributes', 'ListTagsForResource'])('one whose %s is denied is unknown', async (operation) => {
    const id = await make('denied')
    stand.proxy.inject({ operation }, { kind: 'error', code: 'AuthorizationError', status: 403 })
    await expect(stand.fetch(type, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
  })

  test('the documented permissions are the calls that listing and fetching make', async () => {
    await stand.attributes(type, await make('permitted'))
    await stand.list(type)
    expect(neededActions(stand.proxy, ['sns'])).toEqual(documentedActions(['sns']))
  })
})
