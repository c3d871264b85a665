import type { AlertContent, JsonObject, RoutedTo } from '#model'

/** A place where alerts are told. One file each, all alike; test/contracts/destination.ts holds each to the same promises. */
export interface Destination {
  /** As routes name it: `slack`, `slack-emea`, `siem`. */
  readonly name: string
  /** Posts a new message; returns its identity. `uncertain`: an earlier try may have arrived; look for it first, else mark the repeat. */
  post(channel: string, alert: Outgoing, signal: AbortSignal): Promise<JsonObject>
  /** Changes a posted message; a destination that cannot sends an update under the same identity, with a higher revision. */
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
  /** When it was first posted; null before that. Edits do not change it. */
  readonly sentAt: Date | null
}
