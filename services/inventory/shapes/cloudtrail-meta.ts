import * as z from 'zod'
import { advancedEventSelectors, eventSelectors } from './cloudtrail-parts.ts'
import { common } from './parts.ts'

/** `AWS.CloudTrail.Meta` */
export const cloudtrailMetaShape = z.object({
  ...common('AWS.CloudTrail.Meta'),
  Name: z.string(),
  GlobalAdvancedEventSelectors: advancedEventSelectors,
  GlobalEventSelectors: eventSelectors,
  // A list even when there is none.
  Trails: z.array(z.string()),
})
