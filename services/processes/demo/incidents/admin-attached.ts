import { only } from '../account.ts'
import { stolenKey } from './callers.ts'
import type { Incident } from './incident.ts'

const policy = 'arn:aws:iam::aws:policy/AdministratorAccess'

export const adminAttached: Incident = {
  title: 'A stolen key gives its own user ci-deployer administrator rights',
  account: 'acme-prod',
  change: (account) => {
    only(account.users, ({ UserName }) => UserName === 'ci-deployer', 'ci-deployer').attached.push(policy)
  },
  calls: () => [
    {
      source: 'iam.amazonaws.com',
      name: 'AttachUserPolicy',
      region: 'us-east-1',
      by: stolenKey,
      request: { userName: 'ci-deployer', policyArn: policy },
    },
  ],
  copies: 1,
  expected: [{ detection: 'AWS.IAM.User.Admin', channel: 'platform-alerts', about: 'ci-deployer', state: 'new' }],
}
