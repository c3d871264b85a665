import { defineRule, type CloudTrailRecord } from 'tripline'
import { accountOf, actorOf, succeeded, textAt } from '../record.ts'

export default defineRule({
  id: 'AWS.CloudTrail.Stopped',
  displayName: 'CloudTrail logging stopped',
  severity: 'CRITICAL',
  description: 'A trail was stopped or deleted. Whoever does this blinds every control that reads the trail, this one included.',
  runbook:
    'Ask the actor at once. If nobody planned it, start the trail again (`aws cloudtrail start-logging`) and treat the actor as compromised.',
  reference: 'https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html',
  tags: ['AWS', 'CloudTrail', 'Defense Evasion'],
  reports: { CIS: ['4.5'], 'MITRE ATT&CK': ['TA0005:T1562.008'] },
  logTypes: ['AWS.CloudTrail'],
  match: { source: 'cloudtrail.amazonaws.com', names: ['StopLogging', 'DeleteTrail'] },
  evaluate: succeeded,
  title: (record) =>
    `CloudTrail ${trailOf(record)} ${record.eventName === 'DeleteTrail' ? 'was deleted' : 'was stopped'} by ${actorOf(record)}`,
  dedup: (record) => `${accountOf(record)} ${trailOf(record)}`,
  tests: [
    { name: 'a stopped trail matches', expected: true, event: { requestParameters: { name: 'management' } } },
    {
      name: 'a deleted trail matches',
      expected: true,
      event: { eventName: 'DeleteTrail', requestParameters: { name: 'management' } },
    },
    { name: 'a record without its parameters matches', expected: true, event: { requestParameters: null } },
    { name: 'a refused attempt is silent', expected: false, event: { errorCode: 'AccessDenied' } },
    { name: 'a started trail is silent', expected: false, event: { eventName: 'StartLogging' } },
  ],
})

/** The name of the trail; AWS takes a name or an ARN. */
function trailOf(record: CloudTrailRecord): string {
  return textAt(record, 'requestParameters', 'name')?.split('/').at(-1) ?? 'of unknown name'
}
