import * as z from 'zod'
import { snapshotOfVolume } from './ec2-snapshot.ts'
import { common, flag, list, text, time, whole } from './parts.ts'

export const ec2VolumeShape = z.object({
  ...common('AWS.EC2.Volume'),
  Arn: z.string(),
  Id: z.string(),
  Attachments: list(
    z.object({ AttachTime: time, DeleteOnTermination: flag, Device: text, InstanceId: text, State: text, VolumeId: text }),
  ),
  AvailabilityZone: text,
  CreateTime: time,
  Encrypted: flag,
  Iops: whole,
  KmsKeyId: text,
  Size: whole,
  SnapshotId: text,
  Snapshots: list(snapshotOfVolume),
  State: text,
  VolumeId: text,
  VolumeType: text,
})
