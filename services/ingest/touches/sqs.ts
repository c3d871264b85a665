import { at, isObject, type AuditEvent, type Json, type Witness } from '#model'
import { partitionOf } from '../region.ts'
import { tagged, untagged } from './shows.ts'
import { each, effect, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.SQS.Queue'

/** Queues are named by URL (`https://sqs.{region}.amazonaws.com/{accountId}/{name}`), before they are made by name. */
const queue: Named = {
  type,
  ref({ accountId, region }, text) {
    const [, owner, name = ''] = /^https?:\/\/[^/]+\/(\d{12})\/([^/]+)$/.exec(text) ?? ['', accountId, text]
    if (owner !== accountId || !/^[\w-]{1,80}(?:\.fifo)?$/.test(name)) return null
    return { accountId, region, type, id: `arn:${partitionOf(region)}:sqs:${region}:${accountId}:${name}` }
  },
}

function touch(kind: TouchKind, shows?: Effect['shows'], from: readonly string[] = ['requestParameters.queueUrl']): Effect {
  return effect(kind, queue, from, shows)
}

export const sqs: ServiceTable = {
  source: 'sqs.amazonaws.com',
  events: {
    CreateQueue: [touch('create', tagged('requestParameters.tags'), ['responseElements.queueUrl', 'requestParameters.queueName'])],
    DeleteQueue: [touch('delete')],
    SetQueueAttributes: [touch('update', attributes)],
    ...each(['AddPermission', 'RemovePermission'], touch('update')),
    TagQueue: [touch('update', tagged('requestParameters.tags'))],
    UntagQueue: [touch('update', untagged('requestParameters.tagKeys'))],
  },
}

const asNumber = (text: string): Json => Number(text)
const asFlag = (text: string): Json => text === 'true'
const asText = (text: string): Json => text
/** Attributes that are shown as they were set. */
const shown: ReadonlyMap<string, (text: string) => Json> = new Map([
  ['ContentBasedDeduplication', asFlag],
  ['DeduplicationScope', asText],
  ['DelaySeconds', asNumber],
  ['FifoThroughputLimit', asText],
  ['KmsMasterKeyId', asText],
  ['MaximumMessageSize', asNumber],
  ['MessageRetentionPeriod', asNumber],
  ['ReceiveMessageWaitTimeSeconds', asNumber],
  ['SqsManagedSseEnabled', asFlag],
  ['VisibilityTimeout', asNumber],
])

/** What is set to nothing is taken away. Of documents (`Policy`, `RedrivePolicy`) only that the queue was modified shows. */
function attributes(event: AuditEvent): readonly Witness[] {
  const set = at(event.record, 'requestParameters', 'attributes')
  if (!isObject(set)) return []
  return Object.entries(set).map(([name, value]): Witness => {
    const read = value === '' ? () => null : shown.get(name)
    return read === undefined || typeof value !== 'string' ? { kind: 'change' } : { kind: 'is', path: [name], value: read(value) }
  })
}
