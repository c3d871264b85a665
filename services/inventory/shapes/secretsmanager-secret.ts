import * as z from 'zod'
import { common, flag, list, part, text, time, whole } from './parts.ts'

/** `AWS.SecretsManager.Secret`: all about a secret but its value. */
export const secretsmanagerSecretShape = z.object({
  ...common('AWS.SecretsManager.Secret'),
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  DeletedDate: time,
  Description: text,
  ExternalSecretRotationMetadata: list(z.object({ Key: text, Value: text })),
  ExternalSecretRotationRoleArn: text,
  KmsKeyId: text,
  LastAccessedDate: time,
  LastChangedDate: time,
  LastRotatedDate: time,
  NextRotationDate: time,
  OwningService: text,
  PrimaryRegion: text,
  ReplicationStatus: list(z.object({ KmsKeyId: text, LastAccessedDate: time, Region: text, Status: text, StatusMessage: text })),
  ResourcePolicy: text,
  RotationEnabled: flag,
  RotationLambdaARN: text,
  RotationRules: part({ AutomaticallyAfterDays: whole, Duration: text, ScheduleExpression: text }),
  Type: text,
  VersionIdsToStages: z.record(z.string(), z.array(z.string())).nullable().default(null),
})
