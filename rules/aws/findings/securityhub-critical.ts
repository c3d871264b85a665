import { defineRule } from 'tripline'

export default defineRule({
  id: 'AWS.SecurityHub.CriticalFailed',
  displayName: 'Security Hub has a critical finding',
  severity: 'CRITICAL',
  description: 'A control that AWS holds to be critical fails on this resource, or a product reports something critical about it.',
  runbook: 'Follow the remediation that the finding names; suppress it in Security Hub where the risk is accepted.',
  reference: 'https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html',
  tags: ['AWS', 'Security Hub'],
  logTypes: ['AWS.SecurityFindingFormat'],
  dedupPeriodMinutes: 10_080,
  evaluate: ({ Severity, RecordState, Workflow, Compliance }) => {
    const isOpen = RecordState !== 'ARCHIVED' && Workflow?.Status !== 'SUPPRESSED' && Workflow?.Status !== 'RESOLVED'
    // What is no control says nothing of compliance.
    const fails = Compliance?.Status === undefined || Compliance.Status === 'FAILED'
    return Severity?.Label === 'CRITICAL' && isOpen && fails
  },
  title: ({ Title, ProductName }) => `${ProductName ?? 'Security Hub'}: ${Title ?? 'a critical finding'}`,
  dedup: ({ AwsAccountId, Id, Title }) => `${AwsAccountId} ${Id ?? Title}`,
  context: ({ Id, GeneratorId, Description, Compliance, Resources }) => ({
    finding: Id,
    generator: GeneratorId,
    description: Description,
    control: Compliance?.SecurityControlId,
    resources: (Resources ?? []).slice(0, 5).map(({ Id: id }) => id ?? null),
  }),
  tests: [
    {
      name: 'a critical control that fails matches',
      expected: true,
      event: {
        Id: 'f',
        Title: 'RDS snapshot should be private',
        Severity: { Label: 'CRITICAL' },
        Compliance: { Status: 'FAILED' },
      },
    },
    { name: 'a critical report of a product matches', expected: true, event: { Id: 'f', Severity: { Label: 'CRITICAL' } } },
    {
      name: 'a control that passes is silent',
      expected: false,
      event: { Id: 'f', Severity: { Label: 'CRITICAL' }, Compliance: { Status: 'PASSED' } },
    },
    {
      name: 'what is suppressed is silent',
      expected: false,
      event: { Id: 'f', Severity: { Label: 'CRITICAL' }, Workflow: { Status: 'SUPPRESSED' } },
    },
    { name: 'a high finding is silent', expected: false, event: { Id: 'f', Severity: { Label: 'HIGH' } } },
  ],
})
