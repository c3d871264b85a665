import { defineRule } from 'tripline'

export default defineRule({
  id: 'AWS.GuardDuty.HighSeverity',
  displayName: 'GuardDuty found something severe',
  severity: 'HIGH',
  description:
    'GuardDuty is confident that somebody is misusing this resource now. What it calls high is mostly an attack under way.',
  runbook: 'Open the finding, isolate the resource or disable the key it names, then look at what the actor did before.',
  reference: 'https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html',
  tags: ['AWS', 'GuardDuty'],
  logTypes: ['AWS.GuardDuty'],
  // The same finding comes again while it goes on, with a greater count: told once a week.
  dedupPeriodMinutes: 10_080,
  evaluate: ({ severity = 0, service }) => severity >= 7 && service?.archived !== true,
  severityOf: ({ severity = 0 }) => (severity >= 9 ? 'CRITICAL' : 'HIGH'),
  title: ({ title, type }) => `GuardDuty: ${title ?? type ?? 'a finding'}`,
  dedup: ({ accountId, id, type }) => `${accountId} ${id ?? type}`,
  context: ({ id, type, severity, description, service }) => ({
    finding: id,
    type,
    severity,
    description,
    count: service?.count,
    since: service?.eventFirstSeen,
  }),
  tests: [
    {
      name: 'a high finding matches',
      expected: true,
      event: { id: 'f', type: 'UnauthorizedAccess:EC2/SSHBruteForce', severity: 8, service: { archived: false, count: 3 } },
    },
    {
      name: 'a critical finding matches',
      expected: true,
      event: { id: 'f', type: 'AttackSequence:IAM/CompromisedCredentials', severity: 9 },
    },
    { name: 'a medium finding is silent', expected: false, event: { id: 'f', type: 'Recon:EC2/Portscan', severity: 5 } },
    { name: 'an archived finding is silent', expected: false, event: { id: 'f', severity: 8, service: { archived: true } } },
  ],
})
