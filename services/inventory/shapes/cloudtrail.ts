import * as z from 'zod'
import { common, flag, list, part, text, time } from './parts.ts'

/** `AWS.CloudTrail` */
export const cloudtrailShape = z.object({
  ...common('AWS.CloudTrail'),
  Arn: z.string(),
  Name: z.string(),
  CloudWatchLogsLogGroupArn: text,
  CloudWatchLogsRoleArn: text,
  EventSelectors: list(
    z.object({
      DataResources: list(z.object({ Type: text, Values: list(z.string()) })),
      ExcludeManagementEventSources: list(z.string()),
      IncludeManagementEvents: flag,
      ReadWriteType: text,
    }),
  ),
  HasCustomEventSelectors: flag,
  HomeRegion: text,
  IncludeGlobalServiceEvents: flag,
  IsMultiRegionTrail: flag,
  IsOrganizationTrail: flag,
  KmsKeyId: text,
  LogFileValidationEnabled: flag,
  S3BucketName: text,
  S3KeyPrefix: text,
  SnsTopicARN: text,
  SnsTopicName: text,
  Status: part({
    IsLogging: flag,
    LatestCloudWatchLogsDeliveryError: text,
    LatestCloudWatchLogsDeliveryTime: time,
    LatestDeliveryAttemptSucceeded: text,
    LatestDeliveryAttemptTime: text,
    LatestDeliveryError: text,
    LatestDeliveryTime: time,
    LatestDigestDeliveryError: text,
    LatestDigestDeliveryTime: time,
    LatestNotificationAttemptSucceeded: text,
    LatestNotificationAttemptTime: text,
    LatestNotificationError: text,
    LatestNotificationTime: time,
    StartLoggingTime: time,
    StopLoggingTime: time,
    TimeLoggingStarted: text,
    TimeLoggingStopped: text,
  }),
})
