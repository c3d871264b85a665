import { configRecorderMetaShape } from '../shapes/config-recorder-meta.ts'
import { accountWide } from './account-wide.ts'
import { recorderIn } from './config-recorder.ts'
import { inEveryRegion, regionalId } from './regions.ts'

/**
 * `{accountId}::AWS.Config.Recorder.Meta`: the recorders of all regions. `GlobalRecorderCount` counts those that record all types
 * and the global ones; the open-source Panther meant to, and gave the number of all recorders.
 */
export const configRecorderMeta = accountWide('AWS.Config.Recorder.Meta', configRecorderMetaShape, async (session) => {
  const asked = await inEveryRegion(session, async (region) => ({ region, recorder: await recorderIn(session, region) }))
  const found = asked.filter(({ recorder }) => recorder !== null)
  const global = found.filter(({ recorder }) => {
    const group = recorder?.recordingGroup
    return group?.allSupported === true && group.includeGlobalResourceTypes === true
  })
  return {
    GlobalRecorderCount: global.length,
    Recorders: found.map(({ region }) => regionalId({ ...session, region }, 'AWS.Config.Recorder')).toSorted(),
  }
})
