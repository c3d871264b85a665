import type { RejectReason } from './decode.ts'
import type { Carried } from './logs/log-schema.ts'

/**
 * Where bodies come from. `run` hands batches to `handle` and acknowledges a message only after the handler's promise resolved
 * without naming it; a rejected promise or a named message is delivered again later. Returns when stopped and drained.
 */
export interface Source {
  /** For messages and quarantine rows: the queue URL, the folder. */
  readonly name: string
  run(handle: BatchHandler, stop: AbortSignal): Promise<void>
  /** False while nothing has been heard from the other side for too long. Sources that cannot fall silent leave it out. */
  healthy?(): boolean
}
export interface Message {
  /** Unique within the batch. */
  readonly id: string
  readonly body: string
  readonly receivedAt: Date
  /** Where its way in is bound: whose events it may hold, and of what log. */
  readonly only?: Binding
  /** 1 for the first delivery. Sources with nowhere to put what fails for ever say it; queues have a redrive policy instead. */
  readonly attempt?: number
  /** What its source found wrong with it: nobody reads it, it goes to quarantine with this reason. */
  readonly refused?: { readonly reason: RejectReason; readonly detail: string }
}
export interface Binding {
  readonly accounts: readonly string[]
  /** Names the binding, for quarantine rows. */
  readonly by: string
  /** Left out: events of CloudTrail, and findings. */
  readonly carries?: Carried
}
/** Returns the ids of messages that must be delivered again; all others are done for good. */
export type BatchHandler = (batch: readonly Message[]) => Promise<ReadonlySet<string>>
