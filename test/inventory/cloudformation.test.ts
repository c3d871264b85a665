import * as aws from '@aws-sdk/client-cloudformation'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { diff } from '#model'
import { needMoto } from '../support/moto.ts'
import { playRecordings } from '../support/recordings.ts'
import { touched } from '../support/touched.ts'
import { cloudformationStackShape } from '../../services/inventory/shapes/cloudformation-stack.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.CloudFormation.Stack'

test('the example of a stack is complete', () => {
  expect(deviations(shapes[type], readExample(type))).toEqual([])
  expect(gaps(readExample(type))).toEqual([])
})

describe.runIf(needMoto('stacks on moto'))('stacks on moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let client: aws.CloudFormationClient

  beforeAll(async () => {
    stand = await openStand()
    client = new aws.CloudFormationClient(await stand.options(one))
    // moto takes its time over the first call to a service and of an account.
    for (const each of [one, two])
      await new aws.CloudFormationClient(await stand.options(each)).send(new aws.DescribeStacksCommand({}))
    await create('first')
  }, 120_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  const template = (delay: number): string =>
    JSON.stringify({
      Description: 'orders',
      Parameters: { Stage: { Type: 'String', Default: 'test' } },
      Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'orders', DelaySeconds: delay } } },
      Outputs: { Url: { Value: { Ref: 'Queue' }, Export: { Name: 'orders-url' } } },
    })
  async function create(StackName: string, TemplateBody = template(0).replaceAll('orders', StackName)): Promise<string> {
    const command = new aws.CreateStackCommand({ StackName, TemplateBody, Tags: [{ Key: 'team', Value: 'shop' }] })
    return (await client.send(command)).StackId ?? ''
  }

  /** moto knows nothing of drift. */
  function looksDrifted(): void {
    const drift = 'DRIFTED</StackDriftStatus><LastCheckTimestamp>2026-04-30T02:00:11.093Z</LastCheckTimestamp>'
    const change = (body: string): string =>
      body
        .replaceAll(/<DriftInformation>.*?<\/DriftInformation>/gs, '')
        .replaceAll('</StackName>', `</StackName><DriftInformation><StackDriftStatus>${drift}</DriftInformation>`)
    stand.proxy.inject({ operation: 'DescribeStacks' }, { kind: 'rewrite', change })
    playRecordings(stand.proxy, 'cloudformation.')
  }

  test('shows parameters, outputs and tags, and each change of them', async () => {
    const id = await create('orders')
    const before = await stand.attributes(type, id)
    expect(before).toMatchObject({
      Id: id,
      Name: 'orders',
      Description: 'orders',
      StackStatus: 'CREATE_COMPLETE',
      Tags: { team: 'shop' },
      Parameters: [{ ParameterKey: 'Stage', ParameterValue: 'test' }],
      Outputs: [{ OutputKey: 'Url', ExportName: 'orders-url' }],
      Drifts: null,
    })
    const Parameters = [{ ParameterKey: 'Stage', ParameterValue: 'live' }]
    await client.send(new aws.UpdateStackCommand({ StackName: 'orders', TemplateBody: template(5), Parameters }))
    expect(diff(before, await stand.attributes(type, id)).map(({ path }) => path)).toContain('Parameters[].ParameterValue')
  })

  test('what is called a secret is masked', () => {
    const { Parameters, Outputs } = cloudformationStackShape.shape
    const parameters = [
      { ParameterKey: 'DbPassword', ParameterValue: 'hunter2' },
      { ParameterKey: 'Stage', ParameterValue: 'live' },
    ]
    expect(Parameters.parse(parameters)).toMatchObject([{ ParameterValue: '***', ResolvedValue: null }, { ParameterValue: 'live' }])
    const outputs = [
      { OutputKey: 'ApiToken', OutputValue: 'abc' },
      { OutputKey: 'Url', OutputValue: 'https://a.example' },
    ]
    expect(Outputs.parse(outputs)).toMatchObject([{ OutputValue: '***' }, { OutputValue: 'https://a.example' }])
  })

  test('drift is what was last detected, and none is detected for us', async () => {
    const id = await create('drifted')
    looksDrifted()
    expect(await stand.attributes(type, id)).toMatchObject({
      DriftInformation: { StackDriftStatus: 'DRIFTED', LastCheckTimestamp: '2026-04-30T02:00:11.093Z' },
      Drifts: [
        {
          LogicalResourceId: 'Queue',
          StackResourceDriftStatus: 'MODIFIED',
          PropertyDifferences: [{ PropertyPath: '/DelaySeconds', ExpectedValue: '0', ActualValue: '30' }],
          Timestamp: '2026-04-30T02:00:14.518Z',
        },
      ],
    })
    expect(neededActions(stand.proxy, ['cloudformation'])).not.toContain('cloudformation:DetectStackDrift')
  })

  test('its deletion is told by name, and means the stack that has a longer id', async () => {
    const id = await create('told')
    const [touch] = touched('cloudformation', { name: 'DeleteStack', region: 'eu-west-1', request: { stackName: 'told' } })
    const byName = touch?.ref.id ?? ''
    expect(stand.inventory.eventId({ accountId: one, region: 'eu-west-1', type, id })).toBe(byName)
    expect(await stand.fetch(type, byName)).toMatchObject({ attributes: { ResourceId: id } })
    await client.send(new aws.DeleteStackCommand({ StackName: 'told' }))
    expect(await stand.fetch(type, byName)).toEqual({ status: 'gone' })
  })

  test('a deleted stack is gone though AWS shows it by its full id, and a new one of its name is another', async () => {
    const id = await create('again')
    await client.send(new aws.DeleteStackCommand({ StackName: 'again' }))
    const { Stacks } = await client.send(new aws.DescribeStacksCommand({ StackName: id }))
    expect(Stacks?.[0]?.StackStatus).toBe('DELETE_COMPLETE')
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
    const second = await create('again')
    expect(await stand.fetch(type, id)).toEqual({ status: 'gone' })
    expect(await stand.attributes(type, second)).toMatchObject({ Name: 'again' })
  })

  test('one of another account is gone, and so is what is no stack', async () => {
    const id = await create('ours')
    expect(await stand.fetch(type, id, two)).toEqual({ status: 'gone' })
    expect(await stand.fetch(type, id.replace(one, two))).toEqual({ status: 'gone' })
    expect(await stand.fetch(type, `arn:aws:cloudformation:eu-west-1:${one}:stack/%20`)).toEqual({ status: 'gone' })
  })

  test('only the stacks of the account are listed', async () => {
    const id = await create('listed')
    expect(await stand.list(type)).toContain(id)
    expect(await stand.list(type, two)).toEqual([])
  })

  test.each(['DescribeStacks', 'DescribeStackResourceDrifts'])('a stack whose %s is denied is unknown', async (operation) => {
    const id = await create(`denied-${operation}`)
    looksDrifted()
    stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDenied', status: 403 })
    await expect(stand.fetch(type, id)).rejects.toMatchObject({ code: 'access-denied', retryable: false })
  })

  test('the documented permissions are what listing and reading need', async () => {
    const id = await create('needs')
    looksDrifted()
    await stand.list(type)
    await stand.attributes(type, id)
    expect(neededActions(stand.proxy, ['cloudformation'])).toEqual(documentedActions(['cloudformation']))
  })
})
