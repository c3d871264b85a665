import { defineRule } from 'tripline'

export default defineRule({
  id: 'AWS.AccessAnalyzer.ExternalAccess',
  displayName: 'Somebody outside can reach a resource',
  severity: 'HIGH',
  description: 'A policy lets in somebody from outside of the zone of trust: anybody at all, or another account.',
  runbook: 'Take the principal out of the resource policy, or archive the finding when the access is meant.',
  reference: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-findings.html',
  tags: ['AWS', 'IAM', 'Access Analyzer'],
  logTypes: ['AWS.AccessAnalyzer'],
  dedupPeriodMinutes: 10_080,
  // Findings about access that is not used, or of people inside, name no principal.
  evaluate: ({ status, isDeleted, isPublic, principal }) =>
    status === 'ACTIVE' && isDeleted !== true && (isPublic === true || principal !== undefined),
  severityOf: ({ isPublic }) => (isPublic === true ? 'CRITICAL' : 'HIGH'),
  title: ({ resource, isPublic }) => `${isPublic === true ? 'Anybody' : 'Somebody outside'} can reach ${resource ?? 'a resource'}`,
  dedup: ({ accountId, id, resource }) => `${accountId} ${id ?? resource}`,
  context: ({ id, resourceType, principal, action }) => ({ finding: id, resourceType, principal, action }),
  tests: [
    {
      name: 'another account matches',
      expected: true,
      event: { id: 'f', status: 'ACTIVE', resource: 'arn:aws:s3:::exports', isPublic: false, principal: { AWS: '999988887777' } },
    },
    { name: 'everybody matches', expected: true, event: { id: 'f', status: 'ACTIVE', isPublic: true, principal: { AWS: '*' } } },
    { name: 'what is archived is silent', expected: false, event: { id: 'f', status: 'ARCHIVED', isPublic: true } },
    { name: 'a deleted finding is silent', expected: false, event: { id: 'f', status: 'ACTIVE', isPublic: true, isDeleted: true } },
    {
      name: 'access that nobody uses is silent',
      expected: false,
      event: { id: 'f', status: 'ACTIVE', findingType: 'UnusedIAMRole' },
    },
  ],
})
