import { at, textAt, type AuditEvent, type Json, type ResourceRef, type Witness } from '#model'
import { isRegion, partitionOf } from '../region.ts'
import { has, is, knowing, lacks, tagged, untagged } from './shows.ts'
import { each, effect, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const type = 'AWS.DynamoDB.Table'

/** By name or by ARN, of the table or of something of it. */
const table: Named = {
  type,
  ref(event, text) {
    const arn = readArn(text)
    if (arn === null) return refTo(event, event.region, text)
    const [word, name = ''] = arn.resource.split('/')
    if (arn.service !== 'dynamodb' || arn.accountId !== event.accountId || word !== 'table') return null
    return refTo(event, arn.region, name)
  },
}

/** The copy of a global table in a region: the event names the table elsewhere. */
const replica: Named = {
  type,
  ref(event, region) {
    const request = at(event.record, 'requestParameters')
    const text = textAt(request, 'tableName') ?? textAt(request, 'globalTableName') ?? ''
    return table.ref({ ...event, region }, readArn(text)?.resource.split('/')[1] ?? text)
  },
}

/** What Application Auto Scaling calls a table or an index of it: `table/orders/index/by-customer`. */
const target: Named = {
  type,
  ref(event, text) {
    const [word, name = ''] = text.split('/')
    return word === 'table' ? refTo(event, event.region, name) : null
  },
}

function refTo({ accountId }: AuditEvent, region: string, name: string): ResourceRef | null {
  if (!/^[\w.-]{3,255}$/.test(name) || !isRegion(region)) return null
  return { accountId, region, type, id: `arn:${partitionOf(region)}:dynamodb:${region}:${accountId}:table/${name}` }
}

function touch(kind: TouchKind, named: Named, from: string | readonly string[], shows?: Effect['shows']): Effect {
  return effect(kind, named, typeof from === 'string' ? [from] : from, shows)
}

const asked = 'requestParameters.tableName'
const recovery = (value: Json): Json => (value === true ? 'ENABLED' : 'DISABLED')

/** Backups, streams to Kinesis, exports and resource policies of tables change nothing that is kept. */
export const dynamodb: ServiceTable = {
  source: 'dynamodb.amazonaws.com',
  events: {
    CreateTable: [touch('create', table, asked, tagged('requestParameters.tags'))],
    ...each(['RestoreTableFromBackup', 'RestoreTableToPointInTime'], touch('create', table, 'requestParameters.targetTableName')),
    ImportTable: [touch('create', table, 'requestParameters.tableCreationParameters.tableName')],
    UpdateTable: [
      touch(
        'update',
        table,
        asked,
        knowing(
          ['tableName', 'deletionProtectionEnabled'],
          is('DeletionProtectionEnabled', 'requestParameters.deletionProtectionEnabled'),
        ),
      ),
      touch('create', replica, 'requestParameters.replicaUpdates[].create.regionName'),
      touch('update', replica, 'requestParameters.replicaUpdates[].update.regionName'),
      touch('delete', replica, 'requestParameters.replicaUpdates[].delete.regionName'),
    ],
    UpdateTimeToLive: [touch('update', table, asked, expiry)],
    UpdateContinuousBackups: [
      touch(
        'update',
        table,
        asked,
        is(
          'ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus',
          'requestParameters.pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled',
          recovery,
        ),
      ),
    ],
    UpdateTableReplicaAutoScaling: [touch('update', table, asked)],
    TagResource: [touch('update', table, 'requestParameters.resourceArn', tagged('requestParameters.tags'))],
    UntagResource: [touch('update', table, 'requestParameters.resourceArn', untagged('requestParameters.tagKeys'))],
    DeleteTable: [touch('delete', table, asked)],
    // The first kind of global tables joins tables that there are already.
    CreateGlobalTable: [touch('update', replica, 'requestParameters.replicationGroup[].regionName')],
    UpdateGlobalTable: [
      touch('update', replica, 'requestParameters.replicaUpdates[].create.regionName'),
      touch('update', replica, 'requestParameters.replicaUpdates[].delete.regionName'),
    ],
    UpdateGlobalTableSettings: [touch('update', replica, 'responseElements.replicaSettings[].regionName')],
  },
}

const scaling: ServiceTable['events'] = {
  RegisterScalableTarget: [touch('update', target, 'requestParameters.resourceId', has('AutoScalingDescriptions', limits))],
  DeregisterScalableTarget: [touch('update', target, 'requestParameters.resourceId', lacks('AutoScalingDescriptions', limits))],
}
/** Application Auto Scaling's events come under EC2 Auto Scaling's name; its own is what EventBridge and IAM know it by. */
export const scalingOfTables: readonly ServiceTable[] = [
  { source: 'autoscaling.amazonaws.com', events: scaling },
  { source: 'application-autoscaling.amazonaws.com', events: scaling },
]

/** While it is switched on or off the status has words of its own. */
function expiry(event: AuditEvent): readonly Witness[] {
  const wanted = 'requestParameters.timeToLiveSpecification'
  const on = at(event.record, ...wanted.split('.'), 'enabled') === true
  return on ? is('TimeToLiveDescription.AttributeName', `${wanted}.attributeName`)(event) : []
}

/** A scaled dimension of a table, with the limits that the event sets. */
function limits(event: AuditEvent): readonly Json[] {
  const request = at(event.record, 'requestParameters')
  const ResourceId = textAt(request, 'resourceId')
  const ScalableDimension = textAt(request, 'scalableDimension')
  if (ResourceId === null || ScalableDimension === null) return []
  const [MinCapacity, MaxCapacity] = [at(request, 'minCapacity'), at(request, 'maxCapacity')]
  return [
    {
      ResourceId,
      ScalableDimension,
      ...(typeof MinCapacity === 'number' ? { MinCapacity } : {}),
      ...(typeof MaxCapacity === 'number' ? { MaxCapacity } : {}),
    },
  ]
}
