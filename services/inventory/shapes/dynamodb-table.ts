import * as z from 'zod'
import { common, flag, list, part, text, time, whole } from './parts.ts'

const throughput = part({
  LastDecreaseDateTime: time,
  LastIncreaseDateTime: time,
  NumberOfDecreasesToday: whole,
  ReadCapacityUnits: whole,
  WriteCapacityUnits: whole,
})
const keySchema = list(z.object({ AttributeName: text, KeyType: text }))
const index = {
  IndexArn: text,
  IndexName: text,
  IndexSizeBytes: whole,
  ItemCount: whole,
  KeySchema: keySchema,
  Projection: part({ NonKeyAttributes: list(z.string()), ProjectionType: text }),
}

/** `AWS.DynamoDB.Table` */
export const dynamodbTableShape = z.object({
  ...common('AWS.DynamoDB.Table'),
  Arn: z.string(),
  Id: text,
  Name: z.string(),
  AttributeDefinitions: list(z.object({ AttributeName: text, AttributeType: text })),
  AutoScalingDescriptions: list(
    z.object({
      CreationTime: time,
      MaxCapacity: whole,
      MinCapacity: whole,
      ResourceId: text,
      RoleARN: text,
      ScalableDimension: text,
      ServiceNamespace: text,
      SuspendedState: part({
        DynamicScalingInSuspended: flag,
        DynamicScalingOutSuspended: flag,
        ScheduledScalingSuspended: flag,
      }),
    }),
  ),
  BillingModeSummary: part({ BillingMode: text, LastUpdateToPayPerRequestDateTime: time }),
  ContinuousBackupsDescription: part({
    ContinuousBackupsStatus: text,
    PointInTimeRecoveryDescription: part({ PointInTimeRecoveryStatus: text, RecoveryPeriodInDays: whole }),
  }),
  DeletionProtectionEnabled: flag,
  GlobalSecondaryIndexes: list(z.object({ ...index, Backfilling: flag, IndexStatus: text, ProvisionedThroughput: throughput })),
  ItemCount: whole,
  KeySchema: keySchema,
  LatestStreamArn: text,
  LatestStreamLabel: text,
  LocalSecondaryIndexes: list(z.object(index)),
  ProvisionedThroughput: throughput,
  RestoreSummary: part({ RestoreDateTime: time, RestoreInProgress: flag, SourceBackupArn: text, SourceTableArn: text }),
  SSEDescription: part({ InaccessibleEncryptionDateTime: time, KMSMasterKeyArn: text, SSEType: text, Status: text }),
  StreamSpecification: part({ StreamEnabled: flag, StreamViewType: text }),
  TableArn: text,
  TableSizeBytes: whole,
  TableStatus: text,
  TimeToLiveDescription: part({ AttributeName: text, TimeToLiveStatus: text }),
})
