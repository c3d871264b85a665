import * as z from 'zod'
import { common, flag, list, part, text, texts, time } from './parts.ts'

export const iamUserShape = z.object({
  ...common('AWS.IAM.User'),
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  CredentialReport: part({
    ARN: text,
    AccessKey1Active: flag,
    AccessKey1LastRotated: text,
    AccessKey1LastUsedDate: text,
    AccessKey1LastUsedRegion: text,
    AccessKey1LastUsedService: text,
    AccessKey2Active: flag,
    AccessKey2LastRotated: text,
    AccessKey2LastUsedDate: text,
    AccessKey2LastUsedRegion: text,
    AccessKey2LastUsedService: text,
    Cert1Active: flag,
    Cert1LastRotated: text,
    Cert2Active: flag,
    Cert2LastRotated: text,
    MfaActive: flag,
    PasswordEnabled: flag,
    PasswordLastChanged: text,
    PasswordLastUsed: text,
    PasswordNextRotation: text,
    UserCreationTime: text,
    UserName: text,
  }),
  Groups: list(z.object({ Arn: text, CreateDate: time, GroupId: text, GroupName: text, Path: text })),
  InlinePolicies: texts,
  ManagedPolicyNames: list(z.string()),
  PasswordLastUsed: time,
  Path: text,
  PermissionsBoundary: part({ PermissionsBoundaryArn: text, PermissionsBoundaryType: text }),
  VirtualMFA: part({ EnableDate: time, SerialNumber: text }),
})
/** `AWS.IAM.User` */
export type IamUser = z.output<typeof iamUserShape>
