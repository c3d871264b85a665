import { partitionOf } from '../region.ts'
import { each, readArn, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

/**
 * Keys are named by ARN, by id, or by an alias; an alias means nothing without asking, so the record's `resources` go first. Keys
 * of other accounts are not ours. A multi-Region key has one id (`mrk-…`) and an ARN in each region.
 */
const key: Named = {
  type: 'AWS.KMS.Key',
  ref(event, text) {
    const { accountId } = event
    const arn = readArn(text)
    if (arn !== null && (arn.service !== 'kms' || arn.accountId !== accountId || !arn.resource.startsWith('key/'))) return null
    const id = arn === null ? text : arn.resource.slice('key/'.length)
    if (!/^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/.test(id)) return null
    const region = arn?.region ?? event.region
    return { accountId, region, type: 'AWS.KMS.Key', id: `arn:${partitionOf(region)}:kms:${region}:${accountId}:key/${id}` }
  },
}

const touch = (kind: TouchKind, ...from: readonly string[]): Effect => ({ kind, named: key, from })
const update = touch(
  'update',
  'resources[].ARN',
  'requestParameters.keyId',
  'responseElements.keyId',
  'requestParameters.targetKeyId',
)

export const kms: ServiceTable = {
  source: 'kms.amazonaws.com',
  events: {
    CreateKey: [touch('create', 'resources[].ARN', 'responseElements.keyMetadata.arn', 'responseElements.keyMetadata.keyId')],
    ReplicateKey: [touch('create', 'responseElements.replicaKeyMetadata.arn'), update],
    // Made by KMS when the waiting period of ScheduleKeyDeletion is over.
    DeleteKey: [touch('delete', 'resources[].ARN', 'serviceEventDetails.keyId', 'requestParameters.keyId')],
    ...each(
      [
        'ScheduleKeyDeletion',
        'CancelKeyDeletion',
        'EnableKey',
        'DisableKey',
        'EnableKeyRotation',
        'DisableKeyRotation',
        'PutKeyPolicy',
        'UpdateKeyDescription',
        'UpdatePrimaryRegion',
        'SynchronizeMultiRegionKey',
        'ImportKeyMaterial',
        'DeleteImportedKeyMaterial',
        'DeleteExpiredKeyMaterial',
        'TagResource',
        'UntagResource',
        'CreateAlias',
        'UpdateAlias',
        'DeleteAlias',
      ],
      update,
    ),
  },
}
