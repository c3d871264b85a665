import { guarddutyDetectorMetaShape } from '../shapes/guardduty-detector-meta.ts'
import { accountWide } from './account-wide.ts'
import { detectorIn } from './guardduty-detector.ts'
import { inEveryRegion, regionalId } from './regions.ts'

/** `{accountId}::AWS.GuardDuty.Detector.Meta`: the detectors of all regions. */
export const guarddutyDetectorMeta = accountWide('AWS.GuardDuty.Detector.Meta', guarddutyDetectorMetaShape, async (session) => {
  const asked = await inEveryRegion(session, async (region) => ({ region, detector: await detectorIn(session, region) }))
  const found = asked.filter(({ detector }) => detector !== null)
  return { Detectors: found.map(({ region }) => regionalId({ ...session, region }, 'AWS.GuardDuty.Detector')).toSorted() }
})
