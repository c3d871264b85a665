import * as z from 'zod'
import { flagOf, textOf, timeOf, wholeOf } from './attribute-texts.ts'
import { common } from './parts.ts'

/** `AWS.SQS.Queue` */
export const sqsQueueShape = z.object({
  ...common('AWS.SQS.Queue'),
  TimeCreated: timeOf,
  Arn: z.string(),
  Id: z.string(),
  Name: z.string(),
  ApproximateNumberOfMessages: wholeOf,
  ApproximateNumberOfMessagesDelayed: wholeOf,
  ApproximateNumberOfMessagesNotVisible: wholeOf,
  ContentBasedDeduplication: flagOf,
  CreatedTimestamp: timeOf,
  DeduplicationScope: textOf,
  DelaySeconds: wholeOf,
  FifoQueue: flagOf,
  FifoThroughputLimit: textOf,
  KmsDataKeyReusePeriodSeconds: wholeOf,
  KmsMasterKeyId: textOf,
  LastModifiedTimestamp: timeOf,
  MaximumMessageSize: wholeOf,
  MessageRetentionPeriod: wholeOf,
  Policy: textOf,
  QueueArn: textOf,
  QueueUrl: textOf,
  ReceiveMessageWaitTimeSeconds: wholeOf,
  RedriveAllowPolicy: textOf,
  RedrivePolicy: textOf,
  SqsManagedSseEnabled: flagOf,
  VisibilityTimeout: wholeOf,
})
