import type { Actor } from './actor.ts'
import type { Indicators } from './indicators.ts'
import type { JsonObject } from './json.ts'
import type { ResourceRef } from './resource.ts'

/** Someone did something to something: one record of a log, mostly of CloudTrail, its header normalised, its body as it came. */
export interface AuditEvent {
  /** CloudTrail's `eventID`, or a hash of what it says where it has none. */
  readonly id: string
  /** The account in which it happened: `recipientAccountId`, else `userIdentity.accountId`. */
  readonly accountId: string
  readonly region: string
  readonly time: Date
  /** `s3.amazonaws.com` */
  readonly source: string
  /** `PutBucketPolicy` */
  readonly name: string
  /** Set when the call failed: nothing was changed, but rules still see it. */
  readonly errorCode: string | null
  readonly readOnly: boolean
  /** In Panther's words: `AWS.CloudTrail`, `AWS.GuardDuty`, `AWS.VPCFlow`, or a name that somebody declared. */
  readonly logType: string
  readonly actor: Actor
  /** The resources that a finding of AWS is about, the first one first. */
  readonly about?: readonly ResourceRef[]
  /** What its schema says that it names; left out where there is no schema. `pantherFields` has them for every event. */
  readonly indicators?: Indicators
  readonly record: JsonObject
}

/** A short note of an event, kept with what it caused. */
export interface Cause {
  readonly eventId: string
  readonly source: string
  readonly name: string
  /** RFC 3339. */
  readonly time: string
  readonly actor: Actor
  /** RFC 3339: when we received it; latency is counted from here. */
  readonly receivedAt: string
}

/** The note of an event. */
export function causeOf(event: AuditEvent, receivedAt: Date): Cause {
  const { id: eventId, source, name, actor } = event
  return { eventId, source, name, time: event.time.toISOString(), actor, receivedAt: receivedAt.toISOString() }
}
