import { partitionOf } from '../region.ts'
import { becomes, is, nothing, tagged, untagged } from './shows.ts'
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

const shows = (shown: NonNullable<Effect['shows']>): readonly Effect[] => [{ ...update, shows: shown }]
const tags = tagged('requestParameters.tags')
const description = is('Description', 'requestParameters.description', (value) => (value === '' ? undefined : value))

export const kms: ServiceTable = {
  source: 'kms.amazonaws.com',
  events: {
    CreateKey: [
      {
        ...touch('create', 'resources[].ARN', 'responseElements.keyMetadata.arn', 'responseElements.keyMetadata.keyId'),
        shows: tags,
      },
    ],
    ReplicateKey: [touch('create', 'responseElements.replicaKeyMetadata.arn'), { ...update, shows: nothing }],
    // Made by KMS when the waiting period of ScheduleKeyDeletion is over.
    DeleteKey: [touch('delete', 'resources[].ARN', 'serviceEventDetails.keyId', 'requestParameters.keyId')],
    ScheduleKeyDeletion: shows(is('KeyState', 'responseElements.keyState')),
    CancelKeyDeletion: shows(becomes('KeyState', 'Disabled')),
    EnableKey: shows(becomes('Enabled', true)),
    DisableKey: shows(becomes('Enabled', false)),
    EnableKeyRotation: shows(becomes('KeyRotationEnabled', true)),
    DisableKeyRotation: shows(becomes('KeyRotationEnabled', false)),
    UpdateKeyDescription: shows(description),
    TagResource: shows(tags),
    UntagResource: shows(untagged('requestParameters.tagKeys')),
    ...each(
      ['PutKeyPolicy', 'SynchronizeMultiRegionKey', 'ImportKeyMaterial', 'DeleteImportedKeyMaterial', 'DeleteExpiredKeyMaterial'],
      update,
    ),
    // Aliases and who is the primary are no attributes.
    ...each(['UpdatePrimaryRegion', 'CreateAlias', 'UpdateAlias', 'DeleteAlias'], { ...update, shows: nothing }),
  },
}
