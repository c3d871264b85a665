import { backoffMs, sleep } from '#runtime'
import { AwsError, retryAfterMs, toAwsError, type Call } from './error.ts'
import type { Limiter } from './limiter.ts'

/** A call as it can be tried. */
export interface Attempt<Answer> {
  once(abortSignal: AbortSignal): Promise<Answer>
  /** The credentials were refused as expired: the next try must use new ones. */
  renew(): void
}

const attempts = 3
/** Leaves time for a second try within a fetch. */
const deadlineMs = 4_000
/** Longer queues are not waited for: the work is put back and the worker looks at other accounts. */
const maxQueueMs = 2_000

/** Makes a call: in its turn, with a deadline, tried again a little where that may help; expired credentials are renewed once. */
export async function send<Answer>(call: Call, limiter: Limiter, signal: AbortSignal, attempt: Attempt<Answer>): Promise<Answer> {
  let refreshed = false
  for (let tries = 1; ; tries += 1) {
    await turn(call, limiter, signal)
    try {
      const answer = await within(signal, (abortSignal) => attempt.once(abortSignal))
      limiter.succeeded()
      return answer
    } catch (caught) {
      const error = toAwsError(caught, call)
      if (error.code === 'throttled') limiter.throttled(retryAfterMs(caught))
      if (signal.aborted || tries === attempts || !error.retryable) throw error
      if (error.code === 'expired') {
        if (refreshed) throw error
        refreshed = true
        attempt.renew()
      } else {
        await sleep(backoffMs(tries - 1, error.code === 'throttled' ? 200 : 50, 1_000), signal)
      }
    }
  }
}

async function turn(call: Call, limiter: Limiter, signal: AbortSignal): Promise<void> {
  const waitMs = limiter.take(maxQueueMs)
  if (waitMs === null) throw new AwsError('throttled', call, 'OwnLimit', 'too many calls wait already')
  if (waitMs > 0) await sleep(waitMs, signal)
  if (signal.aborted) throw new AwsError('unavailable', call, 'AbortError', 'ran out of time or was stopped')
}

/** Runs a try under a deadline of its own. Raced, since a client may hang in an answer's body, where it no longer hears the signal. */
async function within<Answer>(signal: AbortSignal, run: (abortSignal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)])
  const { promise: over, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(Object.assign(new Error('no answer in time'), { name: 'TimeoutError' }))
  deadline.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([run(deadline), over])
  } finally {
    deadline.removeEventListener('abort', onAbort)
  }
}
