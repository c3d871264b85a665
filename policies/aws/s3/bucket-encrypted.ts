import { definePolicy } from 'tripline'

export default definePolicy({
  id: 'AWS.S3.Bucket.Encryption',
  displayName: 'S3 bucket is not encrypted by default',
  severity: 'MEDIUM',
  description: 'Objects written to this bucket are stored unencrypted unless each writer asks for encryption.',
  runbook: 'Set default encryption on the bucket (`aws s3api put-bucket-encryption`); objects written before stay as they are.',
  reference: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html',
  tags: ['AWS', 'S3', 'Encryption'],
  reports: { CIS: ['2.1.1'], PCI: ['3.4'] },
  resourceTypes: ['AWS.S3.Bucket'],
  evaluate: ({ EncryptionRules }) =>
    (EncryptionRules ?? []).some((rule) => Boolean(rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm)),
  title: (bucket) => `S3 bucket ${bucket.Name} is not encrypted by default`,
  tests: [
    { name: 'a bucket without rules fails', expected: false, resource: { Name: 'exports', EncryptionRules: null } },
    { name: 'an empty list of rules fails', expected: false, resource: { Name: 'exports', EncryptionRules: [] } },
    {
      name: 'a rule without an algorithm fails',
      expected: false,
      resource: { Name: 'exports', EncryptionRules: [{ ApplyServerSideEncryptionByDefault: null, BucketKeyEnabled: true }] },
    },
    {
      name: 'AES256 passes',
      expected: true,
      resource: {
        Name: 'exports',
        EncryptionRules: [
          { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256', KMSMasterKeyID: null }, BucketKeyEnabled: null },
        ],
      },
    },
    {
      name: 'a KMS key passes',
      expected: true,
      resource: {
        Name: 'exports',
        EncryptionRules: [
          {
            ApplyServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: 'arn:aws:kms:us-east-1:123456789012:key/8c2d4e6f',
            },
            BucketKeyEnabled: true,
          },
        ],
      },
    },
  ],
})
