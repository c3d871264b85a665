import * as z from 'zod'
import { common, flag, text, time } from './parts.ts'

/** `AWS.KMS.Key` */
export const kmsKeyShape = z.object({
  ...common('AWS.KMS.Key'),
  Arn: z.string(),
  Id: z.string(),
  CloudHsmClusterId: text,
  CreationDate: time,
  CustomKeyStoreId: text,
  DeletionDate: time,
  Description: text,
  Enabled: flag,
  ExpirationModel: text,
  KeyId: text,
  KeyManager: text,
  KeyRotationEnabled: flag,
  KeyState: text,
  KeyUsage: text,
  Origin: text,
  Policy: text,
  ValidTo: time,
})
