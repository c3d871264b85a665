import { partitionOf } from '../region.ts'
import { becomes, is, tagged, untagged } from './shows.ts'
import { each, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.CloudWatch.LogGroup'

/** Groups are named by name, or by ARN with or without the `:*` of the stored id. */
const group: Named = {
  type,
  ref({ accountId, region }, text) {
    const arn = readArn(text)
    if (arn !== null && (arn.service !== 'logs' || arn.accountId !== accountId)) return null
    const name = /^log-group:([\w/.#-]{1,512})(?::\*)?$/.exec(arn === null ? `log-group:${text}` : arn.resource)?.[1]
    if (name === undefined) return null
    const where = arn?.region ?? region
    return { accountId, region: where, type, id: `arn:${partitionOf(where)}:logs:${where}:${accountId}:log-group:${name}` }
  },
}

const touch = (kind: TouchKind): Effect => ({
  kind,
  named: group,
  from: ['requestParameters.logGroupName', 'requestParameters.resourceIdentifier', 'requestParameters.resourceArn'],
})
const update = touch('update')
const tags = tagged('requestParameters.tags')

/** Streams, subscriptions and policies of a log group are not kept. */
export const logs: ServiceTable = {
  source: 'logs.amazonaws.com',
  events: {
    CreateLogGroup: [{ ...touch('create'), shows: tags }],
    DeleteLogGroup: [touch('delete')],
    PutRetentionPolicy: [{ ...update, shows: is('RetentionInDays', 'requestParameters.retentionInDays') }],
    DeleteRetentionPolicy: [{ ...update, shows: becomes('RetentionInDays', null) }],
    AssociateKmsKey: [{ ...update, shows: is('KmsKeyId', 'requestParameters.kmsKeyId') }],
    DisassociateKmsKey: [{ ...update, shows: becomes('KmsKeyId', null) }],
    ...each(['PutMetricFilter', 'DeleteMetricFilter'], update),
    ...each(['TagLogGroup', 'TagResource'], { ...update, shows: tags }),
    UntagLogGroup: [{ ...update, shows: untagged('requestParameters.tags') }],
    UntagResource: [{ ...update, shows: untagged('requestParameters.tagKeys') }],
  },
}
