import * as z from 'zod'
import { names, permissionsBoundary } from './iam-parts.ts'
import { common, list, tagList, text, time } from './parts.ts'

/** `AWS.IAM.Group` */
export const iamGroupShape = z.object({
  ...common('AWS.IAM.Group'),
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  CreateDate: time,
  GroupId: text,
  GroupName: text,
  // A map even when there is none, other than those of users and roles.
  InlinePolicies: z.record(z.string(), z.string()),
  InlinePolicyNames: names,
  ManagedPolicyARNs: names,
  ManagedPolicyNames: names,
  Path: text,
  Users: list(
    z.object({
      Arn: text,
      CreateDate: time,
      PasswordLastUsed: time,
      Path: text,
      PermissionsBoundary: permissionsBoundary,
      Tags: tagList,
      UserId: text,
      UserName: text,
    }),
  ),
})
