import * as z from 'zod'
import { common, text, texts, whole } from './parts.ts'

export const cloudwatchLogGroupShape = z.object({
  ...common('AWS.CloudWatch.LogGroup'),
  Tags: texts,
  Arn: z.string(),
  Name: z.string(),
  LogGroupName: text,
  KmsKeyId: text,
  MetricFilterCount: whole,
  RetentionInDays: whole,
  StoredBytes: whole,
})
