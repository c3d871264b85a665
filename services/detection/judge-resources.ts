import type { Outcome } from '#model'
import { batchesOf } from './batches.ts'
import type { LookUp } from './evaluator.ts'
import { frameKinds } from './frames.ts'
import type { AgainAnswer, ResourcesAnswer } from './protocol.ts'
import type { Runner } from './runner.ts'

export const lettersPerBatch = 4 * 1024 * 1024
const rounds = 5
const idsPerRead = 1_000

/** A policy that waits for other resources: for one of the texts, at one place of its outcomes. */
interface Waiting {
  readonly item: number
  readonly place: number
  readonly policy: string
  /** All that it asked for. */
  readonly ids: readonly string[]
}

/**
 * Judges a batch of resources, each a text; by these policies only, where they are given. Evaluators have no database: a policy that asked for resources which it was not given is
 * run again with them, and only that one, until it asks for nothing new.
 */
export async function judgeResources(
  runner: Pick<Runner, 'run'>,
  texts: readonly string[],
  lookUp: LookUp,
  only?: readonly string[],
): Promise<readonly (readonly Outcome[])[]> {
  let waiting: Waiting[] = []
  const judged = ((await runner.run(frameKinds.resources, texts, only === undefined ? {} : { only })) as ResourcesAnswer).map(
    (said, item) =>
      said.map((one, place): Outcome => {
        if (!('wants' in one)) return one
        waiting.push({ item, place, policy: one.detectionId, ids: one.wants })
        // Stays when it never has enough.
        return failed(one.detectionId, `still looked up new resources after ${rounds} rounds; allowed: ${rounds}`)
      }),
  )
  const settle = ({ item, place }: Waiting, outcome: Outcome): void => {
    const row = judged[item]
    if (row !== undefined) row[place] = outcome
  }
  for (let round = 1; round <= rounds && waiting.length > 0; round += 1) {
    const still: Waiting[] = []
    for (const group of batchesOf(waiting, ({ ids }) => ids.length, idsPerRead)) {
      const known = await readAll(group, lookUp)
      const lettersOf = ({ ids }: Waiting): number => ids.reduce((sum, id) => sum + id.length + (known.get(id)?.length ?? 0), 0)
      const [fitting, tooLarge] = [
        group.filter((each) => lettersOf(each) <= lettersPerBatch),
        group.filter((each) => lettersOf(each) > lettersPerBatch),
      ]
      for (const each of tooLarge) {
        settle(each, failed(each.policy, `looked up ${lettersOf(each)} characters of JSON; allowed: ${lettersPerBatch}`))
      }
      for (const batch of batchesOf(fitting, (each) => lettersOf(each) + (texts[each.item]?.length ?? 0), lettersPerBatch)) {
        const answers = (await runner.run(frameKinds.again, encode(batch, texts, known))) as AgainAnswer
        for (const [index, each] of batch.entries()) {
          const said = answers[index]
          if (said === undefined) continue
          if ('wants' in said) still.push({ ...each, ids: said.wants })
          else settle(each, said)
        }
      }
    }
    waiting = still
  }
  return judged
}

/** What is wanted, as JSON; null when there is no such resource. */
async function readAll(waiting: readonly Waiting[], lookUp: LookUp): Promise<ReadonlyMap<string, string | null>> {
  const ids = [...new Set(waiting.flatMap((each) => each.ids))]
  const found = await lookUp(ids)
  return new Map(
    ids.map((id) => {
      const attributes = found.get(id)
      return [id, attributes === undefined ? null : JSON.stringify(attributes)]
    }),
  )
}

/** What is known, then a text for each. Lists of pairs, since an id may be `__proto__`. */
function encode(batch: readonly Waiting[], texts: readonly string[], known: ReadonlyMap<string, string | null>): readonly string[] {
  const ids = [...new Set(batch.flatMap((each) => each.ids))]
  const pairs = ids.map((id) => `[${JSON.stringify(id)},${known.get(id) ?? 'null'}]`)
  return [`[${pairs.join()}]`, ...batch.map(({ item, policy }) => `[${JSON.stringify(policy)},${texts[item]}]`)]
}

function failed(detectionId: string, message: string): Outcome {
  return { detectionId, outcome: 'unknown', failure: { detectionId, reason: 'threw', message } }
}
