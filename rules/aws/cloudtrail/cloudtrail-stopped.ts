import { defineRule } from 'tripline'

export default defineRule({
  id: 'AWS.CloudTrail.Stopped',
  displayName: 'CloudTrail logging stopped',
  severity: 'CRITICAL',
  description:
    'A trail was stopped, deleted or told to record less. Whoever does this blinds every control that reads the trail, this one included.',
  runbook:
    'Ask the actor at once. If nobody planned it, start the trail again (`aws cloudtrail start-logging`) and treat the actor as compromised.',
  reference: 'https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html',
  tags: ['AWS', 'CloudTrail', 'Defense Evasion'],
  reports: { CIS: ['3.5'], 'MITRE ATT&CK': ['TA0005:T1562.008'] },
  logTypes: ['AWS.CloudTrail'],
  match: { source: 'cloudtrail.amazonaws.com', names: ['StopLogging', 'DeleteTrail'] },
  evaluate: (record) => record.errorCode === undefined,
  title: (record) => `CloudTrail ${trailOf(record)} ${record.eventName === 'DeleteTrail' ? 'was deleted' : 'stopped logging'}`,
  dedup: (record) => `${record.recipientAccountId} ${trailOf(record)}`,
  tests: [
    { name: 'a stopped trail matches', expected: true, event: { requestParameters: { name: 'management' } } },
    {
      name: 'a deleted trail matches',
      expected: true,
      event: { eventName: 'DeleteTrail', requestParameters: { name: 'management' } },
    },
    {
      name: 'a refused attempt is silent',
      expected: false,
      event: { errorCode: 'AccessDenied', requestParameters: { name: 'management' } },
    },
    {
      name: 'a started trail is silent',
      expected: false,
      event: { eventName: 'StartLogging', requestParameters: { name: 'management' } },
    },
  ],
})

/** The name of the trail: AWS takes a name or an ARN. */
function trailOf(record: { readonly requestParameters?: { readonly [key: string]: unknown } | null }): string {
  const name = record.requestParameters?.['name']
  return typeof name === 'string' ? name.slice(name.lastIndexOf('/') + 1) : 'of unknown name'
}
