import type { AlertContent, Flapping, JsonObject, Together } from '#model'

/** A place where alerts are told. One file each, all alike. */
export interface Destination {
  /** `slack` */
  readonly name: string
  /**
   * True where messages can answer messages and can be changed: findings of one doing become a thread. False: each finding is told by
   * itself, and `together`, `flapping` and `in` are always null.
   */
  readonly threads: boolean
  /** The least time between two posts in one channel, in ms; kept across processes. 0 where nobody counts. */
  readonly gapMs: number
  /**
   * Posts a new message; returns its identity. `uncertain`: an earlier try may have arrived; look for it first, else mark the repeat. An
   * identity with `astray: true` says that the message to answer was deleted, so that this one stands by itself.
   */
  post(channel: string, alert: Outgoing, signal: AbortSignal): Promise<JsonObject>
  /** Changes a posted message. */
  edit(message: JsonObject, alert: Outgoing, signal: AbortSignal): Promise<JsonObject>
}
export interface Outgoing {
  /** Ours, for finding the message again. */
  readonly deliveryId: string
  readonly content: AlertContent
  readonly uncertain: boolean
  /** When it was first posted; null before that. Edits do not change it. */
  readonly sentAt: Date | null
  /** What the message tells besides the content, which is the first of it; null when the content is all. */
  readonly together: Together | null
  /** The finding opens and ends again and again; null when it does not. */
  readonly flapping: Flapping | null
  /** The message to answer in its thread, and whether the channel is to see it too; null for a message of its own. */
  readonly in: { readonly message: JsonObject; readonly broadcast: boolean } | null
}
