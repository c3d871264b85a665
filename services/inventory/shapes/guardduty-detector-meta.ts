import * as z from 'zod'
import { common } from './parts.ts'

/** `AWS.GuardDuty.Detector.Meta` */
export const guarddutyDetectorMetaShape = z.object({
  ...common('AWS.GuardDuty.Detector.Meta'),
  // A list even when there is none.
  Detectors: z.array(z.string()),
})
