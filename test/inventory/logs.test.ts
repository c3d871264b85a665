import * as aws from '@aws-sdk/client-cloudwatch-logs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { diff } from '#model'
import { needMoto } from '../support/moto.ts'
import { touched } from '../support/touched.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.CloudWatch.LogGroup'
const arn = (name: string): string => `arn:aws:logs:eu-west-1:${one}:log-group:${name}:*`

test('the example of a log group is complete', () => {
  expect(deviations(shapes[type], readExample(type))).toEqual([])
  expect(gaps(readExample(type))).toEqual([])
})

describe.runIf(needMoto('log groups on moto'))('log groups on moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let logs: aws.CloudWatchLogsClient

  beforeAll(async () => {
    stand = await openStand()
    logs = new aws.CloudWatchLogsClient(await stand.options(one))
    // moto takes its time over the first call to a service and of an account.
    for (const each of [one, two])
      await new aws.CloudWatchLogsClient(await stand.options(each)).send(new aws.DescribeLogGroupsCommand({}))
  }, 120_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  const create = (logGroupName: string, tags?: Record<string, string>): Promise<unknown> =>
    logs.send(new aws.CreateLogGroupCommand({ logGroupName, tags }))

  test('shows what is kept for how long, and each change of it', async () => {
    await create('/shop/web', { team: 'shop' })
    const before = await stand.attributes(type, arn('/shop/web'))
    expect(before).toMatchObject({
      Name: '/shop/web',
      Tags: { team: 'shop' },
      RetentionInDays: null,
      TimeCreated: expect.any(String),
    })
    await logs.send(new aws.PutRetentionPolicyCommand({ logGroupName: '/shop/web', retentionInDays: 30 }))
    const after = await stand.attributes(type, arn('/shop/web'))
    expect(diff(before, after)).toEqual([{ path: 'RetentionInDays', before: null, after: 30 }])
  })

  test('is found among any number of groups whose names begin alike', async () => {
    await create('many')
    await Promise.all(Array.from({ length: 60 }, (_, index) => create(`many-${index}`)))
    expect(await stand.attributes(type, arn('many'))).toMatchObject({ Name: 'many' })
    expect(await stand.attributes(type, arn('many-59'))).toMatchObject({ Name: 'many-59' })
    expect(await stand.fetch(type, arn('man'))).toEqual({ status: 'gone' })
  })

  test('its deletion is told without the `:*` of its id, and means the same group', async () => {
    await create('told')
    const [touch] = touched('logs', { name: 'DeleteLogGroup', region: 'eu-west-1', request: { logGroupName: 'told' } })
    const id = touch?.ref.id ?? ''
    expect(stand.inventory.eventId({ accountId: one, region: 'eu-west-1', type, id: arn('told') })).toBe(id)
    const before = await stand.fetch(type, id)
    expect(before).toMatchObject({ attributes: { ResourceId: arn('told') } })
    await logs.send(new aws.DeleteLogGroupCommand({ logGroupName: 'told' }))
    expect([await stand.fetch(type, id), await stand.fetch(type, arn('told'))]).toEqual([{ status: 'gone' }, { status: 'gone' }])
  })

  test('one of another account is gone, and so is what is no log group', async () => {
    await create('ours')
    expect(await stand.fetch(type, arn('ours'), two)).toEqual({ status: 'gone' })
    expect(await stand.fetch(type, arn('ours').replace(one, two))).toEqual({ status: 'gone' })
    expect(await stand.fetch(type, 'ours')).toEqual({ status: 'gone' })
  })

  test('only the groups of the account are listed', async () => {
    await create('listed')
    expect(await stand.list(type)).toContain(arn('listed'))
    expect(await stand.list(type, two)).toEqual([])
  })

  test.each(['DescribeLogGroups', 'ListTagsForResource'])('a group whose %s is denied is unknown', async (operation) => {
    await create(`denied-${operation}`)
    stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDeniedException', status: 400 })
    await expect(stand.fetch(type, arn(`denied-${operation}`))).rejects.toMatchObject({ code: 'access-denied', retryable: false })
  })

  test('the documented permissions are what listing and reading need', async () => {
    await create('needs')
    await stand.list(type)
    await stand.attributes(type, arn('needs'))
    expect(neededActions(stand.proxy, ['logs'])).toEqual(documentedActions(['logs']))
  })
})
