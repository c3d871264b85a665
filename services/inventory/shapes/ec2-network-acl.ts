import * as z from 'zod'
import { common, flag, list, part, text, whole } from './parts.ts'

export const ec2NetworkAclShape = z.object({
  ...common('AWS.EC2.NetworkACL'),
  Arn: z.string(),
  Id: z.string(),
  Associations: list(z.object({ NetworkAclAssociationId: text, NetworkAclId: text, SubnetId: text })),
  Entries: list(
    z.object({
      CidrBlock: text,
      Egress: flag,
      IcmpTypeCode: part({ Code: whole, Type: whole }),
      Ipv6CidrBlock: text,
      PortRange: part({ From: whole, To: whole }),
      Protocol: text,
      RuleAction: text,
      RuleNumber: whole,
    }),
  ),
  IsDefault: flag,
  NetworkAclId: text,
  OwnerId: text,
  VpcId: text,
})
