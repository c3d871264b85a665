import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, gather, idPages, lastPart, must, pascal, resourceOf, together } from '../reading.ts'
import { ecsClusterShape } from '../shapes/ecs-cluster.ts'

const type = 'AWS.ECS.Cluster'

/**
 * `arn:{partition}:ecs:{region}:{accountId}:cluster/{name}` with its services and running tasks, read in two rounds of calls. ECS
 * shows a deleted cluster as inactive for a while: it is gone. Environment values that a task was started with are never kept.
 */
export const ecsCluster: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  // Tasks come and go as ECS sees fit, and with them counts, deployments and events. What a service should be (its task
  // definition, network, desired count) changes by a call alone.
  volatile: [
    'ActiveServicesCount',
    'Attachments[].Status',
    'AttachmentsStatus',
    'PendingTasksCount',
    'RegisteredContainerInstancesCount',
    'RunningTasksCount',
    'Services[].Deployments',
    'Services[].Events',
    'Services[].PendingCount',
    'Services[].RunningCount',
    'Services[].TaskSets[].ComputedDesiredCount',
    'Services[].TaskSets[].PendingCount',
    'Services[].TaskSets[].RunningCount',
    'Services[].TaskSets[].StabilityStatus',
    'Services[].TaskSets[].StabilityStatusAt',
    'Services[].TaskSets[].UpdatedAt',
    'Statistics',
    'Tasks',
  ],
  async *list(session, token) {
    const { paginateListClusters } = await import('@aws-sdk/client-ecs')
    const pages = paginateListClusters({ client: await session.client('ecs'), pageSize: 100, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ clusterArns }) => clusterArns,
      ({ nextToken }) => nextToken,
    )
  },
  async fetch(session, ref) {
    const name = /^cluster\/([\w-]+)$/.exec(resourceOf(session, 'ecs', ref.id) ?? '')?.[1]
    if (name === undefined) return { status: 'gone' }
    const found = await together(describe(session, name), Promise.all([services(session, name), tasks(session, name)]))
    if (found === null) return { status: 'gone' }
    const [cluster, [Services, Tasks]] = found
    const attributes = ecsClusterShape.parse({
      ...pascal(cluster),
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: cluster.clusterArn,
      ResourceType: type,
      Arn: cluster.clusterArn,
      Name: cluster.clusterName,
      Services,
      Tasks,
    })
    return { status: 'present', attributes }
  },
}

async function describe(session: Session, name: string) {
  const { DescribeClustersCommand } = await import('@aws-sdk/client-ecs')
  const ecs = await session.client('ecs')
  const command = new DescribeClustersCommand({
    clusters: [name],
    include: ['ATTACHMENTS', 'SETTINGS', 'STATISTICS', 'TAGS'],
  })
  const answer = await unless(ecs.send(command), 'ClusterNotFound')
  return answer?.clusters?.find(({ status }) => status !== 'INACTIVE') ?? null
}

async function services(session: Session, cluster: string) {
  const { DescribeServicesCommand, paginateListServices } = await import('@aws-sdk/client-ecs')
  const client = await session.client('ecs')
  const arns = await gather(paginateListServices({ client, pageSize: 100 }, { cluster }), (page) => page.serviceArns)
  const answers = await Promise.all(
    inGroups(arns, 10).map((group) => client.send(new DescribeServicesCommand({ cluster, services: group, include: ['TAGS'] }))),
  )
  return answers.flatMap((answer) =>
    (answer.services ?? []).map((service) =>
      Object.assign(pascal(service), {
        AccountId: session.accountId,
        Region: session.region,
        Arn: service.serviceArn,
        Name: service.serviceName,
        TimeCreated: service.createdAt,
      }),
    ),
  )
}

async function tasks(session: Session, cluster: string) {
  const { DescribeTasksCommand, paginateListTasks } = await import('@aws-sdk/client-ecs')
  const client = await session.client('ecs')
  const arns = await gather(paginateListTasks({ client, pageSize: 100 }, { cluster }), (page) => page.taskArns)
  const answers = await Promise.all(
    inGroups(arns, 100).map((group) => client.send(new DescribeTasksCommand({ cluster, tasks: group, include: ['TAGS'] }))),
  )
  return answers.flatMap((answer) =>
    (answer.tasks ?? []).map((task) =>
      Object.assign(pascal(task), {
        AccountId: session.accountId,
        Region: session.region,
        Arn: task.taskArn,
        Id: lastPart(must(task.taskArn, 'taskArn')),
        TimeCreated: task.createdAt,
      }),
    ),
  )
}

/** As many as one call may ask for. */
function inGroups(members: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(members.length / size) }, (_, group) => members.slice(group * size, (group + 1) * size))
}
