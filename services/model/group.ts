import type { Cause } from './audit-event.ts'

/**
 * What makes changes one doing: the actor's session, or the deployment that AWS ran for it. An actor without a session (a service) makes
 * each event its own. Findings with one key, told in one channel within a while, are one thread.
 */
export function groupKeyOf({ eventId, actor }: Cause): string {
  if (actor.arn === null || actor.kind === 'AWSService') return `event ${eventId}`
  const deployment = actor.userAgent?.includes('cloudformation.amazonaws.com') === true ? ' cloudformation' : ''
  return `session ${actor.accountId ?? ''} ${actor.arn}${deployment}`
}
