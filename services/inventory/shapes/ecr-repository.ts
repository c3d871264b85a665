import * as z from 'zod'
import { common, flag, list, part, text } from './parts.ts'

const filters = list(z.object({ Filter: text, FilterType: text }))

/** `AWS.ECR.Repository` */
export const ecrRepositoryShape = z.object({
  ...common('AWS.ECR.Repository'),
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  EncryptionConfiguration: part({ EncryptionType: text, KmsKey: text }),
  ImageScanningConfiguration: part({ ScanOnPush: flag }),
  ImageTagMutability: text,
  ImageTagMutabilityExclusionFilters: filters,
  LifecyclePolicyText: text,
  PolicyText: text,
  RegistryId: text,
  RepositoryArn: text,
  RepositoryName: text,
  RepositoryUri: text,
  ScanningConfiguration: part({ AppliedScanFilters: filters, ScanFrequency: text, ScanOnPush: flag }),
})
