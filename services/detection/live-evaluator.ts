import type { Evaluator, Evaluators, RunningBundle } from './evaluator.ts'

/** An evaluator that is replaced while it runs; closed last, with the one that it has then. */
export interface LiveEvaluator extends Evaluators, AsyncDisposable {
  readonly current: Evaluator
  /** From now on `next` is lent. Resolves when the one before is closed: once nobody has it. */
  swap(next: Evaluator): Promise<void>
  /** Says something else of the bundle that is run. */
  relabel(bundle: RunningBundle): void
}

interface Turn {
  evaluator: Evaluator
  readonly busy: Set<Promise<unknown>>
}

export function createLiveEvaluator(first: Evaluator): LiveEvaluator {
  let turn: Turn = { evaluator: first, busy: new Set() }
  const end = async ({ evaluator, busy }: Turn): Promise<void> => {
    await Promise.allSettled(busy)
    await evaluator[Symbol.asyncDispose]()
  }
  return {
    get current() {
      return turn.evaluator
    },
    async lend(work) {
      const { evaluator, busy } = turn
      const working = work(evaluator)
      busy.add(working)
      try {
        return await working
      } finally {
        busy.delete(working)
      }
    },
    async swap(next) {
      const last = turn
      turn = { evaluator: next, busy: new Set() }
      await end(last)
    },
    relabel(bundle) {
      turn.evaluator = { ...turn.evaluator, bundle }
    },
    [Symbol.asyncDispose]: () => end(turn),
  }
}
