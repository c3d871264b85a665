import { roomLogger } from '#runtime'
import { nameOf } from './ingest-error.ts'
import type { BatchHandler } from './source.ts'

export interface Drained {
  readonly taken: number
  /** True when nothing came any more; false when it was stopped, or when something could not be taken. */
  readonly empty: boolean
}

/** Handed over and not deleted within this time, a message comes again. */
const visibilitySeconds = 120

/**
 * Hands what lies in a queue over until nothing comes any more, and deletes what was taken. The first that could not be taken ends it:
 * that and the rest stay in the queue.
 */
export async function drainQueue(
  options: { readonly queueUrl: string; readonly region?: string | undefined; readonly endpoint?: string | undefined },
  handle: BatchHandler,
  stop: AbortSignal,
): Promise<Drained> {
  const { openQueue } = await import('./sqs-queue.ts')
  const queue = openQueue({ ...options, waitSeconds: 1, visibilitySeconds })
  let taken = 0
  try {
    // SQS asks some of its servers only: one empty answer says little.
    for (let silent = 0; silent < 3;) {
      if (stop.aborted) return { taken, empty: false }
      const messages = await queue.receive(stop)
      silent = messages.length === 0 ? silent + 1 : 0
      if (messages.length === 0) continue
      // Without how often they were handed out: before they came here, that was often enough.
      const again = await handle(messages.map(({ id, body, receivedAt }) => ({ id, body, receivedAt }))).catch((error: unknown) => {
        roomLogger('ingest').error({ messages: messages.length, error: nameOf(error) }, 'messages could not be taken')
        return new Set(messages.map(({ id }) => id))
      })
      const left = await queue.remove(messages.filter(({ id }) => !again.has(id)))
      taken += messages.length - again.size - left.length
      if (again.size > 0) {
        await queue.hide(
          messages.filter(({ id }) => again.has(id)),
          () => 0,
        )
        return { taken, empty: false }
      }
    }
    return { taken, empty: true }
  } finally {
    queue.close()
  }
}
