import { wholeActor } from './actor.ts'
import type { Cause } from './audit-event.ts'

/**
 * What makes changes one doing: the run of a build, in whatever accounts; else the actor's session, apart from what CloudFormation did for
 * it. An actor without a session (a service) makes each event its own. Findings with one key, told in one channel within a while, are one
 * thread.
 */
export function groupKeyOf({ eventId, actor }: Cause): string {
  const { kind, arn, accountId, job, tool } = wholeActor(actor)
  const deployment = tool?.kind === 'cloudformation' ? ' cloudformation' : ''
  if (job !== null && job.run !== null) return `run ${JSON.stringify([job.provider, job.repository, job.run])}${deployment}`
  if (arn === null || kind === 'AWSService') return `event ${eventId}`
  return `session ${accountId ?? ''} ${arn}${deployment}`
}
