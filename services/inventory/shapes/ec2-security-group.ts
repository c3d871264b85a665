import * as z from 'zod'
import { common, list, text, whole } from './parts.ts'

const permissions = list(
  z.object({
    FromPort: whole,
    IpProtocol: text,
    IpRanges: list(z.object({ CidrIp: text, Description: text })),
    Ipv6Ranges: list(z.object({ CidrIpv6: text, Description: text })),
    PrefixListIds: list(z.object({ Description: text, PrefixListId: text })),
    ToPort: whole,
    UserIdGroupPairs: list(
      z.object({
        Description: text,
        GroupId: text,
        GroupName: text,
        PeeringStatus: text,
        UserId: text,
        VpcId: text,
        VpcPeeringConnectionId: text,
      }),
    ),
  }),
)

/** `AWS.EC2.SecurityGroup` */
export const ec2SecurityGroupShape = z.object({
  ...common('AWS.EC2.SecurityGroup'),
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  Description: text,
  GroupId: text,
  GroupName: text,
  IpPermissions: permissions,
  IpPermissionsEgress: permissions,
  OwnerId: text,
  VpcId: text,
})
