import * as z from 'zod'
import { credentialReport } from './credential-report.ts'
import { virtualMfa } from './iam-parts.ts'
import { common } from './parts.ts'

/** `AWS.IAM.RootUser` */
export const iamRootUserShape = z.object({
  ...common('AWS.IAM.RootUser'),
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  CredentialReport: credentialReport,
  VirtualMFA: virtualMfa,
})
