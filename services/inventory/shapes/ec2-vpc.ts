import * as z from 'zod'
import { common, flag, list, part, tagList, text, time, whole } from './parts.ts'

const state = part({ State: text, StatusMessage: text })

const flowLog = z.object({
  CreationTime: time,
  DeliverLogsErrorMessage: text,
  DeliverLogsPermissionArn: text,
  DeliverLogsStatus: text,
  FlowLogId: text,
  FlowLogStatus: text,
  LogDestination: text,
  LogDestinationType: text,
  LogFormat: text,
  LogGroupName: text,
  MaxAggregationInterval: whole,
  ResourceId: text,
  Tags: tagList,
  TrafficType: text,
})

const route = z.object({
  CarrierGatewayId: text,
  DestinationCidrBlock: text,
  DestinationIpv6CidrBlock: text,
  DestinationPrefixListId: text,
  EgressOnlyInternetGatewayId: text,
  GatewayId: text,
  InstanceId: text,
  InstanceOwnerId: text,
  LocalGatewayId: text,
  NatGatewayId: text,
  NetworkInterfaceId: text,
  Origin: text,
  State: text,
  TransitGatewayId: text,
  VpcPeeringConnectionId: text,
})

const routeTable = z.object({
  Associations: list(
    z.object({
      AssociationState: state,
      GatewayId: text,
      Main: flag,
      RouteTableAssociationId: text,
      RouteTableId: text,
      SubnetId: text,
    }),
  ),
  OwnerId: text,
  PropagatingVgws: list(z.object({ GatewayId: text })),
  RouteTableId: text,
  Routes: list(route),
  Tags: tagList,
  VpcId: text,
})

/** `AWS.EC2.VPC` */
export const ec2VpcShape = z.object({
  ...common('AWS.EC2.VPC'),
  Arn: z.string(),
  Id: z.string(),
  CidrBlock: text,
  CidrBlockAssociationSet: list(z.object({ AssociationId: text, CidrBlock: text, CidrBlockState: state })),
  DefaultNetworkAclId: text,
  DefaultSecurityGroupId: text,
  DhcpOptionsId: text,
  FlowLogs: list(flowLog),
  InstanceTenancy: text,
  Ipv6CidrBlockAssociationSet: list(
    z.object({ AssociationId: text, Ipv6CidrBlock: text, Ipv6CidrBlockState: state, Ipv6Pool: text, NetworkBorderGroup: text }),
  ),
  IsDefault: flag,
  NetworkAcls: list(z.string()),
  OwnerId: text,
  RouteTables: list(routeTable),
  SecurityGroups: list(z.string()),
  StaleSecurityGroups: list(z.string()),
  State: text,
  VpcId: text,
})
