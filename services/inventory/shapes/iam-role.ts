import * as z from 'zod'
import { common, list, part, text, texts, whole } from './parts.ts'

/** `AWS.IAM.Role` */
export const iamRoleShape = z.object({
  ...common('AWS.IAM.Role'),
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  AssumeRolePolicyDocument: text,
  Description: text,
  InlinePolicies: texts,
  ManagedPolicyNames: list(z.string()),
  MaxSessionDuration: whole,
  Path: text,
  PermissionsBoundary: part({ PermissionsBoundaryArn: text, PermissionsBoundaryType: text }),
})
