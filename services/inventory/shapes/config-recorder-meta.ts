import * as z from 'zod'
import { common } from './parts.ts'

/** `AWS.Config.Recorder.Meta` */
export const configRecorderMetaShape = z.object({
  ...common('AWS.Config.Recorder.Meta'),
  Name: z.string(),
  GlobalRecorderCount: z.int(),
  // A list even when there is none.
  Recorders: z.array(z.string()),
})
