import { only } from '../account.ts'
import { stolenKey } from './callers.ts'
import type { Incident } from './incident.ts'

export const trailStopped: Incident = {
  title: 'The same key stops the CloudTrail log of production',
  account: 'acme-prod',
  change: (account) => {
    const { status } = only(account.trails, ({ Name }) => Name === 'acme-trail', 'acme-trail')
    status.IsLogging = false
    status.StopLoggingTime = Math.floor(Date.now() / 1000)
  },
  calls: (account) => [
    {
      source: 'cloudtrail.amazonaws.com',
      name: 'StopLogging',
      by: stolenKey,
      request: { name: `arn:aws:cloudtrail:${account.region}:${account.id}:trail/acme-trail` },
    },
  ],
  copies: 1,
  expected: [{ detection: 'AWS.CloudTrail.Stopped', channel: 'security', about: 'acme-trail', state: 'new' }],
}
