import * as z from 'zod'
import { common, flag, list, part, text, time } from './parts.ts'

/** `AWS.Config.Recorder` */
export const configRecorderShape = z.object({
  ...common('AWS.Config.Recorder'),
  Name: z.string(),
  RecordingGroup: part({ AllSupported: flag, IncludeGlobalResourceTypes: flag, ResourceTypes: list(z.string()) }),
  RoleARN: text,
  Status: part({
    LastErrorCode: text,
    LastErrorMessage: text,
    LastStartTime: time,
    LastStatus: text,
    LastStatusChangeTime: time,
    LastStopTime: time,
    Name: text,
    Recording: flag,
  }),
})
