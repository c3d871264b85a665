import { textAt, type AuditEvent, type ResourceRef } from '#model'
import { partitionOf } from '../region.ts'
import { each, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const group = namedById('AWS.EC2.SecurityGroup', 'security-group', /^sg-[0-9a-f]{8,40}$/)
const vpc = namedById('AWS.EC2.VPC', 'vpc', /^vpc-[0-9a-f]{8,40}$/)

/** EC2 resources are named by id; an id of another kind (`CreateTags` takes all) is not ours. */
function namedById(type: string, word: string, form: RegExp): Named {
  return {
    type,
    ref({ accountId, region }: AuditEvent, text: string): ResourceRef | null {
      if (!form.test(text)) return null
      return { accountId, region, type, id: `arn:${partitionOf(region)}:ec2:${region}:${accountId}:${word}/${text}` }
    },
  }
}

const inVpc: Effect = touch('update', vpc, 'requestParameters.vpcId')
const ofRules: Effect = touch(
  'update',
  group,
  // Groups of the default VPC may be named by name: then only the response has the id.
  'requestParameters.groupId',
  'responseElements.securityGroupRuleSet.items[].groupId',
  'responseElements.revokedSecurityGroupRuleSet.items[].groupId',
)

/**
 * Route tables, subnets and network ACLs that are changed or deleted by their own id, `DeleteFlowLogs` and
 * `DeleteVpcPeeringConnection` do not say in which VPC; nor does a new VPC name its default group. The next scan sees those.
 */
export const ec2: ServiceTable = {
  source: 'ec2.amazonaws.com',
  events: {
    CreateSecurityGroup: [touch('create', group, 'responseElements.groupId'), inVpc],
    DeleteSecurityGroup: [touch('delete', group, 'requestParameters.groupId', 'responseElements.groupId')],
    ...each(
      ['AuthorizeSecurityGroupIngress', 'AuthorizeSecurityGroupEgress', 'RevokeSecurityGroupIngress', 'RevokeSecurityGroupEgress'],
      ofRules,
    ),
    ModifySecurityGroupRules: [
      touch('update', group, 'requestParameters.ModifySecurityGroupRulesRequest.GroupId', 'requestParameters.groupId'),
    ],
    ...each(
      ['UpdateSecurityGroupRuleDescriptionsIngress', 'UpdateSecurityGroupRuleDescriptionsEgress'],
      touch(
        'update',
        group,
        'requestParameters.groupId',
        'requestParameters.UpdateSecurityGroupRuleDescriptionsIngressRequest.GroupId',
        'requestParameters.UpdateSecurityGroupRuleDescriptionsEgressRequest.GroupId',
      ),
    ),
    AssociateSecurityGroupVpc: [
      touch('update', group, 'requestParameters.AssociateSecurityGroupVpcRequest.GroupId', 'requestParameters.groupId'),
    ],
    DisassociateSecurityGroupVpc: [
      touch('update', group, 'requestParameters.DisassociateSecurityGroupVpcRequest.GroupId', 'requestParameters.groupId'),
    ],
    ...each(
      ['CreateTags', 'DeleteTags'],
      touch('update', group, 'requestParameters.resourcesSet.items[].resourceId'),
      touch('update', vpc, 'requestParameters.resourcesSet.items[].resourceId'),
    ),
    ...each(['CreateVpc', 'CreateDefaultVpc'], touch('create', vpc, 'responseElements.vpc.vpcId')),
    DeleteVpc: [touch('delete', vpc, 'requestParameters.vpcId')],
    ...each(
      [
        'ModifyVpcAttribute',
        'ModifyVpcTenancy',
        'AssociateDhcpOptions',
        'CreateRouteTable',
        'CreateSubnet',
        'AttachInternetGateway',
        'DetachInternetGateway',
        'AttachVpnGateway',
        'DetachVpnGateway',
      ],
      touch('update', vpc, 'requestParameters.vpcId', 'requestParameters.ModifyVpcTenancyRequest.VpcId'),
    ),
    CreateNetworkAcl: [touch('update', vpc, 'requestParameters.vpcId', 'responseElements.networkAcl.vpcId')],
    CreateDefaultSubnet: [touch('update', vpc, 'responseElements.subnet.vpcId')],
    AssociateVpcCidrBlock: [
      touch('update', vpc, 'requestParameters.AssociateVpcCidrBlockRequest.VpcId', 'requestParameters.vpcId'),
    ],
    DisassociateVpcCidrBlock: [
      touch('update', vpc, 'responseElements.DisassociateVpcCidrBlockResponse.vpcId', 'responseElements.vpcId'),
    ],
    CreateVpcEndpoint: [touch('update', vpc, 'requestParameters.CreateVpcEndpointRequest.VpcId', 'requestParameters.vpcId')],
    CreateFlowLogs: [
      touch(
        'update',
        vpc,
        'requestParameters.CreateFlowLogsRequest.ResourceId[].content',
        'requestParameters.CreateFlowLogsRequest.ResourceId[]',
      ),
    ],
    ...each(
      ['CreateVpcPeeringConnection', 'AcceptVpcPeeringConnection', 'RejectVpcPeeringConnection'],
      peer('requesterVpcInfo'),
      peer('accepterVpcInfo'),
    ),
  },
}

/** Each side of a peering has its own account and region; the other account's is not this event's to tell. */
function peer(side: string): Effect {
  const named: Named = {
    type: vpc.type,
    ref(event, text) {
      const [ownerId, region] = ['ownerId', 'region'].map((key) =>
        textAt(event.record, 'responseElements', 'vpcPeeringConnection', side, key),
      )
      if (ownerId !== event.accountId) return null
      return vpc.ref({ ...event, region: region ?? event.region }, text)
    },
  }
  return touch('update', named, `responseElements.vpcPeeringConnection.${side}.vpcId`)
}

function touch(kind: TouchKind, named: Named, ...from: readonly string[]): Effect {
  return { kind, named, from }
}
