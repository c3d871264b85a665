import { defineRule } from 'tripline'

export default defineRule({
  id: 'AWS.Macie.PolicyFinding',
  displayName: 'Macie: a bucket became less private',
  severity: 'MEDIUM',
  description: 'The settings of a bucket changed so that its objects are public, shared or no longer encrypted.',
  runbook: 'Undo the change of the bucket named in the finding, and ask who made it.',
  reference: 'https://docs.aws.amazon.com/macie/latest/user/findings-types.html',
  tags: ['AWS', 'S3', 'Macie'],
  logTypes: ['AWS.Macie'],
  dedupPeriodMinutes: 10_080,
  evaluate: ({ category, archived }) => category === 'POLICY' && archived !== true,
  severityOf: ({ severity }) => (severity?.description === 'High' ? 'HIGH' : severity?.description === 'Low' ? 'LOW' : 'DEFAULT'),
  title: ({ title, type, resourcesAffected }) =>
    `Macie: ${title ?? type ?? 'a finding'} (${resourcesAffected?.s3Bucket?.name ?? 'a bucket'})`,
  dedup: ({ accountId, id, type }) => `${accountId} ${id ?? type}`,
  context: ({ id, type, description }) => ({ finding: id, type, description }),
  tests: [
    {
      name: 'a public bucket matches',
      expected: true,
      event: { id: 'f', category: 'POLICY', type: 'Policy:IAMUser/S3BucketPublic', severity: { score: 3, description: 'High' } },
    },
    { name: 'what was found in objects is silent', expected: false, event: { id: 'f', category: 'CLASSIFICATION' } },
    { name: 'an archived finding is silent', expected: false, event: { id: 'f', category: 'POLICY', archived: true } },
  ],
})
