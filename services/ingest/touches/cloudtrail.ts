import type { AuditEvent, Json } from '#model'
import { partitionOf } from '../region.ts'
import { accountWide } from './account-wide.ts'
import { all, becomes, has, is, knowing, lacks, nothing, tagged, untagged } from './shows.ts'
import { effect, readArn, refsOf, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

/** Trails are named by name, in their home region, or by ARN. An organisation's trail is its owner's and not ours. */
const trail: Named = {
  type: 'AWS.CloudTrail',
  ref(event, text) {
    const { accountId } = event
    const arn = readArn(text)
    if (arn !== null && (arn.accountId !== accountId || !arn.resource.startsWith('trail/'))) return null
    const name = arn === null ? text : arn.resource.slice('trail/'.length)
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{2,127}$/.test(name)) return null
    const region = arn?.region ?? event.region
    const id = `arn:${partitionOf(region)}:cloudtrail:${region}:${accountId}:trail/${name}`
    return { accountId, region, type: 'AWS.CloudTrail', id }
  },
}

const meta = accountWide('AWS.CloudTrail.Meta', trail)

type Shows = NonNullable<Effect['shows']>

// The response goes first: it has the ARN, and so the home region, where the request may have the bare name.
const from = ['responseElements.trailARN', 'requestParameters.name', 'requestParameters.trailName', 'requestParameters.resourceId']

/** A trail, and all trails in one. */
const touch = (kind: TouchKind, shows?: Shows, metaShows?: Shows): readonly Effect[] => [
  effect(kind, trail, from, shows),
  effect('update', meta, from, metaShows),
]
const listed = (event: AuditEvent): readonly Json[] => refsOf({ kind: 'update', named: trail, from }, event).map(({ id }) => id)
const told = ['name', 'isMultiRegionTrail', 'includeGlobalServiceEvents', 'enableLogFileValidation', 's3BucketName']
const settings = all(
  is('IsMultiRegionTrail', 'responseElements.isMultiRegionTrail'),
  is('IncludeGlobalServiceEvents', 'responseElements.includeGlobalServiceEvents'),
  is('LogFileValidationEnabled', 'responseElements.logFileValidationEnabled'),
  is('S3BucketName', 'responseElements.s3BucketName'),
)

export const cloudtrail: ServiceTable = {
  source: 'cloudtrail.amazonaws.com',
  events: {
    CreateTrail: touch('create', all(settings, tagged('requestParameters.tagsList')), has('Trails', listed)),
    UpdateTrail: touch('update', knowing(told, settings)),
    DeleteTrail: touch('delete', undefined, lacks('Trails', listed)),
    StartLogging: touch('update', becomes('Status.IsLogging', true)),
    StopLogging: touch('update', becomes('Status.IsLogging', false)),
    PutEventSelectors: touch('update'),
    AddTags: touch('update', tagged('requestParameters.tagsList'), nothing),
    RemoveTags: touch('update', untagged('requestParameters.tagsList'), nothing),
    PutInsightSelectors: touch('update', nothing, nothing),
  },
}
