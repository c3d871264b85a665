import * as z from 'zod'
import { common, flag, list, tagList, text, time, whole } from './parts.ts'

const permissions = list(z.object({ Group: text, UserId: text }))

/** A snapshot as a volume shows it. */
export const snapshotOfVolume = z.object({
  CreateVolumePermissions: permissions,
  DataEncryptionKeyId: text,
  Description: text,
  Encrypted: flag,
  KmsKeyId: text,
  OutpostArn: text,
  OwnerAlias: text,
  OwnerId: text,
  Progress: text,
  SnapshotId: text,
  StartTime: time,
  State: text,
  StateMessage: text,
  Tags: tagList,
  VolumeId: text,
  VolumeSize: whole,
})

export const ec2SnapshotShape = z.object({
  ...snapshotOfVolume.shape,
  ...common('AWS.EC2.Snapshot'),
  Arn: z.string(),
  Id: z.string(),
  AvailabilityZone: text,
  CompletionDurationMinutes: whole,
  CompletionTime: time,
  FullSnapshotSizeInBytes: whole,
  RestoreExpiryTime: time,
  SseType: text,
  StorageTier: text,
  TransferType: text,
})
