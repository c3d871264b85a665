import { setTimeout as sleepFor } from 'node:timers/promises'

/** Waits, or returns early when stopped. Stopping is not an error. */
export async function sleep(ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return
  try {
    await sleepFor(ms, undefined, { signal: stop })
  } catch (error) {
    if (!stop.aborted) throw error
  }
}

/** The wait before try number `attempt` (0 first): doubling, capped, with full jitter. */
export function backoffMs(attempt: number, firstMs: number, maxMs: number, random: () => number = Math.random): number {
  return Math.round(Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30)) * (0.5 + random() / 2))
}

/** A signal that is raised by SIGTERM or SIGINT; a second signal ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return controller.signal
}
