import type { Key } from './account.ts'
import { fault, page, text, type Answer, type Call, type Service } from './aws-wire.ts'

/** KMS: keys and what is set on them. */
export const kms: Service = {
  name: 'kms',
  protocol: 'json',
  namespace: '',
  actions: {
    ListKeys: (call) => {
      const all = call.account.keys.filter((each) => each.region === call.region)
      const { items, next } = page(all, text(call, 'Marker'), limit(call), 1000)
      return {
        result: {
          Keys: items.map((each) => ({ KeyId: each.KeyId, KeyArn: arn(call, each) })),
          Truncated: next !== undefined,
          NextMarker: next,
        },
      }
    },
    DescribeKey: (call) =>
      onKey(call, (key) => ({
        result: {
          KeyMetadata: {
            AWSAccountId: call.account.id,
            KeyId: key.KeyId,
            Arn: arn(call, key),
            CreationDate: key.CreationDate,
            Enabled: key.Enabled,
            Description: key.Description,
            KeyUsage: 'ENCRYPT_DECRYPT',
            KeyState: key.Enabled ? 'Enabled' : 'Disabled',
            Origin: 'AWS_KMS',
            KeyManager: key.KeyManager,
            CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
            KeySpec: 'SYMMETRIC_DEFAULT',
            EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
            MultiRegion: false,
          },
        },
      })),
    GetKeyPolicy: (call) => onKey(call, (key) => ({ result: { Policy: JSON.stringify(key.policy), PolicyName: 'default' } })),
    GetKeyRotationStatus: (call) => onKey(call, (key) => ({ result: { KeyRotationEnabled: key.rotation, KeyId: arn(call, key) } })),
    ListResourceTags: (call) => onKey(call, (key) => ({ result: { Tags: key.tags, Truncated: false } })),
    ListAliases: () => ({ result: { Aliases: [], Truncated: false } }),
  },
}

function onKey(call: Call, answer: (key: Key) => Answer): Answer {
  const wanted = text(call, 'KeyId')
  const key = call.account.keys.find((each) => each.region === call.region && (each.KeyId === wanted || arn(call, each) === wanted))
  return key === undefined ? fault('NotFoundException', `Key '${arnOf(call, wanted)}' does not exist`) : answer(key)
}

function arn(call: Call, key: Key): string {
  return arnOf(call, key.KeyId)
}

function arnOf(call: Call, keyId: string): string {
  return keyId.startsWith('arn:') ? keyId : `arn:aws:kms:${call.region}:${call.account.id}:key/${keyId}`
}

function limit(call: Call): string {
  const value = call.input['Limit']
  return typeof value === 'number' ? String(value) : ''
}
