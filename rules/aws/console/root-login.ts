import { defineRule } from 'tripline'
import { accountOf, textAt } from '../record.ts'

export default defineRule({
  id: 'AWS.Console.RootLogin',
  displayName: 'Root signed in to the console',
  severity: 'CRITICAL',
  description:
    'Root can do everything, cannot be limited, and is needed for next to nothing. A sign-in is an emergency or an intruder.',
  runbook:
    'Ask the keepers of the root password. If none of them signed in, change it, end all sessions and call the security team.',
  reference: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html',
  tags: ['AWS', 'Console', 'Root', 'Privilege Escalation'],
  reports: { CIS: ['4.3'], 'MITRE ATT&CK': ['TA0004:T1078.004'] },
  logTypes: ['AWS.CloudTrail'],
  match: { source: 'signin.amazonaws.com', names: ['ConsoleLogin'] },
  dedupPeriodMinutes: 15,
  evaluate: (record) => record.userIdentity?.type === 'Root' && textAt(record, 'responseElements', 'ConsoleLogin') === 'Success',
  title: (record) =>
    `Root signed in to the console of account ${accountOf(record)} from ${record.sourceIPAddress ?? 'an unknown address'}`,
  dedup: (record) => `${accountOf(record)} ${record.sourceIPAddress}`,
  context: (record) => ({ mfa: textAt(record, 'additionalEventData', 'MFAUsed') ?? 'unknown' }),
  tests: [
    {
      name: 'a sign-in by root matches',
      expected: true,
      event: {
        userIdentity: { type: 'Root', accountId: '123456789012' },
        responseElements: { ConsoleLogin: 'Success' },
        sourceIPAddress: '203.0.113.7',
        additionalEventData: { MFAUsed: 'Yes' },
      },
    },
    {
      name: 'a failed sign-in is silent',
      expected: false,
      event: {
        userIdentity: { type: 'Root', accountId: '123456789012' },
        errorMessage: 'Failed authentication',
        responseElements: { ConsoleLogin: 'Failure' },
      },
    },
    {
      name: 'a sign-in by a user is silent',
      expected: false,
      event: { userIdentity: { type: 'IAMUser', userName: 'dana' }, responseElements: { ConsoleLogin: 'Success' } },
    },
  ],
})
