import * as aws from '@aws-sdk/client-eks'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { diff } from '#model'
import { needMoto } from '../support/moto.ts'
import { touched } from '../support/touched.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.EKS.Cluster'
const arn = (name: string): string => `arn:aws:eks:eu-west-1:${one}:cluster/${name}`
const role = `arn:aws:iam::${one}:role/cluster`

test('the example of a cluster is complete: its parts have no id of their own', () => {
  expect(deviations(shapes[type], readExample(type))).toEqual([])
  expect(gaps(readExample(type))).toEqual(['FargateProfile[0].Id', 'NodeGroup[0].Id'])
})

describe.runIf(needMoto('EKS clusters on moto'))('EKS clusters on moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let eks: aws.EKSClient

  beforeAll(async () => {
    stand = await openStand()
    eks = new aws.EKSClient(await stand.options(one))
    // moto takes its time over the first call to a service and of an account.
    for (const each of [one, two]) await new aws.EKSClient(await stand.options(each)).send(new aws.ListClustersCommand({}))
  }, 120_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  const create = (name: string): Promise<unknown> =>
    eks.send(
      new aws.CreateClusterCommand({
        name,
        roleArn: role,
        resourcesVpcConfig: { subnetIds: ['subnet-1', 'subnet-2'], endpointPublicAccess: true },
        tags: { team: 'shop', lowerCase: 'stays' },
      }),
    )
  async function addParts(clusterName: string): Promise<void> {
    const subnets = ['subnet-1']
    await eks.send(
      new aws.CreateNodegroupCommand({ clusterName, nodegroupName: 'general', subnets, nodeRole: role, tags: { team: 'shop' } }),
    )
    const selectors = [{ namespace: 'jobs', labels: { kind: 'batch' } }]
    await eks.send(
      new aws.CreateFargateProfileCommand({
        clusterName,
        fargateProfileName: 'batch',
        podExecutionRoleArn: role,
        subnets,
        selectors,
      }),
    )
  }

  test('a bare cluster has neither node groups nor Fargate profiles', async () => {
    await create('bare')
    expect(await stand.attributes(type, arn('bare'))).toMatchObject({
      Name: 'bare',
      RoleArn: role,
      Tags: { team: 'shop', lowerCase: 'stays' },
      ResourcesVpcConfig: { EndpointPublicAccess: true, SubnetIds: ['subnet-1', 'subnet-2'] },
      NodeGroup: null,
      FargateProfile: null,
    })
  })

  test('shows its node groups and Fargate profiles, and one more is a change', async () => {
    await create('full')
    const before = await stand.attributes(type, arn('full'))
    await addParts('full')
    const after = await stand.attributes(type, arn('full'))
    expect(after).toMatchObject({
      NodeGroup: [{ AccountId: one, Name: 'general', NodeRole: role, Tags: { team: 'shop' }, TimeCreated: expect.any(String) }],
      FargateProfile: [{ Name: 'batch', Selectors: [{ Namespace: 'jobs', Labels: { kind: 'batch' } }] }],
    })
    expect(diff(before, after).map(({ path }) => path)).toEqual(['FargateProfile', 'NodeGroup'])
  })

  test('the name in an event leads to the cluster', async () => {
    await create('told')
    const [touch] = touched('eks', { name: 'UpdateClusterConfig', region: 'eu-west-1', request: { name: 'told' } })
    expect(await stand.attributes(type, touch?.ref.id ?? '')).toMatchObject({ ResourceId: arn('told') })
  })

  test('a deleted cluster is gone, as is one of another account, and what is no cluster', async () => {
    await create('short-lived')
    const gone = { status: 'gone' }
    expect(await stand.fetch(type, arn('short-lived'), two)).toEqual(gone)
    expect(await stand.fetch(type, arn('short-lived').replace(one, two))).toEqual(gone)
    expect(await stand.fetch(type, 'short-lived')).toEqual(gone)
    await eks.send(new aws.DeleteClusterCommand({ name: 'short-lived' }))
    expect(await stand.fetch(type, arn('short-lived'))).toEqual(gone)
  })

  test('only the clusters of the account are listed', async () => {
    await create('listed')
    expect(await stand.list(type)).toContain(arn('listed'))
    expect(await stand.list(type, two)).toEqual([])
  })

  test('a cluster of which any read is denied is unknown, and every read is documented', async () => {
    await create('guarded')
    await addParts('guarded')
    for (const operation of [
      'DescribeCluster',
      'ListNodegroups',
      'DescribeNodegroup',
      'ListFargateProfiles',
      'DescribeFargateProfile',
    ]) {
      stand.proxy.clear()
      stand.proxy.inject({ operation }, { kind: 'error', code: 'AccessDeniedException', status: 403 })
      await expect(stand.fetch(type, arn('guarded'))).rejects.toMatchObject({ code: 'access-denied', retryable: false })
    }
    stand.proxy.clear()
    await stand.list(type)
    await stand.attributes(type, arn('guarded'))
    expect(neededActions(stand.proxy, ['eks'])).toEqual(documentedActions(['eks']))
  })
})
