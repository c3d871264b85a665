import { openPrivateFolder, type PrivateFolder } from './bundle-folder.ts'
import { openChild, type ChildLink } from './child-link.ts'
import { evaluatorDefaults } from './create-evaluator.ts'

/**
 * What an evaluator is made on: a private folder, empty yet, and processes that have started, may read it, and wait to be told what to load.
 * With them it is ready in a part of the time, most of all on a busy machine. Disposing ends those that nobody took; the folder stays.
 */
export interface Prepared extends AsyncDisposable {
  readonly folder: PrivateFolder
  /** Null when there is none left. */
  take(): ChildLink | null
}

/** An evaluator has two processes of its own; `bare`: none is started ahead. */
export async function prepareEvaluator(how: 'bare' | 'warm'): Promise<Prepared> {
  const folder = await openPrivateFolder()
  const { memoryMb } = evaluatorDefaults
  const bundles = [{ root: folder.path, path: folder.path }]
  const waiting = Array.from({ length: how === 'warm' ? 2 : 0 }, () => openChild(bundles, { memoryMb }))
  return {
    folder,
    take() {
      const link = waiting.pop()
      return link?.alive === true ? link : null
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(waiting.splice(0).map((link) => link.kill()))
    },
  }
}
