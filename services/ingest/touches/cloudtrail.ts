import { partitionOf } from '../region.ts'
import { becomes, nothing, tagged, untagged } from './shows.ts'
import { each, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

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

// The response goes first: it has the ARN, and so the home region, where the request may have the bare name.
const touch = (kind: TouchKind): Effect => ({
  kind,
  named: trail,
  from: ['responseElements.trailARN', 'requestParameters.name', 'requestParameters.trailName', 'requestParameters.resourceId'],
})

export const cloudtrail: ServiceTable = {
  source: 'cloudtrail.amazonaws.com',
  events: {
    CreateTrail: [touch('create')],
    DeleteTrail: [touch('delete')],
    StartLogging: [{ ...touch('update'), shows: becomes('Status.IsLogging', true) }],
    StopLogging: [{ ...touch('update'), shows: becomes('Status.IsLogging', false) }],
    AddTags: [{ ...touch('update'), shows: tagged('requestParameters.tagsList') }],
    RemoveTags: [{ ...touch('update'), shows: untagged('requestParameters.tagsList') }],
    PutInsightSelectors: [{ ...touch('update'), shows: nothing }],
    ...each(['UpdateTrail', 'PutEventSelectors'], touch('update')),
  },
}
