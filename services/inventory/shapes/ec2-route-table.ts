import * as z from 'zod'
import { common, flag, list, part, text } from './parts.ts'

export const ec2RouteTableShape = z.object({
  ...common('AWS.EC2.RouteTable'),
  Arn: z.string(),
  Id: z.string(),
  Associations: list(
    z.object({
      AssociationState: part({ State: text, StatusMessage: text }),
      GatewayId: text,
      Main: flag,
      PublicIpv4Pool: text,
      RouteTableAssociationId: text,
      RouteTableId: text,
      SubnetId: text,
    }),
  ),
  OwnerId: text,
  PropagatingVgws: list(z.object({ GatewayId: text })),
  RouteTableId: text,
  Routes: list(
    z.object({
      CarrierGatewayId: text,
      CoreNetworkArn: text,
      DestinationCidrBlock: text,
      DestinationIpv6CidrBlock: text,
      DestinationPrefixListId: text,
      EgressOnlyInternetGatewayId: text,
      GatewayId: text,
      InstanceId: text,
      InstanceOwnerId: text,
      IpAddress: text,
      LocalGatewayId: text,
      NatGatewayId: text,
      NetworkInterfaceId: text,
      OdbNetworkArn: text,
      Origin: text,
      State: text,
      TransitGatewayId: text,
      VpcPeeringConnectionId: text,
    }),
  ),
  VpcId: text,
})
