import * as z from 'zod'
import { credentialReport } from './credential-report.ts'
import { names, permissionsBoundary, virtualMfa } from './iam-parts.ts'
import { common, list, text, texts, time } from './parts.ts'

/** `AWS.IAM.User` */
export const iamUserShape = z.object({
  ...common('AWS.IAM.User'),
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  AccessKeys: list(z.object({ AccessKeyId: text, CreateDate: time, Status: text })),
  CreateDate: time,
  CredentialReport: credentialReport,
  Groups: list(z.object({ Arn: text, CreateDate: time, GroupId: text, GroupName: text, Path: text })),
  InlinePolicies: texts,
  InlinePolicyNames: names,
  MFADevices: list(z.object({ EnableDate: time, SerialNumber: text })),
  ManagedPolicyNames: names,
  PasswordLastUsed: time,
  Path: text,
  PermissionsBoundary: permissionsBoundary,
  UserId: text,
  UserName: text,
  VirtualMFA: virtualMfa,
})
