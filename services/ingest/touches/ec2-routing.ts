import { at, isObject, textAt, type AuditEvent, type Json, type JsonObject } from '#model'
import {
  acl,
  answered,
  asked,
  internetGateway,
  isCanonical,
  named,
  natGateway,
  routeTable,
  textsOf,
  vpc,
  type Shows,
} from './ec2-named.ts'
import { has, lacks, nothing } from './shows.ts'
import { each, effect, type ServiceTable } from './table.ts'

const inVpc = ['requestParameters.vpcId']
const inAcl = ['requestParameters.networkAclId']
const inTable = ['requestParameters.routeTableId']

/** Access lists, route tables and gateways. What of a VPC they change, its own table of events tells. */
export const routing: ServiceTable['events'] = {
  CreateNetworkAcl: [
    effect('create', acl, ['responseElements.networkAcl.networkAclId']),
    effect(
      'update',
      vpc,
      [...inVpc, 'responseElements.networkAcl.vpcId'],
      has('NetworkAcls', (event) => textsOf(event, ['responseElements.networkAcl.networkAclId'])),
    ),
  ],
  DeleteNetworkAcl: [effect('delete', acl, inAcl)],
  ...each(['CreateNetworkAclEntry', 'ReplaceNetworkAclEntry'], effect('update', acl, inAcl, has('Entries', entry))),
  DeleteNetworkAclEntry: [
    effect(
      'update',
      acl,
      inAcl,
      lacks('Entries', (event) => entry(event).slice(0, 1)),
    ),
  ],
  ReplaceNetworkAclAssociation: [
    effect(
      'update',
      acl,
      inAcl,
      has('Associations', (event) =>
        textsOf(event, ['responseElements.newAssociationId']).map((NetworkAclAssociationId) => ({ NetworkAclAssociationId })),
      ),
    ),
  ],

  CreateRouteTable: [
    effect('create', routeTable, ['responseElements.routeTable.routeTableId']),
    effect(
      'update',
      vpc,
      inVpc,
      has('RouteTables', (event) =>
        textsOf(event, ['responseElements.routeTable.routeTableId']).map((RouteTableId) => ({ RouteTableId })),
      ),
    ),
  ],
  DeleteRouteTable: [effect('delete', routeTable, inTable)],
  ...each(['CreateRoute', 'ReplaceRoute'], effect('update', routeTable, inTable, has('Routes', route))),
  DeleteRoute: [
    effect(
      'update',
      routeTable,
      inTable,
      lacks('Routes', (event) => route(event).slice(0, 1)),
    ),
  ],
  AssociateRouteTable: [effect('update', routeTable, inTable, associated('responseElements.associationId'))],
  ReplaceRouteTableAssociation: [effect('update', routeTable, inTable, associated('responseElements.newAssociationId'))],
  ...named(['EnableVgwRoutePropagation'], (name) => [
    effect(
      'update',
      routeTable,
      asked(name, 'RouteTableId'),
      has('PropagatingVgws', (event) => vgw(name, event)),
    ),
  ]),
  ...named(['DisableVgwRoutePropagation'], (name) => [
    effect(
      'update',
      routeTable,
      asked(name, 'RouteTableId'),
      lacks('PropagatingVgws', (event) => vgw(name, event)),
    ),
  ]),

  CreateInternetGateway: [effect('create', internetGateway, ['responseElements.internetGateway.internetGatewayId'])],
  DeleteInternetGateway: [effect('delete', internetGateway, ['requestParameters.internetGatewayId'])],
  AttachInternetGateway: [
    effect('update', internetGateway, ['requestParameters.internetGatewayId'], has('Attachments', toVpc)),
    effect('update', vpc, inVpc, nothing),
  ],
  DetachInternetGateway: [
    effect('update', internetGateway, ['requestParameters.internetGatewayId'], lacks('Attachments', toVpc)),
    // Its routes to the gateway lead nowhere now, when there were any.
    effect('update', vpc, inVpc, nothing),
  ],
  ...named(['CreateNatGateway'], (name) => [effect('create', natGateway, answered(name, 'natGateway.natGatewayId'))]),
  ...named(['DeleteNatGateway'], (name) => [effect('delete', natGateway, asked(name, 'NatGatewayId'))]),
  ...named(
    [
      'AssignPrivateNatGatewayAddress',
      'AssociateNatGatewayAddress',
      'DisassociateNatGatewayAddress',
      'UnassignPrivateNatGatewayAddress',
    ],
    (name) => [effect('update', natGateway, asked(name, 'NatGatewayId'))],
  ),
}

function associated(from: string): Shows {
  return has('Associations', (event) => textsOf(event, [from]).map((RouteTableAssociationId) => ({ RouteTableAssociationId })))
}

function vgw(name: string, event: AuditEvent): readonly JsonObject[] {
  return textsOf(event, asked(name, 'GatewayId')).map((GatewayId) => ({ GatewayId }))
}

function toVpc(event: AuditEvent): readonly JsonObject[] {
  return textsOf(event, inVpc).map((VpcId) => ({ VpcId }))
}

// Of routes and entries first what tells them from others, then all that the event says: the first is what a deletion ends.

const destinations = ['DestinationCidrBlock', 'DestinationIpv6CidrBlock', 'DestinationPrefixListId']
const targets = [
  'CarrierGatewayId',
  'CoreNetworkArn',
  'EgressOnlyInternetGatewayId',
  'GatewayId',
  'InstanceId',
  'LocalGatewayId',
  'NatGatewayId',
  'NetworkInterfaceId',
  'TransitGatewayId',
  'VpcPeeringConnectionId',
]

function route(event: AuditEvent): readonly JsonObject[] {
  const texts = (keys: readonly string[]): readonly (readonly [string, Json])[] =>
    keys.flatMap((key) => textsOf(event, asked(event.name, key)).map((text) => [key, text] as const))
  const [destination] = texts(destinations)
  if (destination === undefined || !isKept(destination)) return []
  // An endpoint's routes have it as their gateway.
  const endpoint = textsOf(event, asked(event.name, 'VpcEndpointId')).map((id) => ['GatewayId', id] as const)
  const to = [...texts(targets), ...endpoint]
  return [Object.fromEntries([destination]), ...(to.length === 0 ? [] : [Object.fromEntries([destination, ...to])])]
}

function isKept([key, value]: readonly [string, Json]): boolean {
  return key === 'DestinationPrefixListId' || (typeof value === 'string' && isCanonical(value))
}

function entry(event: AuditEvent): readonly JsonObject[] {
  const request = at(event.record, 'requestParameters')
  if (!isObject(request)) return []
  const { egress: Egress, ruleNumber: RuleNumber, ruleAction: RuleAction, portRange, aclProtocol: Protocol } = request
  if (typeof Egress !== 'boolean' || typeof RuleNumber !== 'number') return []
  const CidrBlock = textAt(request, 'cidrBlock')
  // Other protocols have no ports, whatever was asked.
  const isPorts = Protocol === '6' || Protocol === '17'
  const [From, To] = [at(portRange, 'from'), at(portRange, 'to')]
  const all = {
    Egress,
    RuleNumber,
    ...(typeof RuleAction === 'string' ? { RuleAction } : {}),
    ...(typeof Protocol === 'string' && /^(?:-1|\d+)$/.test(Protocol) ? { Protocol } : {}),
    ...(CidrBlock !== null && isCanonical(CidrBlock) ? { CidrBlock } : {}),
    ...(isPorts && typeof From === 'number' && typeof To === 'number' ? { PortRange: { From, To } } : {}),
  }
  return [{ Egress, RuleNumber }, all]
}
