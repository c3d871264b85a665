import * as z from 'zod'
import { common, list, part, text, time } from './parts.ts'

/** `AWS.GuardDuty.Detector` */
export const guarddutyDetectorShape = z.object({
  ...common('AWS.GuardDuty.Detector'),
  Id: z.string(),
  Features: list(z.object({ Name: text, Status: text })),
  FindingPublishingFrequency: text,
  Master: part({ AccountId: text, InvitationId: text, InvitedAt: text, RelationshipStatus: text }),
  ServiceRole: text,
  Status: text,
  UpdatedAt: time,
})
