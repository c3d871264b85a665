import { textAt, type AuditEvent, type Witness } from '#model'
import { isRegion } from '../region.ts'
import { tagged, untagged } from './shows.ts'
import { each, effect, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.SNS.Topic'

/** Topics are named by ARN. Those of other accounts are not ours; a subscription's ARN has one part more. */
const topic: Named = {
  type,
  ref({ accountId }, text) {
    const arn = readArn(text)
    if (arn?.service !== 'sns' || arn.accountId !== accountId || !isRegion(arn.region)) return null
    return /^[\w-]{1,256}(?:\.fifo)?$/.test(arn.resource) ? { accountId, region: arn.region, type, id: text } : null
  },
}

function touch(kind: TouchKind, from: string, shows?: Effect['shows']): Effect {
  return effect(kind, topic, [from], shows)
}

/** Subscriptions are only counted, so who subscribes touches nothing. */
export const sns: ServiceTable = {
  source: 'sns.amazonaws.com',
  events: {
    CreateTopic: [touch('create', 'responseElements.topicArn', tagged('requestParameters.tags'))],
    DeleteTopic: [touch('delete', 'requestParameters.topicArn')],
    SetTopicAttributes: [touch('update', 'requestParameters.topicArn', attribute)],
    ...each(['AddPermission', 'RemovePermission'], touch('update', 'requestParameters.topicArn')),
    TagResource: [touch('update', 'requestParameters.resourceArn', tagged('requestParameters.tags'))],
    UntagResource: [touch('update', 'requestParameters.resourceArn', untagged('requestParameters.tagKeys'))],
  },
}

/** Attributes that are shown as they were set; documents are not, and some defaults are not shown at all. */
function attribute(event: AuditEvent): readonly Witness[] {
  const name = textAt(event.record, 'requestParameters', 'attributeName') ?? ''
  const value = textAt(event.record, 'requestParameters', 'attributeValue')
  const shown = /^(?:DisplayName|KmsMasterKeyId|[A-Za-z]+FeedbackRoleArn)$/.test(name)
  return shown ? [{ kind: 'is', path: [name], value }] : []
}
