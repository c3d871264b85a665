import { at, textAt, type AuditEvent, type JsonObject } from '#model'
import { answered, asked, membersOf, named, routeTable, textsOf, vpc, type Shows } from './ec2-named.ts'
import { all, has, is, nothing } from './shows.ts'
import { each, effect, type Named, type ServiceTable } from './table.ts'

const inVpc = ['requestParameters.vpcId']

/**
 * A VPC shows its route tables, access lists, groups and flow logs. Most calls on those name only their own id, and so do
 * `DisassociateRouteTable`, `DeleteFlowLogs`, `DeleteVpcEndpoints` and `DeleteVpcPeeringConnection`: what they change in a VPC, the
 * next scan sees. It also sees the default group, list and table that come and go with a VPC, the table or list that a subnet had
 * before its association was replaced, and the default list's new subnet.
 */
export const vpcs: ServiceTable['events'] = {
  ...each(['CreateVpc', 'CreateDefaultVpc'], effect('create', vpc, ['responseElements.vpc.vpcId'])),
  DeleteVpc: [effect('delete', vpc, inVpc)],
  ...named(['ModifyVpcTenancy'], (name) => [
    effect('update', vpc, asked(name, 'VpcId'), all(...asked(name, 'InstanceTenancy').map((from) => is('InstanceTenancy', from)))),
  ]),
  AssociateDhcpOptions: [effect('update', vpc, inVpc, is('DhcpOptionsId', 'requestParameters.dhcpOptionsId'))],
  ...each(['ModifyVpcAttribute', 'CreateSubnet', 'AttachVpnGateway', 'DetachVpnGateway'], effect('update', vpc, inVpc, nothing)),
  CreateDefaultSubnet: [effect('update', vpc, ['responseElements.subnet.vpcId'], nothing)],
  ...named(['AssociateVpcCidrBlock'], (name) => [effect('update', vpc, asked(name, 'VpcId'), hasRange(name))]),
  ...named(['DisassociateVpcCidrBlock'], (name) => [effect('update', vpc, answered(name, 'vpcId'))]),
  ...named(['CreateFlowLogs'], (name) => [
    effect(
      'update',
      vpc,
      [`requestParameters.${name}Request.ResourceId[].content`, `requestParameters.${name}Request.ResourceId[]`],
      has('FlowLogs', (event) => {
        const ids = answered(name, 'flowLogIdSet').flatMap((path) => membersOf(at(event.record, ...path.split('.'))))
        // Of several it does not tell which is the VPC's.
        return ids.length === 1 && typeof ids[0] === 'string' ? [{ FlowLogId: ids[0] }] : []
      }),
    ),
  ]),
  ...named(['CreateVpcEndpoint'], (name) => [
    effect('update', vpc, asked(name, 'VpcId'), routed(name)),
    effect(
      'update',
      routeTable,
      listOf(name, 'RouteTableId'),
      has('Routes', (event) => viaEndpoint(name, event)),
    ),
  ]),
  ...named(['ModifyVpcEndpoint'], (name) => [
    effect('update', routeTable, listOf(name, 'AddRouteTableId')),
    effect('update', routeTable, listOf(name, 'RemoveRouteTableId')),
  ]),
  ...each(
    ['CreateVpcPeeringConnection', 'AcceptVpcPeeringConnection', 'RejectVpcPeeringConnection'],
    effect('update', peer('requesterVpcInfo'), ['responseElements.vpcPeeringConnection.requesterVpcInfo.vpcId'], nothing),
    effect('update', peer('accepterVpcInfo'), ['responseElements.vpcPeeringConnection.accepterVpcInfo.vpcId'], nothing),
  ),
}

function listOf(event: string, member: string): readonly string[] {
  return [`requestParameters.${event}Request.${member}[].content`, `requestParameters.${event}Request.${member}[]`]
}

/** Each side of a peering has its own account and region; the other account's is not this event's to tell. */
function peer(side: string): Named {
  return {
    type: vpc.type,
    ref(event, text) {
      const [ownerId, region] = ['ownerId', 'region'].map((key) =>
        textAt(event.record, 'responseElements', 'vpcPeeringConnection', side, key),
      )
      if (ownerId !== event.accountId) return null
      return vpc.ref({ ...event, region: region ?? event.region }, text)
    },
  }
}

function hasRange(event: string): Shows {
  const ids = (kind: string) => (of: AuditEvent) =>
    textsOf(of, answered(event, `${kind}.associationId`)).map((AssociationId) => ({ AssociationId }))
  return all(
    has('CidrBlockAssociationSet', ids('cidrBlockAssociation')),
    has('Ipv6CidrBlockAssociationSet', ids('ipv6CidrBlockAssociation')),
  )
}

function viaEndpoint(name: string, event: AuditEvent): readonly JsonObject[] {
  return textsOf(event, answered(name, 'vpcEndpoint.vpcEndpointId')).map((GatewayId) => ({ GatewayId }))
}

/** Endpoints of a gateway stand in the route tables that the call names, the others in none. */
function routed(name: string): Shows {
  return (event) => {
    if (at(event.record, 'requestParameters', `${name}Request`, 'RouteTableId') === undefined) return nothing(event)
    return has('RouteTables', () => viaEndpoint(name, event).map((route) => ({ Routes: [route] })))(event)
  }
}
