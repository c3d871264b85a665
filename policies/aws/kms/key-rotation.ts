import { definePolicy } from 'tripline'

export default definePolicy({
  id: 'AWS.KMS.KeyRotation',
  displayName: 'KMS key is not rotated',
  severity: 'MEDIUM',
  description: 'The material of this key stays the same for ever: whoever once got hold of it can read everything written since.',
  runbook: 'Turn on yearly rotation (`aws kms enable-key-rotation`). Nothing has to be encrypted again.',
  reference: 'https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html',
  tags: ['AWS', 'KMS', 'Encryption'],
  reports: { CIS: ['3.8'], PCI: ['3.6.4'] },
  resourceTypes: ['AWS.KMS.Key'],
  // AWS rotates its own keys; imported, disabled and signing keys cannot be rotated.
  evaluate: ({ KeyManager, Origin, KeyState, KeyUsage, KeyRotationEnabled }) =>
    KeyManager !== 'CUSTOMER' ||
    Origin !== 'AWS_KMS' ||
    KeyState !== 'Enabled' ||
    (KeyUsage !== null && KeyUsage !== 'ENCRYPT_DECRYPT') ||
    KeyRotationEnabled !== false,
  title: ({ Id }) => `KMS key ${Id} is not rotated`,
  tests: [
    { name: 'a key without rotation fails', expected: false, resource: key({ KeyRotationEnabled: false }) },
    { name: 'a key with rotation passes', expected: true, resource: key({ KeyRotationEnabled: true }) },
    { name: 'a key that AWS manages passes', expected: true, resource: key({ KeyManager: 'AWS', KeyRotationEnabled: null }) },
    { name: 'imported material passes', expected: true, resource: key({ Origin: 'EXTERNAL', KeyRotationEnabled: false }) },
    { name: 'a signing key passes', expected: true, resource: key({ KeyUsage: 'SIGN_VERIFY', KeyRotationEnabled: false }) },
    {
      name: 'a key that waits for its deletion passes',
      expected: true,
      resource: key({ KeyState: 'PendingDeletion', KeyRotationEnabled: false }),
    },
  ],
})

function key(own: object): Readonly<Record<string, unknown>> {
  return { Id: '8c2d4e6f', KeyManager: 'CUSTOMER', Origin: 'AWS_KMS', KeyState: 'Enabled', KeyUsage: 'ENCRYPT_DECRYPT', ...own }
}
