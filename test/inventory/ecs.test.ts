import * as aws from '@aws-sdk/client-ecs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { diff } from '#model'
import { needMoto } from '../support/moto.ts'
import { touched } from '../support/touched.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.ECS.Cluster'
const arn = (name: string): string => `arn:aws:ecs:eu-west-1:${one}:cluster/${name}`

test('the example of a cluster is complete but for what ECS does not tell', () => {
  expect(deviations(shapes[type], readExample(type))).toEqual([])
  expect(gaps(readExample(type))).toEqual(['TimeCreated', 'Services[0].Id', 'Tasks[0].Name'])
})

describe.runIf(needMoto('ECS clusters on moto'))('ECS clusters on moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let ecs: aws.ECSClient

  beforeAll(async () => {
    stand = await openStand()
    ecs = new aws.ECSClient(await stand.options(one))
    // moto takes its time over the first call to a service and of an account.
    for (const each of [one, two]) await new aws.ECSClient(await stand.options(each)).send(new aws.ListClustersCommand({}))
    const containerDefinitions = [{ name: 'web', image: 'web:1', memory: 128 }]
    for (let revision = 1; revision <= 2; revision += 1)
      await ecs.send(new aws.RegisterTaskDefinitionCommand({ family: 'web', containerDefinitions }))
  }, 120_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  const create = (clusterName: string): Promise<unknown> =>
    ecs.send(new aws.CreateClusterCommand({ clusterName, tags: [{ key: 'team', value: 'shop' }] }))
  const addService = (cluster: string, serviceName: string): Promise<unknown> =>
    ecs.send(
      new aws.CreateServiceCommand({
        cluster,
        serviceName,
        taskDefinition: 'web:1',
        desiredCount: 2,
        tags: [{ key: 'tier', value: 'web' }],
      }),
    )

  /** moto writes numbers where AWS writes texts. */
  function correctTasks(): void {
    const change = (body: string): string => body.replaceAll(/"(cpu|memory)": ?(\d+)/g, '"$1": "$2"')
    stand.proxy.inject({ operation: 'DescribeTasks' }, { kind: 'rewrite', change })
  }

  test('a bare cluster has neither services nor tasks', async () => {
    await create('bare')
    expect(await stand.attributes(type, arn('bare'))).toMatchObject({
      Name: 'bare',
      Status: 'ACTIVE',
      Tags: { team: 'shop' },
      Services: null,
      Tasks: null,
    })
  })

  test('shows each of its services, more than one call may ask for', async () => {
    await create('busy')
    for (let index = 0; index < 11; index += 1) await addService('busy', `web-${index}`)
    const { Services } = await stand.attributes(type, arn('busy'))
    expect(Services).toHaveLength(11)
    expect(Services).toContainEqual(
      expect.objectContaining({
        AccountId: one,
        Arn: `arn:aws:ecs:eu-west-1:${one}:service/busy/web-7`,
        Name: 'web-7',
        DesiredCount: 2,
        Tags: { tier: 'web' },
        TaskDefinition: `arn:aws:ecs:eu-west-1:${one}:task-definition/web:1`,
      }),
    )
  })

  test('another task definition of a service is a change', async () => {
    await create('moving')
    await addService('moving', 'web')
    const before = await stand.attributes(type, arn('moving'))
    await ecs.send(new aws.UpdateServiceCommand({ cluster: 'moving', service: 'web', taskDefinition: 'web:2' }))
    const after = await stand.attributes(type, arn('moving'))
    const changed = diff(before, after).map(({ path }) => path)
    expect(changed).toContain('Services[].TaskDefinition')
    expect(after).toMatchObject({ Services: [{ TaskDefinition: expect.stringContaining('web:2') }] })
  })

  test('a task shows what it was started with, but not what its environment holds', async () => {
    await create('tasks')
    const containerOverrides = [{ name: 'web', environment: [{ name: 'SESSION_KEY', value: 'hunter2' }] }]
    await ecs.send(
      new aws.RunTaskCommand({
        cluster: 'tasks',
        taskDefinition: 'web:1',
        launchType: 'FARGATE',
        overrides: { containerOverrides },
        networkConfiguration: { awsvpcConfiguration: { subnets: [] } },
      }),
    )
    correctTasks()
    const attributes = await stand.attributes(type, arn('tasks'))
    expect(attributes).toMatchObject({
      Tasks: [
        {
          Region: 'eu-west-1',
          TaskDefinitionArn: expect.stringContaining('web:1'),
          Overrides: { ContainerOverrides: [{ Environment: [{ Name: 'SESSION_KEY', Value: '***' }] }] },
        },
      ],
    })
    expect(JSON.stringify(attributes)).not.toContain('hunter2')
  })

  test('tasks and counts come and go without being a change of the cluster', () => {
    const volatile = stand.inventory.volatile(type)
    expect(volatile).toEqual(expect.arrayContaining(['Tasks', 'RunningTasksCount', 'Services[].Deployments', 'Services[].Events']))
    expect(volatile).not.toContain('Services[].TaskDefinition')
    expect(volatile).not.toContain('Services[].DesiredCount')
  })

  test('the event of a service leads to its cluster', async () => {
    await create('told')
    const [touch] = touched('ecs', { name: 'UpdateService', region: 'eu-west-1', request: { cluster: 'told', service: 'web' } })
    expect(await stand.attributes(type, touch?.ref.id ?? '')).toMatchObject({ ResourceId: arn('told') })
  })

  test('a deleted cluster is gone though ECS shows it as inactive, as is one of another account, and what is no cluster', async () => {
    await create('short-lived')
    const gone = { status: 'gone' }
    expect(await stand.fetch(type, arn('short-lived'), two)).toEqual(gone)
    expect(await stand.fetch(type, arn('short-lived').replace(one, two))).toEqual(gone)
    expect(await stand.fetch(type, 'short-lived')).toEqual(gone)
    expect(await stand.fetch(type, arn('never-there'))).toEqual(gone)
    await ecs.send(new aws.DeleteClusterCommand({ cluster: 'short-lived' }))
    const { clusters } = await ecs.send(new aws.DescribeClustersCommand({ clusters: ['short-lived'] }))
    expect(clusters?.[0]?.status).toBe('INACTIVE')
    expect(await stand.fetch(type, arn('short-lived'))).toEqual(gone)
  })

  test('only the clusters of the account are listed', async () => {
    await create('listed')
    expect(await stand.list(type)).toContain(arn('listed'))
    expect(await stand.list(type, two)).toEqual([])
  })

  test('a cluster of which any read is denied is unknown, and every read is documented', async () => {
    await create('guarded')
    await addService('guarded', 'web')
    const run = new aws.RunTaskCommand({
      cluster: 'guarded',
      taskDefinition: 'web:1',
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: [] } },
    })
    await ecs.send(run)
    for (const operation of ['DescribeClusters', 'ListServices', 'DescribeServices', 'ListTasks', 'DescribeTasks']) {
      stand.proxy.clear()
      stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDeniedException', status: 400 })
      await expect(stand.fetch(type, arn('guarded'))).rejects.toMatchObject({ code: 'access-denied', retryable: false })
    }
    stand.proxy.clear()
    correctTasks()
    await stand.list(type)
    await stand.attributes(type, arn('guarded'))
    expect(neededActions(stand.proxy, ['ecs'])).toEqual(documentedActions(['ecs']))
  })
})
