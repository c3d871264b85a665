import { at, isObject, type AuditEvent, type Witness } from '#model'
import { partitionOf } from '../region.ts'
import { is, tagged, untagged } from './shows.ts'
import { each, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.EKS.Cluster'

/** Clusters are named by name; in tag calls by ARN, as are their node groups and Fargate profiles, which carry its name. */
function named(form: RegExp): Named {
  return {
    type,
    ref({ accountId, region }, text) {
      const plain = text.replaceAll('%3A', ':').replaceAll('%2F', '/')
      const arn = readArn(plain)
      if (arn !== null && (arn.service !== 'eks' || arn.accountId !== accountId)) return null
      const name = form.exec(arn === null ? `cluster/${plain}` : arn.resource)?.[1]
      if (name === undefined) return null
      const where = arn?.region ?? region
      return { accountId, region: where, type, id: `arn:${partitionOf(where)}:eks:${where}:${accountId}:cluster/${name}` }
    },
  }
}
const cluster = named(/^cluster\/([\w-]{1,100})$/)
const home = named(/^(?:nodegroup|fargateprofile)\/([\w-]{1,100})\//)

const touch = (kind: TouchKind): Effect => ({
  kind,
  named: cluster,
  from: ['responseElements.cluster.arn', 'requestParameters.name', 'requestParameters.clusterName'],
})
const tag: Effect = { kind: 'update', named: cluster, from: ['requestParameters.resourceArn'] }
const tagInside: Effect = { ...tag, named: home }

/** One call changes one kind of setting: of those for the network all that it gives, since a caller may repeat what was there. */
function network(event: AuditEvent): readonly Witness[] {
  const given = at(event.record, 'requestParameters', 'resourcesVpcConfig')
  if (!isObject(given)) return []
  return (['endpointPublicAccess', 'endpointPrivateAccess', 'publicAccessCidrs', 'subnetIds', 'securityGroupIds'] as const).flatMap(
    (key): readonly Witness[] => {
      const value = given[key]
      const attribute = key.slice(0, 1).toUpperCase() + key.slice(1)
      return value === undefined ? [] : [{ kind: 'is', path: ['ResourcesVpcConfig', attribute], value }]
    },
  )
}

/**
 * EKS works on most changes for minutes and no event says when it is done: what is not to be seen in time, the next scan finds.
 * Add-ons, access entries, identity providers and pod identities are not kept.
 */
export const eks: ServiceTable = {
  source: 'eks.amazonaws.com',
  events: {
    CreateCluster: [{ ...touch('create'), shows: tagged('requestParameters.tags') }],
    DeleteCluster: [touch('delete')],
    UpdateClusterConfig: [{ ...touch('update'), shows: network }],
    UpdateClusterVersion: [{ ...touch('update'), shows: is('Version', 'requestParameters.version') }],
    ...each(
      [
        'AssociateEncryptionConfig',
        'CreateNodegroup',
        'UpdateNodegroupConfig',
        'UpdateNodegroupVersion',
        'DeleteNodegroup',
        'CreateFargateProfile',
        'DeleteFargateProfile',
      ],
      touch('update'),
    ),
    TagResource: [{ ...tag, shows: tagged('requestParameters.tags') }, tagInside],
    UntagResource: [{ ...tag, shows: untagged('requestParameters.tagKeys') }, tagInside],
  },
}
