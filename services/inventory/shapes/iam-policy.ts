import * as z from 'zod'
import { common, flag, list, part, text, time, whole } from './parts.ts'

/** `AWS.IAM.Policy` */
export const iamPolicyShape = z.object({
  ...common('AWS.IAM.Policy'),
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  AttachmentCount: whole,
  CreateDate: time,
  DefaultVersionId: text,
  Description: text,
  Entities: part({
    PolicyGroups: list(z.object({ GroupId: text, GroupName: text })),
    PolicyRoles: list(z.object({ RoleId: text, RoleName: text })),
    PolicyUsers: list(z.object({ UserId: text, UserName: text })),
  }),
  IsAttachable: flag,
  Path: text,
  PermissionsBoundaryUsageCount: whole,
  PolicyDocument: text,
  PolicyId: text,
  PolicyName: text,
  UpdateDate: time,
})
