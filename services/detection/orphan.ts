import { createContext, Script } from 'node:vm'

// Not imported: the module `node:process` opens the standard streams, and from then on reading them does not wait.
const host = globalThis.process

/**
 * Runs work so that an endless loop ends when the parent was killed: such a loop never reads that its input has ended. The time of
 * a script is kept by a thread of Node's own. While the parent lives the work, which is pure, is begun anew with twice the time:
 * what is too slow the parent decides.
 */
export function createOrphanWatch(orphanMs: number): <Answer>(work: () => Answer) => Answer {
  const parent = host.ppid
  const within: { run: () => void } = { run() {} }
  const [script, context] = [new Script('run()'), createContext(within)]
  return <Answer>(work: () => Answer): Answer => {
    for (let timeout = orphanMs; ; timeout *= 2) {
      try {
        const done: Answer[] = []
        within.run = () => done.push(work())
        script.runInContext(context, { timeout })
        return done[0] as Answer
      } catch (error) {
        // An error of the context's own, so no instance of our `Error`.
        if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
        if (host.ppid !== parent) host.exit(1)
      }
    }
  }
}
