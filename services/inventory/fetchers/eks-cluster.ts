import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, gather, idPages, pascal, resourceOf, together } from '../reading.ts'
import { eksClusterShape } from '../shapes/eks-cluster.ts'

const type = 'AWS.EKS.Cluster'

/** `arn:{partition}:eks:{region}:{accountId}:cluster/{name}` with its node groups and Fargate profiles, read in two rounds of calls. */
export const eksCluster: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  // EKS works on a change for minutes and shows the new settings at the end: the status alone is no evidence of them.
  volatile: ['FargateProfile[].Status', 'NodeGroup[].Health', 'NodeGroup[].ScalingConfig.DesiredSize', 'PlatformVersion', 'Status'],
  async *list(session, token) {
    const { paginateListClusters } = await import('@aws-sdk/client-eks')
    const pages = paginateListClusters({ client: await session.client('eks'), pageSize: 100, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ clusters }) => clusters?.map((name) => arnOf(session, name)),
      ({ nextToken }) => nextToken,
    )
  },
  async fetch(session, ref) {
    const name = /^cluster\/([\w-]+)$/.exec(resourceOf(session, 'eks', ref.id) ?? '')?.[1]
    if (name === undefined) return { status: 'gone' }
    const { DescribeClusterCommand } = await import('@aws-sdk/client-eks')
    const eks = await session.client('eks')
    const get = unless(eks.send(new DescribeClusterCommand({ name })), 'ResourceNotFound')
    const found = await together(get, Promise.all([nodeGroups(session, name), fargateProfiles(session, name)]))
    if (found === null) return { status: 'gone' }
    const [{ cluster }, [NodeGroup, FargateProfile]] = found
    const arn = arnOf(session, name)
    const attributes = eksClusterShape.parse({
      ...pascal(cluster),
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: arn,
      ResourceType: type,
      TimeCreated: cluster?.createdAt,
      Arn: arn,
      FargateProfile,
      NodeGroup,
    })
    return { status: 'present', attributes }
  },
}

async function nodeGroups(session: Session, clusterName: string) {
  const { DescribeNodegroupCommand, paginateListNodegroups } = await import('@aws-sdk/client-eks')
  const client = await session.client('eks')
  const names = await gather(paginateListNodegroups({ client, pageSize: 100 }, { clusterName }), (page) => page.nodegroups)
  return Promise.all(
    names.map(async (nodegroupName) => {
      const { nodegroup } = await client.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }))
      return Object.assign(pascal(nodegroup), {
        AccountId: session.accountId,
        Region: session.region,
        Arn: nodegroup?.nodegroupArn,
        Name: nodegroup?.nodegroupName,
        TimeCreated: nodegroup?.createdAt,
      })
    }),
  )
}

async function fargateProfiles(session: Session, clusterName: string) {
  const { DescribeFargateProfileCommand, paginateListFargateProfiles } = await import('@aws-sdk/client-eks')
  const client = await session.client('eks')
  const pages = paginateListFargateProfiles({ client, pageSize: 100 }, { clusterName })
  const names = await gather(pages, (page) => page.fargateProfileNames)
  return Promise.all(
    names.map(async (fargateProfileName) => {
      const { fargateProfile } = await client.send(new DescribeFargateProfileCommand({ clusterName, fargateProfileName }))
      return Object.assign(pascal(fargateProfile), {
        AccountId: session.accountId,
        Region: session.region,
        Arn: fargateProfile?.fargateProfileArn,
        Name: fargateProfile?.fargateProfileName,
        TimeCreated: fargateProfile?.createdAt,
      })
    }),
  )
}

function arnOf({ partition, region, accountId }: Session, name: string): string {
  return `arn:${partition}:eks:${region}:${accountId}:cluster/${name}`
}
