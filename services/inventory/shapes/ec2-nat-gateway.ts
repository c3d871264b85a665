import * as z from 'zod'
import { common, flag, list, part, text, time } from './parts.ts'

export const ec2NatGatewayShape = z.object({
  ...common('AWS.EC2.NatGateway'),
  Arn: z.string(),
  Id: z.string(),
  AttachedAppliances: list(
    z.object({
      ApplianceArn: text,
      AttachmentState: text,
      FailureCode: text,
      FailureMessage: text,
      ModificationState: text,
      Type: text,
      VpcEndpointId: text,
    }),
  ),
  AutoProvisionZones: text,
  AutoScalingIps: text,
  AvailabilityMode: text,
  ConnectivityType: text,
  CreateTime: time,
  DeleteTime: time,
  FailureCode: text,
  FailureMessage: text,
  NatGatewayAddresses: list(
    z.object({
      AllocationId: text,
      AssociationId: text,
      AvailabilityZone: text,
      AvailabilityZoneId: text,
      FailureMessage: text,
      IsPrimary: flag,
      NetworkInterfaceId: text,
      PrivateIp: text,
      PublicIp: text,
      Status: text,
    }),
  ),
  NatGatewayId: text,
  ProvisionedBandwidth: part({ ProvisionTime: time, Provisioned: text, RequestTime: time, Requested: text, Status: text }),
  RouteTableId: text,
  State: text,
  SubnetId: text,
  VpcId: text,
})
