import { definePolicy, type AttributesOf } from 'tripline'

type IamUser = AttributesOf<'AWS.IAM.User'>
import { coversAction, statementsOf } from '../policy-document.ts'

/** AWS's own policies that give everything, or the means to take it. */
const adminPolicies = new Set(['AdministratorAccess', 'IAMFullAccess'])

export default definePolicy({
  id: 'AWS.IAM.User.Admin',
  displayName: 'IAM user has administrator rights',
  severity: 'HIGH',
  description:
    'A user with long-lived keys can do everything in the account. Administrators should be roles that people assume for a while.',
  runbook:
    'Detach the policy (`aws iam detach-user-policy`). If nobody meant to attach it, disable the keys of the user and of whoever did.',
  reference: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html',
  tags: ['AWS', 'IAM', 'Privilege Escalation'],
  reports: { CIS: ['1.16'], 'MITRE ATT&CK': ['TA0004:T1098.003'] },
  resourceTypes: ['AWS.IAM.User'],
  // Rights through groups are not part of a user's attributes.
  evaluate: (user) => adminRights(user).length === 0,
  title: (user) => `IAM user ${user.Name} has administrator rights`,
  context: (user) => ({ through: adminRights(user) }),
  tests: [
    {
      name: 'the managed policy fails',
      expected: false,
      resource: { Name: 'ci', ManagedPolicyNames: ['ReadOnlyAccess', 'AdministratorAccess'], InlinePolicies: null },
    },
    {
      name: 'an inline policy that allows everything fails',
      expected: false,
      resource: {
        Name: 'ci',
        ManagedPolicyNames: null,
        InlinePolicies: { all: JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }) },
      },
    },
    {
      name: 'all of IAM is as good as everything',
      expected: false,
      resource: {
        Name: 'ci',
        ManagedPolicyNames: null,
        InlinePolicies: { iam: JSON.stringify({ Statement: [{ Effect: 'Allow', Action: ['s3:*', 'iam:*'], Resource: ['*'] }] }) },
      },
    },
    {
      name: 'everything on one bucket passes',
      expected: true,
      resource: {
        Name: 'ci',
        ManagedPolicyNames: null,
        InlinePolicies: {
          bucket: JSON.stringify({ Statement: [{ Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::exports/*' }] }),
        },
      },
    },
    {
      name: 'a denial of everything passes',
      expected: true,
      resource: {
        Name: 'ci',
        ManagedPolicyNames: ['ReadOnlyAccess'],
        InlinePolicies: { none: JSON.stringify({ Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] }) },
      },
    },
    {
      name: 'a user without policies passes',
      expected: true,
      resource: { Name: 'ci', ManagedPolicyNames: null, InlinePolicies: null },
    },
  ],
})

function adminRights({ ManagedPolicyNames, InlinePolicies }: IamUser): readonly string[] {
  const managed = (ManagedPolicyNames ?? []).filter((name) => adminPolicies.has(name)).map((name) => `managed policy ${name}`)
  const inline = Object.entries(InlinePolicies ?? {})
    .filter(([, document]) =>
      statementsOf(document).some(
        (statement) =>
          statement.effect === 'Allow' && statement.resources.includes('*') && coversAction(statement, 'iam:attachuserpolicy'),
      ),
    )
    .map(([name]) => `inline policy ${name}`)
  return [...managed, ...inline]
}
