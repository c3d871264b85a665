import type { AlertContent, Flapping, JsonObject, RoutedTo, Together } from '#model'

/** A place where alerts are told. One file each, all alike; test/contracts/destination.ts holds each to the same promises. */
export interface Destination {
  /** As routes name it: `slack`, `slack-emea`, `siem`. */
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
  /**
   * Changes a posted message; a destination that cannot sends an update under the same identity, with a higher revision. The identity that
   * it returns is the one to change next time.
   */
  edit(message: JsonObject, alert: Outgoing, signal: AbortSignal): Promise<JsonObject>
}
export interface Outgoing {
  /** Ours, for finding the message again. */
  readonly deliveryId: string
  /** The same for every copy and every revision of an alert. */
  readonly alertId: string
  /** Null for summaries and notes. */
  readonly findingId: string | null
  /** 1 at first; higher is newer. */
  readonly revision: number
  readonly to: RoutedTo
  readonly content: AlertContent
  readonly uncertain: boolean
  /** When it was to be told first: no try is older. */
  readonly createdAt: Date
  /** When it was first posted; null before that. Edits do not change it. */
  readonly sentAt: Date | null
  /** What the message tells besides the content, which is the first of it; null when the content is all. */
  readonly together: Together | null
  /** The finding opens and ends again and again; null when it does not. */
  readonly flapping: Flapping | null
  /** The message to answer in its thread, and whether the channel is to see it too; null for a message of its own. */
  readonly in: { readonly message: JsonObject; readonly broadcast: boolean } | null
}
