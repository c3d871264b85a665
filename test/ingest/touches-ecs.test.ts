import { describe, expect, test } from 'vitest'
import { inShort, touched, type Call } from '../support/touched.ts'

const own = 'arn:aws:ecs:us-east-1:111111111111'
const shop = `us-east-1 ${own}:cluster/shop`

describe('what happens to a cluster is found', () => {
  test.each<[string, Call, readonly string[]]>([
    ['created', { name: 'CreateCluster', response: { cluster: { clusterArn: `${own}:cluster/shop` } } }, [`create ${shop}`]],
    ['updated', { name: 'UpdateCluster', request: { cluster: 'shop' } }, [`update ${shop}`]],
    ['given settings', { name: 'UpdateClusterSettings', request: { cluster: `${own}:cluster/shop` } }, [`update ${shop}`]],
    ['given capacity', { name: 'PutClusterCapacityProviders', request: { cluster: 'shop' } }, [`update ${shop}`]],
    ['with a new service', { name: 'CreateService', request: { cluster: 'shop', serviceName: 'web' } }, [`update ${shop}`]],
    [
      'with a new service in the cluster that nobody names',
      { name: 'CreateService', request: { serviceName: 'web' }, response: { service: { clusterArn: `${own}:cluster/default` } } },
      [`update us-east-1 ${own}:cluster/default`],
    ],
    [
      'with a changed service',
      { name: 'UpdateService', request: { cluster: 'shop', service: 'web', desiredCount: 2 } },
      [`update ${shop}`],
    ],
    ['without a service', { name: 'DeleteService', request: { cluster: 'shop', service: 'web' } }, [`update ${shop}`]],
    ['with a new task set', { name: 'CreateTaskSet', request: { cluster: 'shop', service: 'web' } }, [`update ${shop}`]],
    ['with another task set in front', { name: 'UpdateServicePrimaryTaskSet', request: { cluster: 'shop' } }, [`update ${shop}`]],
    [
      'with a deployment that is stopped',
      { name: 'StopServiceDeployment', request: { serviceDeploymentArn: `${own}:service-deployment/shop/web/x9` } },
      [`update ${shop}`],
    ],
    [
      'with a public service made for it',
      { name: 'CreateExpressGatewayService', request: {}, response: { service: { serviceArn: `${own}:service/shop/web` } } },
      [`update ${shop}`],
    ],
    [
      'with new tasks',
      { name: 'RunTask', request: { taskDefinition: 'x' }, response: { tasks: [{ clusterArn: `${own}:cluster/shop` }] } },
      [`update ${shop}`],
    ],
    ['with a task less', { name: 'StopTask', request: { cluster: 'shop', task: 'x' } }, [`update ${shop}`]],
    [
      'with an instance less',
      {
        name: 'DeregisterContainerInstance',
        response: { containerInstance: { containerInstanceArn: `${own}:container-instance/shop/0123` } },
      },
      [`update ${shop}`],
    ],
    ['tagged', { name: 'TagResource', request: { resourceArn: `${own}:cluster/shop`, tags: [] } }, [`update ${shop}`]],
    ['with a tagged service', { name: 'TagResource', request: { resourceArn: `${own}:service/shop/web` } }, [`update ${shop}`]],
    ['untagged', { name: 'UntagResource', request: { resourceArn: `${own}:cluster/shop`, tagKeys: ['a'] } }, [`update ${shop}`]],
    ['deleted', { name: 'DeleteCluster', request: { cluster: 'shop' } }, [`delete ${shop}`]],
  ])('%s', (_, call, expected) => {
    expect(inShort(touched('ecs', call))).toEqual(expected)
  })
})

describe('no cluster is touched', () => {
  test.each<[string, Call]>([
    ["by what ECS's agents report all day", { name: 'SubmitTaskStateChange', request: { cluster: 'shop', task: 'x' } }],
    ['by a task definition', { name: 'RegisterTaskDefinition', request: { family: 'web' } }],
    ['by a tag of a task definition', { name: 'TagResource', request: { resourceArn: `${own}:task-definition/web:1` } }],
    ['by a tag of a service whose ARN does not say where', { name: 'TagResource', request: { resourceArn: `${own}:service/web` } }],
    ['of another account', { name: 'DeleteCluster', request: { cluster: `${own}:cluster/shop`.replace('1111', '2222') } }],
    ['by a name that is none', { name: 'DeleteCluster', request: { cluster: '../shop' } }],
  ])('%s', (_, call) => {
    expect(touched('ecs', call)).toEqual([])
  })
})

describe('what the state must show', () => {
  test.each<[string, Call, readonly unknown[]]>([
    [
      'the tag of the cluster',
      { name: 'TagResource', request: { resourceArn: `${own}:cluster/shop`, tags: [{ key: 'team', value: 'a' }] } },
      [{ kind: 'is', path: ['Tags', 'team'], value: 'a' }],
    ],
    [
      'any change, when a service is tagged',
      { name: 'TagResource', request: { resourceArn: `${own}:service/shop/web`, tags: [{ key: 'team', value: 'a' }] } },
      [{ kind: 'change' }],
    ],
    [
      'any change of a service',
      { name: 'UpdateService', request: { cluster: 'shop', service: 'web', taskDefinition: 'web:2' } },
      [{ kind: 'change' }],
    ],
    [
      'nothing, when a service only restarts',
      { name: 'UpdateService', request: { cluster: 'shop', service: 'web', forceNewDeployment: true } },
      [{ kind: 'nothing' }],
    ],
    ['nothing, when tasks come', { name: 'RunTask', request: { cluster: 'shop' } }, [{ kind: 'nothing' }]],
  ])('%s', (_, call, expected) => {
    expect(touched('ecs', call)[0]?.witnesses).toEqual(expected)
  })
})
