import type { DetectionFailure } from '#model'
import { describeUnquoted } from '../limits.ts'
import type { BatchHead, CallPlace } from '../protocol.ts'
import type { PythonReason, PythonSource } from './protocol.ts'

/** Which calls are not to be made, and what failed ones come to. */
export interface Calls {
  /** Each call is made by itself. */
  readonly careful: boolean
  refused(place: CallPlace): DetectionFailure | null
  failure(detectionId: string, failure: readonly [reason: DetectionFailure['reason'], message: string]): DetectionFailure
}

export function createCalls({ batch, source }: { readonly batch: BatchHead; readonly source: PythonSource }): Calls {
  const blamed = new Map(batch.blamed.map((blame) => [keyOf(blame), blame.failure]))
  const parked = new Map(batch.parked.map((failure) => [failure.detectionId, failure]))
  const words: Readonly<Partial<Record<PythonReason, string>>> = {
    timeout: `did not answer within ${source.timeoutMs} ms`,
    memory: `used more memory than the ${source.memoryMb} MB of an evaluator process`,
  }
  return {
    careful: batch.announce || blamed.size > 0 || parked.size > 0,
    refused: (place) => blamed.get(keyOf(place)) ?? parked.get(place.detectionId) ?? null,
    failure: (detectionId, [reason, message]) => ({
      detectionId,
      reason,
      message: (words as Readonly<Record<string, string>>)[reason] ?? describeUnquoted(message),
    }),
  }
}

function keyOf({ detectionId, item, record }: CallPlace): string {
  return `${item}|${record}|${detectionId}`
}
