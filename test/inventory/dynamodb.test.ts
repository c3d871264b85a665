import { readFileSync } from 'node:fs'
import * as scaling from '@aws-sdk/client-application-auto-scaling'
import * as dynamodb from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { needMoto } from '../support/moto.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, shapes } from './conforms.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.DynamoDB.Table'

test('the example of a table has every field', () => {
  const file = new URL(`../fixtures/resources/${type}.json`, import.meta.url)
  expect(deviations(shapes[type], JSON.parse(readFileSync(file, 'utf8')))).toEqual([])
})

describe.runIf(needMoto('tables against moto'))('tables against moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let client: dynamodb.DynamoDBClient
  let autoscaling: scaling.ApplicationAutoScalingClient

  beforeAll(async () => {
    stand = await openStand()
    const options = await stand.options(one)
    client = new dynamodb.DynamoDBClient(options)
    autoscaling = new scaling.ApplicationAutoScalingClient(options)
    // moto's first calls take their time.
    const first = [one, two].map(async (account) => new dynamodb.DynamoDBClient(await stand.options(account)))
    await Promise.all(first.map(async (each) => (await each).send(new dynamodb.ListTablesCommand({}))))
    await autoscaling.send(new scaling.DescribeScalableTargetsCommand({ ServiceNamespace: 'dynamodb' }))
  }, 60_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function make(TableName: string, more: Partial<dynamodb.CreateTableCommandInput> = {}): Promise<string> {
    const command = new dynamodb.CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 },
      Tags: [{ Key: 'team', Value: 'shop' }],
      ...more,
    })
    return (await client.send(command)).TableDescription?.TableArn ?? ''
  }
  const scale = (ResourceId: string, ScalableDimension: scaling.ScalableDimension): Promise<unknown> =>
    autoscaling.send(
      new scaling.RegisterScalableTargetCommand({
        ServiceNamespace: 'dynamodb',
        ResourceId,
        ScalableDimension,
        MinCapacity: 5,
        MaxCapacity: 50,
      }),
    )

  test('a table shows its keys and tags, and null where nothing was set', async () => {
    const id = await make('plain')
    expect(await stand.attributes(type, id)).toMatchObject({
      Name: 'plain',
      TableArn: id,
      TimeCreated: expect.any(String),
      Tags: { team: 'shop' },
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AutoScalingDescriptions: null,
      GlobalSecondaryIndexes: null,
      TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' },
      ContinuousBackupsDescription: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' } },
    })
  })

  test('changes of expiry, recovery, protection and tags show', async () => {
    const id = await make('changed')
    const TableName = 'changed'
    await client.send(
      new dynamodb.UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName: 'until', Enabled: true } }),
    )
    await client.send(
      new dynamodb.UpdateContinuousBackupsCommand({
        TableName,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    )
    await client.send(new dynamodb.UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }))
    await client.send(new dynamodb.UntagResourceCommand({ ResourceArn: id, TagKeys: ['team'] }))
    expect(await stand.attributes(type, id)).toMatchObject({
      TimeToLiveDescription: { AttributeName: 'until', TimeToLiveStatus: 'ENABLED' },
      ContinuousBackupsDescription: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' } },
      DeletionProtectionEnabled: true,
      Tags: null,
    })
  })

  test('shows how the table and its indexes scale, and nothing of other tables', async () => {
    const id = await make('scaled', {
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-id',
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
          ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 },
        },
      ],
    })
    await make('scaled-too')
    await scale('table/scaled', 'dynamodb:table:ReadCapacityUnits')
    await scale('table/scaled/index/by-id', 'dynamodb:index:WriteCapacityUnits')
    await scale('table/scaled-too', 'dynamodb:table:ReadCapacityUnits')
    const limits = { ServiceNamespace: 'dynamodb', MinCapacity: 5, MaxCapacity: 50, CreationTime: expect.any(String) }
    expect(await stand.attributes(type, id)).toMatchObject({
      AutoScalingDescriptions: [
        { ...limits, ResourceId: 'table/scaled', ScalableDimension: 'dynamodb:table:ReadCapacityUnits' },
        { ...limits, ResourceId: 'table/scaled/index/by-id', ScalableDimension: 'dynamodb:index:WriteCapacityUnits' },
      ],
      GlobalSecondaryIndexes: [{ IndexName: 'by-id', Projection: { ProjectionType: 'ALL', NonKeyAttributes: null } }],
    })
  })

  test('every page of tags is read', async () => {
    const id = await make('tagged')
    const answer = (tags: object, next?: string): string => JSON.stringify({ Tags: [tags], NextToken: next })
    const told = { kind: 'text', status: 200, type: 'application/x-amz-json-1.0' } as const
    stand.proxy.inject({ operation: 'ListTagsOfResource' }, { ...told, body: answer({ Key: 'last', Value: 'b' }) })
    stand.proxy.inject({ operation: 'ListTagsOfResource' }, { ...told, body: answer({ Key: 'first', Value: 'a' }, 'more') }, 1)
    expect(await stand.attributes(type, id)).toMatchObject({ Tags: { first: 'a', last: 'b' } })
    expect(stand.proxy.seen.findLast(({ operation }) => operation === 'ListTagsOfResource')?.body).toContain('more')
  })

  test('is listed in its account and region only, and gone once it is deleted', async () => {
    const id = await make('short-lived')
    expect(await stand.list(type)).toContain(id)
    expect(await stand.list(type, one, 'us-east-1')).toEqual([])
    expect(await stand.list(type, two)).toEqual([])
    expect(await stand.fetch(type, id, two)).toEqual({ status: 'gone' })
    await client.send(new dynamodb.DeleteTableCommand({ TableName: 'short-lived' }))
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
  })

  test('a table of another account is gone here, though there is one of its name', async () => {
    await stand.quiet()
    const id = await make('namesake')
    expect(await stand.fetch(type, id.replace(one, two))).toEqual({ status: 'gone' })
    expect(await stand.fetch(type, 'nonsense')).toEqual({ status: 'gone' })
    expect(stand.proxy.seen).toEqual([])
  })

  test.each(['DescribeTable', 'DescribeTimeToLive', 'DescribeContinuousBackups', 'ListTagsOfResource', 'DescribeScalableTargets'])(
    'one whose %s is denied is unknown',
    async (operation) => {
      const id = await make(`denied-${operation}`)
      stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDeniedException', status: 400 })
      await expect(stand.fetch(type, id)).rejects.toMatchObject({ name: 'InventoryError', code: 'access-denied' })
    },
  )

  test('the documented permissions are the calls that listing and fetching make', async () => {
    await stand.attributes(type, await make('permitted'))
    await stand.list(type)
    const services = ['application-autoscaling', 'dynamodb']
    expect(neededActions(stand.proxy, services)).toEqual(documentedActions(services))
  })
})
