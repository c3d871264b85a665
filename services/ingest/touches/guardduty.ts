import { at, isObject, textAt, type AuditEvent, type Json } from '#model'
import { accountWide, regionWide } from './account-wide.ts'
import { all, has, is, lacks, nothing, tagged, untagged } from './shows.ts'
import { each, effect, readArn, type Effect, type Named, type ServiceTable } from './table.ts'

const detector = regionWide('AWS.GuardDuty.Detector')
const meta = accountWide('AWS.GuardDuty.Detector.Meta')

/** Filters and lists are tagged by ARN too: `detector/{id}/filter/{name}`. */
const taggedDetector: Named = {
  type: detector.type,
  ref(event, text) {
    const arn = readArn(text)
    const isOurs = arn?.accountId === event.accountId && /^detector\/\w+$/.test(arn.resource)
    return isOurs ? detector.ref(event, text) : null
  },
}
const taggedMeta = accountWide(meta.type, taggedDetector)

type Shows = NonNullable<Effect['shows']>

/** A region's detector, and all regions' in one. */
const touch = (kind: Effect['kind'], shows?: Shows, metaShows: Shows = nothing): readonly Effect[] => [
  effect(kind, detector, ['eventSource'], shows),
  effect('update', meta, ['eventSource'], metaShows),
]
const tag = (shows: Shows): readonly Effect[] => [
  effect('update', taggedDetector, ['requestParameters.resourceArn'], shows),
  effect('update', taggedMeta, ['requestParameters.resourceArn'], nothing),
]
const listed = ({ accountId, region }: AuditEvent): readonly Json[] => [`${accountId}:${region}:${detector.type}`]
const settings = all(
  is('Status', 'requestParameters.enable', (enable) => (enable === true ? 'ENABLED' : 'DISABLED')),
  is('FindingPublishingFrequency', 'requestParameters.findingPublishingFrequency'),
  has('Features', features),
)

/** What the request says of features. */
function features(event: AuditEvent): readonly Json[] {
  const given = at(event.record, 'requestParameters', 'features')
  if (!Array.isArray(given)) return []
  return (given as readonly Json[]).flatMap((each) => {
    const [Name, Status] = [textAt(each, 'name'), textAt(each, 'status')]
    return isObject(each) && Name !== null && Status !== null ? [{ Name, Status }] : []
  })
}

/** What an administrator's account does with its members changes their detectors, in other accounts, and none of its own. */
export const guardduty: ServiceTable = {
  source: 'guardduty.amazonaws.com',
  events: {
    CreateDetector: touch('create', all(settings, tagged('requestParameters.tags')), has('Detectors', listed)),
    UpdateDetector: touch('update', settings),
    DeleteDetector: touch('delete', undefined, lacks('Detectors', listed)),
    ...each(
      [
        'AcceptInvitation',
        'AcceptAdministratorInvitation',
        'DisassociateFromMasterAccount',
        'DisassociateFromAdministratorAccount',
      ],
      ...touch('update'),
    ),
    ...each(
      [
        'CreateMembers',
        'DeleteMembers',
        'DisassociateMembers',
        'StartMonitoringMembers',
        'StopMonitoringMembers',
        'CreatePublishingDestination',
      ],
      ...touch('update', nothing),
    ),
    TagResource: tag(tagged('requestParameters.tags')),
    UntagResource: tag(untagged('requestParameters.tagKeys')),
  },
}
