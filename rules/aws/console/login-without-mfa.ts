import { defineRule } from 'tripline'
import { accountOf, actorOf, textAt } from '../record.ts'

export default defineRule({
  id: 'AWS.Console.LoginWithoutMFA',
  displayName: 'Console sign-in without MFA',
  severity: 'HIGH',
  description: 'A password alone opened the console: whoever gets hold of it by phishing or a leak is in.',
  runbook: 'Have the user set up a second factor today, and demand one by policy (`aws:MultiFactorAuthPresent`).',
  reference: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html',
  tags: ['AWS', 'Console', 'Initial Access'],
  reports: { CIS: ['4.2'], 'MITRE ATT&CK': ['TA0001:T1078.004'] },
  logTypes: ['AWS.CloudTrail'],
  match: { source: 'signin.amazonaws.com', names: ['ConsoleLogin'] },
  evaluate: (record) => {
    // For federated sign-ins AWS always says No: their second factor is the identity provider's business.
    const hasPassword = record.userIdentity?.type === 'IAMUser' || record.userIdentity?.type === 'Root'
    const isSuccess = textAt(record, 'responseElements', 'ConsoleLogin') === 'Success'
    return hasPassword && isSuccess && textAt(record, 'additionalEventData', 'MFAUsed') === 'No'
  },
  title: (record) => `${actorOf(record)} signed in to the console of account ${accountOf(record)} without MFA`,
  dedup: (record) => `${accountOf(record)} ${actorOf(record)}`,
  tests: [
    {
      name: 'a password alone matches',
      expected: true,
      event: {
        userIdentity: { type: 'IAMUser', userName: 'milo', accountId: '123456789012' },
        responseElements: { ConsoleLogin: 'Success' },
        additionalEventData: { MFAUsed: 'No' },
      },
    },
    {
      name: 'root with a password alone matches',
      expected: true,
      event: {
        userIdentity: { type: 'Root', accountId: '123456789012' },
        responseElements: { ConsoleLogin: 'Success' },
        additionalEventData: { MFAUsed: 'No' },
      },
    },
    {
      name: 'a second factor is silent',
      expected: false,
      event: {
        userIdentity: { type: 'IAMUser', userName: 'milo' },
        responseElements: { ConsoleLogin: 'Success' },
        additionalEventData: { MFAUsed: 'Yes' },
      },
    },
    {
      name: 'a failed sign-in is silent',
      expected: false,
      event: {
        userIdentity: { type: 'IAMUser', userName: 'milo' },
        responseElements: { ConsoleLogin: 'Failure' },
        additionalEventData: { MFAUsed: 'No' },
      },
    },
    {
      name: 'a federated sign-in is silent',
      expected: false,
      event: {
        userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev/dana' },
        responseElements: { ConsoleLogin: 'Success' },
        additionalEventData: { MFAUsed: 'No', SamlProviderArn: 'arn:aws:iam::123456789012:saml-provider/idp' },
      },
    },
  ],
})
