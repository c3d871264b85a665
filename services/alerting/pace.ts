import { AlertingError } from './error.ts'

/** How fast each channel may be written to. In this process; the destination itself holds the last word. */
export interface Pace {
  /** The wait before the next message, at most `longestWaitMs`, with its place taken; throws `rate-limited` when it is longer. */
  take(channel: string): number
  /** Nothing goes there for so long: what a Retry-After says. */
  close(channel: string, ms: number): void
  /** What is left of a Retry-After, 0 mostly. */
  closedMs(channel: string): number
}

/** Longer waits are not slept but given back, so that no lease runs out in them. */
const longestWaitMs = 2_000

export function createPace(perSecond: number, now: () => number = () => performance.now()): Pace {
  const channels = new Map<string, { free: number; closed: number }>()
  const of = (channel: string): { free: number; closed: number } => {
    const found = channels.get(channel) ?? { free: 0, closed: 0 }
    channels.set(channel, found)
    return found
  }
  return {
    take(channel) {
      const state = of(channel)
      const time = now()
      const wait = Math.max(0, state.free - time, state.closed - time)
      if (wait > longestWaitMs) {
        throw new AlertingError('rate-limited', `posting to ${channel}: its turn comes in ${Math.ceil(wait)} ms`, Math.ceil(wait))
      }
      state.free = time + wait + 1_000 / perSecond
      return wait
    },
    close(channel, ms) {
      const state = of(channel)
      state.closed = Math.max(state.closed, now() + ms)
    },
    closedMs: (channel) => Math.max(0, Math.ceil(of(channel).closed - now())),
  }
}
