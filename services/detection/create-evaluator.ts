import { createHash } from 'node:crypto'
import type { Outcome, Resource } from '#model'
import type { Trust } from '#ingest'
import { batchesOf } from './batches.ts'
import { openBundles } from './bundle.ts'
import type { BodyJudgement, Evaluator, ResourceJudgement, RunningBundle } from './evaluator.ts'
import { frameKinds } from './frames.ts'
import { judgeResources, lettersPerBatch } from './judge-resources.ts'
import type { BodiesAnswer } from './protocol.ts'
import { openRunner, type RunnerOptions } from './runner.ts'

export interface EvaluatorOptions {
  /** Folders or files of detections. */
  readonly folders: readonly string[]
  /** Patterns of ids (`*` is anything) that do not run. */
  readonly disabled?: readonly string[]
  /** The bundle that counts, and its folder; its detections replace those of `folders` with the same id. */
  readonly bundle?: RunningBundle & { readonly folder: string | null }
  /** Which events the rules may see. */
  readonly trust: Trust
  /** A call of a detection may take this long; 250 by default. */
  readonly timeoutMs?: number
  /** The heap of each process; 256 by default. */
  readonly memoryMb?: number
  /** Loading one file may take this long; 5,000 by default. */
  readonly loadTimeoutMs?: number
  /** Where this process was killed, an evaluator process that hangs ends after this; 10,000 by default. */
  readonly orphanMs?: number
}

/** What an evaluator does where its options say nothing. */
export const evaluatorDefaults = { timeoutMs: 250, memoryMb: 256, loadTimeoutMs: 5_000, orphanMs: 10_000 } as const

const bodiesPerBatch = 200
const resourcesPerBatch = 50

/** Starts the evaluator processes, one for rules and one for policies, so that they do not wait for each other. */
export async function createEvaluator(options: EvaluatorOptions): Promise<Evaluator> {
  const { folders, bundle, ...rest } = options
  const uploaded = bundle === undefined || bundle.folder === null ? [] : [{ root: bundle.folder, path: bundle.folder, wins: true }]
  const base: Omit<RunnerOptions, 'role'> = { ...evaluatorDefaults, ...rest, bundles: [...uploaded, ...openBundles(folders)] }
  const started = await Promise.allSettled([openRunner({ ...base, role: 'rule' }), openRunner({ ...base, role: 'policy' })])
  const [rules, policies] = started.map((each) => (each.status === 'fulfilled' ? each.value : null))
  if (rules === null || rules === undefined || policies === null || policies === undefined) {
    await Promise.all([rules?.[Symbol.asyncDispose](), policies?.[Symbol.asyncDispose]()])
    throw started.find((each) => each.status === 'rejected')?.reason
  }
  const detections = [...rules.loaded.detections, ...policies.loaded.detections]
    .filter(({ enabled }) => enabled)
    .map(({ detection }) => detection)
  const broken = new Map([...rules.loaded.broken, ...policies.loaded.broken].map((each) => [`${each.file}|${each.message}`, each]))
  const fingerprints = new Map<string, string>()

  return {
    detections,
    bundle: bundle ?? null,
    broken: [...broken.values()],
    fingerprint(type) {
      const known = fingerprints.get(type)
      if (known !== undefined) return known
      const hash = createHash('sha256')
      const looking = detections.filter(
        ({ kind, resourceTypes }) => kind === 'policy' && (resourceTypes.length === 0 || resourceTypes.includes(type)),
      )
      for (const { id, fingerprint } of looking.toSorted((a, b) => (a.id < b.id ? -1 : 1))) hash.update(`${id}\n${fingerprint}\n`)
      const made = hash.digest('hex')
      fingerprints.set(type, made)
      return made
    },
    async judgeBodies(bodies, carried) {
      const judgements: BodyJudgement[] = []
      let from = 0
      for (const batch of textBatches(bodies, bodiesPerBatch)) {
        const answer = (await rules.run(frameKinds.bodies, batch, carried === undefined ? {} : { carried })) as BodiesAnswer
        for (const [body, records] of answer) judgements.push({ body: from + body, records })
        from += batch.length
      }
      return judgements
    },
    async judgeResources(resources, lookUp, only) {
      const judged: (readonly Outcome[])[] = []
      const texts = resources.map(({ type, id, attributes }) => JSON.stringify({ type, id, attributes }))
      for (const batch of textBatches(texts, resourcesPerBatch))
        judged.push(...(await judgeResources(policies, batch, lookUp, only)))
      return resources.map((resource, index) => ({ ref: refOf(resource), outcomes: judged[index] ?? [] }))
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([rules[Symbol.asyncDispose](), policies[Symbol.asyncDispose]()])
    },
  }
}

/** Batches bounded in number and size. */
function textBatches(texts: readonly string[], most: number): Generator<readonly string[]> {
  const share = Math.floor(lettersPerBatch / most)
  return batchesOf(texts, (text) => Math.max(text.length, share), lettersPerBatch)
}

function refOf({ accountId, region, type, id }: Resource): ResourceJudgement['ref'] {
  return { accountId, region, type, id }
}
