import { backoffMs, sleep } from '#runtime'
import { AwsError, toAwsError, type Call } from './error.ts'
import type { Gate } from './gate.ts'
import type { Limiter } from './limiter.ts'

/** A call as it can be tried. */
export interface Attempt<Answer> {
  once(abortSignal: AbortSignal): Promise<Answer>
  /** The credentials were refused as expired: the next try must use new ones. */
  renew(): void
  /** This service has answered the account in this region before: it is on and there. */
  readonly place: { known: boolean }
}
/** What calls wait for: their turn, and a connection. */
export interface Pace {
  readonly limiter: Limiter
  readonly gate: Gate
}

const attempts = 3
/** Leaves time for a second try within a fetch. */
const deadlineMs = 4_000
/** All waiting of one call for its turns. Longer queues are not waited for: the work is put back and other accounts go first. */
const patienceMs = 1_000

/** Makes a call: in its turn, with a deadline, tried again a little where that may help; expired credentials are renewed once. */
export async function send<Answer>(call: Call, pace: Pace, signal: AbortSignal, attempt: Attempt<Answer>): Promise<Answer> {
  const { limiter } = pace
  let patience = patienceMs
  let renewed = false
  let pauseMs = 0
  for (let tries = 1; ; tries += 1) {
    const askedAt = performance.now()
    const leave = await enter(call, pace, patience, signal)
    const sentAt = performance.now()
    patience -= sentAt - askedAt
    try {
      const answer = await within(signal, (abortSignal) => attempt.once(abortSignal))
      limiter.answered()
      attempt.place.known = true
      return answer
    } catch (caught) {
      const error = toAwsError(caught, call, attempt.place.known && !renewed)
      // Not of this call, but of getting credentials for it, where it was tried often enough.
      if (error.call !== call) throw error
      if (error.code === 'throttled') limiter.throttled(sentAt, error.retryAfterMs)
      if (error.code === 'region-off') attempt.place.known = false
      if (signal.aborted || tries === attempts || !error.retryable) throw error
      if (error.code === 'expired') {
        if (renewed) throw error
        renewed = true
        attempt.renew()
        continue
      }
      if ((error.retryAfterMs ?? 0) > patience) throw error
      pauseMs = error.code === 'throttled' ? 200 : 50
    } finally {
      leave()
    }
    await sleep(backoffMs(tries - 1, pauseMs, 1_000), signal)
  }
}

async function enter(call: Call, { limiter, gate }: Pace, patience: number, signal: AbortSignal): Promise<() => void> {
  const startedAt = performance.now()
  const waitMs = await limiter.turn(patience, signal)
  if (waitMs > 0) throw new AwsError('throttled', call, 'OwnLimit', 'too many calls wait already', waitMs)
  const leave = await gate.enter(call.accountId, patience - (performance.now() - startedAt), signal)
  if (signal.aborted) {
    leave?.()
    throw new AwsError('unavailable', call, 'AbortError', 'ran out of time or was stopped')
  }
  if (leave === null) throw new AwsError('throttled', call, 'OwnLimit', 'too many calls are under way', 1_000)
  return leave
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
