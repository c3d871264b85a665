import { at, textAt } from '#model'
import { partitionOf } from '../region.ts'
import { is, tagged, untagged } from './shows.ts'
import { each, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

/**
 * Functions are named by name, by ARN, or by what lies between (`111111111111:function:name`). A call for one version or alias of a
 * function, even its deletion, leaves the function itself as it is.
 */
const named: Named = {
  type: 'AWS.Lambda.Function',
  ref(event, text) {
    const { accountId } = event
    const plain = text.replaceAll('%3A', ':')
    const arn = readArn(plain)
    const found = /^(?:(?:(\d{12}):)?function:)?([\w-]{1,140})(?::\$LATEST)?$/.exec(arn?.resource ?? plain)
    if (found === null || (arn?.accountId ?? found[1] ?? accountId) !== accountId) return null
    if ((textAt(event.record, 'requestParameters', 'qualifier') ?? '$LATEST') !== '$LATEST') return null
    const region = arn?.region ?? event.region
    const id = `arn:${partitionOf(region)}:lambda:${region}:${accountId}:function:${found[2]}`
    return { accountId, region, type: 'AWS.Lambda.Function', id }
  },
}

const touch = (kind: TouchKind): Effect => ({
  kind,
  named,
  from: ['requestParameters.functionName', 'responseElements.functionArn'],
})
const tag: Effect = { kind: 'update', named, from: ['requestParameters.resource'] }
/**
 * Each update has a time of its own, which says more than any one setting: a call often repeats those that it does not change. One
 * that also publishes answers with the version's time.
 */
const updated: Effect = {
  ...touch('update'),
  shows: (event) =>
    at(event.record, 'requestParameters', 'publish') === true ? [] : is('LastModified', 'responseElements.lastModified')(event),
}

/**
 * CloudTrail writes most of these with the version of the API behind the name. Versions, aliases, event sources, concurrency and
 * layers change nothing that is kept of a function.
 */
export const lambda: ServiceTable = {
  source: 'lambda.amazonaws.com',
  events: {
    CreateFunction: [{ ...touch('create'), shows: tagged('requestParameters.tags') }],
    DeleteFunction: [touch('delete')],
    ...each(['UpdateFunctionCode', 'UpdateFunctionConfiguration'], updated),
    ...each(['AddPermission', 'RemovePermission'], touch('update')),
    ...each(['PutResourcePolicy', 'DeleteResourcePolicy'], { ...touch('update'), from: ['requestParameters.resourceArn'] }),
    ...each(['CreateFunctionUrlConfig', 'UpdateFunctionUrlConfig', 'DeleteFunctionUrlConfig'], touch('update')),
    TagResource: [{ ...tag, shows: tagged('requestParameters.tags') }],
    UntagResource: [{ ...tag, shows: untagged('requestParameters.tagKeys') }],
  },
}
