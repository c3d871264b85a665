import type { Evaluator, Evaluators, RunningBundle } from './evaluator.ts'

/** An evaluator that is replaced while it runs; closed last, with the one that it has then. */
export interface LiveEvaluator extends Evaluators, AsyncDisposable {
  readonly current: Evaluator
  /** From now on `next` is lent; calls `onWorked` when the first work is done with it. Resolves when the one before is closed: once nobody has it. */
  swap(next: Evaluator, onWorked?: () => void): Promise<void>
  /** Says something else of the bundle that is run; `onWorked` as for `swap`. */
  relabel(bundle: RunningBundle, onWorked?: () => void): void
}

interface Turn {
  evaluator: Evaluator
  readonly busy: Set<Promise<unknown>>
  onWorked: () => void
}

export function createLiveEvaluator(first: Evaluator): LiveEvaluator {
  let turn: Turn = { evaluator: first, busy: new Set(), onWorked: nobody }
  const end = async ({ evaluator, busy }: Turn): Promise<void> => {
    await Promise.allSettled(busy)
    await evaluator[Symbol.asyncDispose]()
  }
  return {
    get current() {
      return turn.evaluator
    },
    async lend(work) {
      const borrowed = turn
      const { evaluator, busy } = borrowed
      const working = work(evaluator)
      busy.add(working)
      try {
        const done = await working
        if (borrowed.evaluator === evaluator) {
          borrowed.onWorked()
          borrowed.onWorked = nobody
        }
        return done
      } finally {
        busy.delete(working)
      }
    },
    async swap(next, onWorked = nobody) {
      const last = turn
      turn = { evaluator: next, busy: new Set(), onWorked }
      await end(last)
    },
    relabel(bundle, onWorked = turn.onWorked) {
      turn.evaluator = { ...turn.evaluator, bundle }
      turn.onWorked = onWorked
    },
    [Symbol.asyncDispose]: () => end(turn),
  }
}

function nobody(): void {}
