import type { AlertContent, JsonObject } from '#model'

/** A place where alerts are told. One file each, all alike. */
export interface Destination {
  /** `slack` */
  readonly name: string
  /** Posts a new message; returns its identity. `uncertain`: an earlier try may have arrived; look for it first, else mark the repeat. */
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
}
