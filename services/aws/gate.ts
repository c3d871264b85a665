/** Bounds the calls under way, and so the connections: of the process, and of one account, so that one that hangs leaves room. */
export interface Gate {
  /** Waits for a place. What gives it back, or null when there is none in time. */
  enter(accountId: string, maxWaitMs: number, signal: AbortSignal): Promise<(() => void) | null>
}

interface Waiter {
  readonly accountId: string
  readonly admit: () => void
}

export function createGate({ most, mostOfOne }: { most: number; mostOfOne: number }): Gate {
  const inside = new Map<string, number>()
  const queue = new Set<Waiter>()
  let total = 0

  const fits = (accountId: string): boolean => total < most && (inside.get(accountId) ?? 0) < mostOfOne
  const admit = (accountId: string): (() => void) => {
    total += 1
    inside.set(accountId, (inside.get(accountId) ?? 0) + 1)
    let left = false
    return () => {
      if (left) return
      left = true
      total -= 1
      const others = (inside.get(accountId) ?? 1) - 1
      if (others === 0) inside.delete(accountId)
      else inside.set(accountId, others)
      // At most one fits into one place: the first whose account is not full.
      for (const waiter of queue) {
        if (!fits(waiter.accountId)) continue
        queue.delete(waiter)
        waiter.admit()
        return
      }
    }
  }
  return {
    enter(accountId, maxWaitMs, signal) {
      if (fits(accountId)) return Promise.resolve(admit(accountId))
      if (maxWaitMs <= 0 || signal.aborted) return Promise.resolve(null)
      return new Promise((resolve) => {
        const end = (answer: (() => void) | null): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', giveUp)
          resolve(answer)
        }
        const waiter: Waiter = { accountId, admit: () => end(admit(accountId)) }
        const giveUp = (): void => {
          queue.delete(waiter)
          end(null)
        }
        const timer = setTimeout(giveUp, maxWaitMs)
        signal.addEventListener('abort', giveUp, { once: true })
        queue.add(waiter)
      })
    },
  }
}
