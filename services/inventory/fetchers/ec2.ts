import type { Session } from '#aws'
import { must } from '../reading.ts'

/**
 * `arn:aws:ec2:{region}:{owner}:{kind}/{id}`. The owner is the session's account unless another is given: what AWS itself names
 * without an account (images, snapshots) has the account in which it was seen, so that an event and a listing mean one thing.
 */
export function ec2Arn(session: Session, kind: string, id: string | undefined, owner: string = session.accountId): string {
  return `arn:${session.partition}:ec2:${session.region}:${owner}:${kind}/${must(id, `the id of a ${kind}`)}`
}

/** What every resource of EC2 has beside AWS's own answer, which has its tags. */
export function identity(session: Session, ResourceType: string, arn: string) {
  const Id = arn.slice(arn.indexOf('/') + 1)
  return { AccountId: session.accountId, Region: session.region, ResourceId: arn, ResourceType, Arn: arn, Id }
}
