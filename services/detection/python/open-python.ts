import type { Carried } from '#ingest'
import type { DetectionFailure } from '#model'
import type { LookUp } from '../evaluator.ts'
import { frameKinds } from '../frames.ts'
import type { BodiesAnswer, LoadedDetection, ResourcesAnswer } from '../protocol.ts'
import { openRunner, type Runner, type RunnerOptions } from '../runner.ts'
import type { Broken } from '../load.ts'
import type { CacheLink } from './cache-link.ts'
import type { PythonFolders } from './load.ts'

/** Python's side of an evaluator: a process for rules and one for policies, each only where there are some. */
export interface PythonEvaluator extends AsyncDisposable {
  readonly detections: readonly LoadedDetection[]
  readonly broken: readonly Broken[]
  readonly judgeBodies: (batch: readonly string[], carried?: Carried) => Promise<BodiesAnswer>
  /** Each text is a resource. */
  judgeResources(batch: readonly string[], lookUp: LookUp, only?: readonly string[]): Promise<ResourcesAnswer>
}

export async function openPython(
  folders: PythonFolders,
  options: Omit<RunnerOptions, 'role' | 'bundles' | 'python'> & {
    readonly lookUp?: LookUp
    readonly cache: CacheLink
    readonly index: boolean
  },
): Promise<PythonEvaluator> {
  const { lookUp, cache, index, ...rest } = options
  const open = async (role: 'rule' | 'policy'): Promise<Runner | null> => {
    const detections = folders.detections.filter(({ loaded }) => loaded.enabled && loaded.detection.kind === role)
    if (detections.length === 0) return null
    const { globals, dataModels } = folders
    const { memoryMb, timeoutMs, loadTimeoutMs } = rest
    const codes = detections.map(({ loaded, kind, module, summaryAttributes, mocked }) => {
      // What its author gave stays here: it may hold numbers that JSON has no words for.
      return { loaded: { ...loaded, slots: {} }, kind, module, summaryAttributes, mocked }
    })
    const models = role === 'rule' ? dataModels : []
    const python = { globals, dataModels: models, detections: codes, memoryMb, timeoutMs, loadTimeoutMs, index }
    return await openRunner({ ...rest, role, bundles: [], python })
  }
  const started = await Promise.allSettled([open('rule'), open('policy')])
  const failed = started.find((each) => each.status === 'rejected')
  const runners = started.map((each) => (each.status === 'fulfilled' ? each.value : null))
  if (failed !== undefined) {
    for (const runner of runners) await runner?.[Symbol.asyncDispose]()
    throw failed.reason
  }
  const [rules = null, policies = null] = runners
  const slots = new Map(folders.detections.map(({ loaded }) => [loaded.detection.id, loaded.slots]))
  const all = [rules, policies].filter((runner) => runner !== null)
  const broken = new Map(all.flatMap(({ loaded }) => loaded.broken).map((each) => [`${each.file}|${each.message}`, each]))

  return {
    detections: all
      .flatMap(({ loaded }) => loaded.detections)
      .map(({ detection, enabled }) => ({ detection, enabled, slots: slots.get(detection.id) ?? {} })),
    broken: [...broken.values()],
    async judgeBodies(batch, carried) {
      if (rules === null) return []
      if (rules.loaded.caches === true) await cache.read()
      const python = (isNew: boolean): ReturnType<CacheLink['head']> => cache.head(lookUp !== undefined, isNew)
      const given = {
        python,
        ...(carried === undefined ? {} : { carried }),
        ...(lookUp === undefined ? {} : { lookUp }),
      }
      const answer = (await rules.run(frameKinds.bodies, batch, given).catch((error: unknown) => {
        // It may remember what nobody will hear of: another process begins with what the store knows.
        rules.retire()
        throw error
      })) as BodiesAnswer
      for (const [, records] of answer) for (const { failures } of records) follow(rules, failures)
      return answer
    },
    async judgeResources(batch, reading, only) {
      if (policies === null) return batch.map(() => [])
      const given = { lookUp: reading, ...(only === undefined ? {} : { only }) }
      const answer = (await policies.run(frameKinds.resources, batch, given)) as ResourcesAnswer
      for (const outcomes of answer) follow(policies, outcomes.flatMap(failureOf))
      return answer
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((runner) => runner[Symbol.asyncDispose]()))
    },
  }
}

function failureOf(said: ResourcesAnswer[number][number]): readonly DetectionFailure[] {
  return 'outcome' in said && said.outcome === 'unknown' ? [said.failure] : []
}

/** A call that was interrupted counts against its detection; memory that was taken is had back by a new process only. */
function follow(runner: Runner, failures: readonly DetectionFailure[]): void {
  const ended = failures.filter(({ reason }) => reason === 'timeout' || reason === 'memory')
  for (const { detectionId } of ended) runner.strike(detectionId)
  if (ended.some(({ reason }) => reason === 'memory')) runner.retire()
}
