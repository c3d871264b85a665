import { accountWide, regionWide } from './account-wide.ts'
import { all, becomes, is, lacks, nothing, tagged, untagged } from './shows.ts'
import { each, effect, readArn, type Effect, type Named, type ServiceTable } from './table.ts'

const recorder = regionWide('AWS.Config.Recorder')
const meta = accountWide('AWS.Config.Recorder.Meta')

/** Of the many things that are tagged by ARN; those of AWS's services beside the owner's have this name. */
const taggedRecorder: Named = {
  type: recorder.type,
  ref(event, text) {
    const arn = readArn(text)
    const isOurs =
      arn?.accountId === event.accountId && /^configuration-recorder\/(?!AWSConfigurationRecorderFor)/.test(arn.resource)
    return isOurs ? recorder.ref(event, text) : null
  },
}
const taggedMeta = accountWide(meta.type, taggedRecorder)

type Shows = NonNullable<Effect['shows']>

/** A region's recorder, and all regions' in one. The requests' names do not matter: a region has one of its owner's. */
const touch = (kind: Effect['kind'], shows?: Shows, metaShows?: Shows): readonly Effect[] => [
  effect(kind, recorder, ['eventSource'], shows),
  effect('update', meta, ['eventSource'], metaShows),
]
const tag = (shows: Shows): readonly Effect[] => [
  effect('update', taggedRecorder, ['requestParameters.resourceArn'], shows),
  effect('update', taggedMeta, ['requestParameters.resourceArn'], nothing),
]
const group = 'requestParameters.configurationRecorder.recordingGroup'
const put = all(
  is('Name', 'requestParameters.configurationRecorder.name'),
  is('RoleARN', 'requestParameters.configurationRecorder.roleARN'),
  is('RecordingGroup.AllSupported', `${group}.allSupported`),
  is('RecordingGroup.IncludeGlobalResourceTypes', `${group}.includeGlobalResourceTypes`),
)

/** AWS Config itself: whether and what it records. Recorders that AWS's services have beside the owner's are theirs. */
export const config: ServiceTable = {
  source: 'config.amazonaws.com',
  events: {
    PutConfigurationRecorder: touch('update', put),
    DeleteConfigurationRecorder: touch(
      'delete',
      undefined,
      lacks('Recorders', ({ accountId, region }) => [`${accountId}:${region}:${recorder.type}`]),
    ),
    StartConfigurationRecorder: touch('update', becomes('Status.Recording', true), nothing),
    StopConfigurationRecorder: touch('update', becomes('Status.Recording', false), nothing),
    ...each(['AssociateResourceTypes', 'DisassociateResourceTypes'], ...touch('update')),
    StartConfigRulesEvaluation: touch('update', nothing, nothing),
    TagResource: tag(tagged('requestParameters.tags')),
    UntagResource: tag(untagged('requestParameters.tagKeys')),
  },
}
