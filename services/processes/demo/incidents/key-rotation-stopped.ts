import { only } from '../account.ts'
import { dana } from './callers.ts'
import type { Incident } from './incident.ts'

const keyId = '8c2d4e6f-1a3b-4c5d-8e7f-9a0b1c2d3e4f'

export const keyRotationStopped: Incident = {
  title: 'An engineer turns off the rotation of the build secrets’ key',
  account: 'acme-dev',
  change: (account) => {
    only(account.keys, ({ KeyId }) => KeyId === keyId, keyId).rotation = false
  },
  calls: (account) => [
    {
      source: 'kms.amazonaws.com',
      name: 'DisableKeyRotation',
      by: dana,
      request: { keyId },
      response: { keyId: `arn:aws:kms:${account.region}:${account.id}:key/${keyId}` },
      resources: [
        { accountId: account.id, type: 'AWS::KMS::Key', ARN: `arn:aws:kms:${account.region}:${account.id}:key/${keyId}` },
      ],
    },
  ],
  copies: 1,
  expected: [{ detection: 'AWS.KMS.KeyRotation', channel: 'dev-alerts', about: keyId, state: 'new' }],
}
