import { defineRule } from 'tripline'

/** Codes of notices about security: abuse reports, keys found in public, risks. */
const codes = /ABUSE|_SECURITY_|^AWS_RISK_|CREDENTIALS_(?:EXPOSED|COMPROMISED)/u

export default defineRule({
  id: 'AWS.Health.SecurityNotice',
  displayName: 'AWS reports abuse or a security risk',
  severity: 'HIGH',
  description: 'AWS wrote that something of this account is abused, exposed or at risk. It may block what it wrote about.',
  runbook: 'Read the notice in the AWS Health dashboard, act on it, and answer the abuse team within the time it gives.',
  reference: 'https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html',
  tags: ['AWS', 'Health'],
  logTypes: ['AWS.Health'],
  dedupPeriodMinutes: 10_080,
  evaluate: ({ eventTypeCode = '', service, statusCode }) =>
    (service === 'ABUSE' || codes.test(eventTypeCode)) && statusCode !== 'closed',
  severityOf: ({ eventTypeCode = '' }) => (/EXPOSED|COMPROMISED/u.test(eventTypeCode) ? 'CRITICAL' : 'DEFAULT'),
  title: ({ eventTypeCode, service }) => `AWS Health: ${eventTypeCode ?? 'a notice'} (${service ?? 'AWS'})`,
  dedup: ({ eventArn, eventTypeCode, affectedAccount }) => `${affectedAccount ?? ''} ${eventArn ?? eventTypeCode}`,
  context: ({ eventArn, eventDescription, affectedEntities }) => ({
    event: eventArn,
    description: eventDescription?.[0]?.latestDescription,
    entities: (affectedEntities ?? []).slice(0, 10).map(({ entityValue }) => entityValue ?? null),
  }),
  tests: [
    {
      name: 'a report of abuse matches',
      expected: true,
      event: { service: 'ABUSE', eventTypeCode: 'AWS_ABUSE_DOS_REPORT', statusCode: 'open' },
    },
    { name: 'an exposed key matches', expected: true, event: { service: 'RISK', eventTypeCode: 'AWS_RISK_CREDENTIALS_EXPOSED' } },
    { name: 'an outage is silent', expected: false, event: { service: 'EC2', eventTypeCode: 'AWS_EC2_OPERATIONAL_ISSUE' } },
    {
      name: 'what is closed is silent',
      expected: false,
      event: { service: 'ABUSE', eventTypeCode: 'AWS_ABUSE_DOS_REPORT', statusCode: 'closed' },
    },
  ],
})
