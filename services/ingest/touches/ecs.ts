import { isObject, at, type AuditEvent } from '#model'
import { partitionOf } from '../region.ts'
import { nothing, tagged, untagged } from './shows.ts'
import { each, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.ECS.Cluster'

/** Clusters are named by name or ARN. */
const cluster: Named = {
  type,
  ref({ accountId, region }, text) {
    const arn = readArn(text)
    if (arn !== null && (arn.service !== 'ecs' || arn.accountId !== accountId || !arn.resource.startsWith('cluster/'))) return null
    const name = arn === null ? text : arn.resource.slice('cluster/'.length)
    if (!/^[\w-]{1,255}$/.test(name)) return null
    const where = arn?.region ?? region
    return { accountId, region: where, type, id: `arn:${partitionOf(where)}:ecs:${where}:${accountId}:cluster/${name}` }
  },
}

/** The cluster of a service, task or container instance: its name stands first in their ARNs, except in those of old. */
const home: Named = {
  type,
  ref(event, text) {
    const arn = readArn(text)
    const name = /^[a-z-]+\/([\w-]+)\/[\w/-]+$/.exec(arn?.resource ?? '')?.[1]
    if (arn === null || name === undefined || arn.service !== 'ecs' || arn.accountId !== event.accountId) return null
    return cluster.ref({ ...event, region: arn.region }, name)
  },
}

/** A request that names no cluster means the one that is called `default`: then the response says which it was. */
const touch = (kind: TouchKind): Effect => ({
  kind,
  named: cluster,
  from: [
    'responseElements.cluster.clusterArn',
    'responseElements.service.clusterArn',
    'responseElements.taskSet.clusterArn',
    'responseElements.tasks[].clusterArn',
    'responseElements.task.clusterArn',
    'requestParameters.cluster',
  ],
})
const inside: Effect = {
  kind: 'update',
  named: home,
  from: [
    'requestParameters.resourceArn',
    'requestParameters.serviceArn',
    'requestParameters.serviceDeploymentArn',
    'responseElements.service.serviceArn',
    'responseElements.containerInstance.containerInstanceArn',
  ],
}
const tag: Effect = { kind: 'update', named: cluster, from: ['requestParameters.resourceArn'] }
/** New tasks from what the service already is. */
const onlyRestarts = (event: AuditEvent): boolean => {
  const request = at(event.record, 'requestParameters')
  return isObject(request) && Object.keys(request).every((key) => ['cluster', 'service', 'forceNewDeployment'].includes(key))
}

/**
 * Tasks and container instances are kept up to date when somebody starts or stops them; what ECS's agents report of them all day
 * (`Submit…StateChange`) is left to the scan. Attributes of instances, their draining, and task definitions are not kept.
 */
export const ecs: ServiceTable = {
  source: 'ecs.amazonaws.com',
  events: {
    CreateCluster: [{ ...touch('create'), shows: tagged('requestParameters.tags') }],
    DeleteCluster: [touch('delete')],
    UpdateService: [{ ...touch('update'), shows: (event) => (onlyRestarts(event) ? nothing(event) : []) }, inside],
    ...each(
      [
        'UpdateCluster',
        'UpdateClusterSettings',
        'PutClusterCapacityProviders',
        'CreateService',
        'DeleteService',
        'CreateTaskSet',
        'UpdateTaskSet',
        'DeleteTaskSet',
        'UpdateServicePrimaryTaskSet',
        'StopServiceDeployment',
        'CreateExpressGatewayService',
        'UpdateExpressGatewayService',
        'DeleteExpressGatewayService',
      ],
      touch('update'),
      inside,
    ),
    ...each(
      ['RunTask', 'StartTask', 'StopTask', 'RegisterContainerInstance', 'DeregisterContainerInstance'],
      { ...touch('update'), shows: nothing },
      { ...inside, shows: nothing },
    ),
    // Tags of services are kept with the cluster.
    TagResource: [{ ...tag, shows: tagged('requestParameters.tags') }, inside],
    UntagResource: [{ ...tag, shows: untagged('requestParameters.tagKeys') }, inside],
  },
}
