import type { Actor } from './actor.ts'

/** Somebody got a temporary key for a role. Later calls carry the key, and not who got it. */
export interface OpenedSession {
  readonly accessKeyId: string
  readonly roleArn: string
  /** What the caller called the session. */
  readonly name: string
  /** When, by the event's own time. */
  readonly openedAt: Date
  readonly by: Actor
}
