/** A bell between a writer and a waiting worker of one process. Rings are merged; a missed one costs only the poll interval. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring, after `ms`, or when stopped, whichever is first. A ring since the last wait counts. */
  wait(ms: number, stop: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  let rung = false
  let wakers: (() => void)[] = []
  return {
    ring() {
      rung = true
      const waiting = wakers
      wakers = []
      for (const wake of waiting) wake()
    },
    async wait(ms, stop) {
      if (!rung && !stop.aborted) {
        await new Promise<void>((resolve) => {
          const done = (): void => {
            clearTimeout(timer)
            stop.removeEventListener('abort', done)
            resolve()
          }
          const timer = setTimeout(done, ms)
          stop.addEventListener('abort', done, { once: true })
          wakers.push(done)
        })
      }
      rung = false
    },
  }
}
