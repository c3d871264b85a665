import * as z from 'zod'
import { names, permissionsBoundary } from './iam-parts.ts'
import { common, text, texts, time, whole } from './parts.ts'

/** `AWS.IAM.Role` */
export const iamRoleShape = z.object({
  ...common('AWS.IAM.Role'),
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  AssumeRolePolicyDocument: text,
  CreateDate: time,
  Description: text,
  InlinePolicies: texts,
  InlinePolicyNames: names,
  ManagedPolicyNames: names,
  MaxSessionDuration: whole,
  Path: text,
  PermissionsBoundary: permissionsBoundary,
  RoleId: text,
  RoleName: text,
})
