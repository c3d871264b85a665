import { createHash } from 'node:crypto'
import type { Outcome, Resource } from '#model'
import { fits } from '#runtime'
import type { Trust } from '#ingest'
import { batchesOf } from './batches.ts'
import { openBundles } from './bundle.ts'
import type { BodyJudgement, Evaluator, LookUp, RecordJudgement, ResourceJudgement, RunningBundle } from './evaluator.ts'
import { frameKinds } from './frames.ts'
import { judgeResources, lettersPerBatch } from './judge-resources.ts'
import type { BodiesAnswer, LoadedDetection, Wanting } from './protocol.ts'
import { createCacheLink, type CacheStore } from './python/cache-link.ts'
import { isOff } from './off.ts'
import { loadPython } from './python/load.ts'
import type { NotRun } from './python/repository.ts'
import { openPython } from './python/open-python.ts'
import { openRunner, type RunnerOptions } from './runner.ts'
import type { Prepared } from './prepare.ts'

export interface EvaluatorOptions {
  /** Folders or files of detections. */
  readonly folders: readonly string[]
  /** Patterns of ids (`*` is anything) that do not run; with `!` before, that run all the same. */
  readonly disabled?: readonly string[]
  /** The bundle that counts. */
  readonly bundle?: RunningBundle
  /** Its files: their detections replace those of `folders` with the same id. */
  readonly bundleFolder?: string | null
  /** Where the folders are copies: that of the folder that we were started in, where Python's helpers may lie. */
  readonly startedIn?: string
  /** Processes that have started already; folders and bundle lie in what they may read. */
  readonly prepared?: Pick<Prepared, 'take'>
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
  /** Reads resources that Python rules ask for; where left out they are told that there is no inventory. */
  readonly lookUp?: LookUp
  /** Keeps what Python rules write to their cache; where left out they have one of their own until the end. */
  readonly cache?: CacheStore
  /** False: Python rules are asked about every event of their log types, also those that they cannot match. */
  readonly index?: boolean
}

/** What an evaluator does where its options say nothing. */
export const evaluatorDefaults = { timeoutMs: 250, memoryMb: 256, loadTimeoutMs: 5_000, orphanMs: 10_000 } as const

const bodiesPerBatch = 200
const resourcesPerBatch = 50

/** Starts the evaluator processes, one for rules and one for policies, so that they do not wait for each other. */
export async function createEvaluator(options: EvaluatorOptions): Promise<Evaluator> {
  const {
    folders,
    bundle = null,
    bundleFolder = null,
    lookUp,
    cache: cacheStore,
    index = true,
    startedIn,
    prepared,
    ...rest
  } = options
  const uploaded = bundleFolder === null ? [] : [{ root: bundleFolder, path: bundleFolder, wins: true }]
  const limits: Omit<RunnerOptions, 'role' | 'bundles'> = { ...evaluatorDefaults, ...rest }
  const base = { ...limits, bundles: [...uploaded, ...openBundles(folders)], ...(prepared === undefined ? {} : { prepared }) }
  const cache = createCacheLink(cacheStore ?? null)
  // Whether a field is a slip was for `test` and `upload` to say: here it is a note.
  const helpers = startedIn === undefined ? {} : { startedIn }
  const reading = { ignored: [], extraKeys: 'ignored', ...helpers } as const
  const read = loadPython({ folders, bundle: bundleFolder, disabled: rest.disabled ?? [], reading })
  const [rules, policies, python] = await allOrNone([
    openRunner({ ...base, role: 'rule' }),
    openRunner({ ...base, role: 'policy' }),
    openPython(read, { ...limits, cache, index, ...(lookUp === undefined ? {} : { lookUp }) }),
  ])
  const own = [...rules.loaded.detections, ...policies.loaded.detections]
  const taken = new Set(own.map(({ detection }) => detection.id))
  const twins = python.detections.filter(({ detection }) => taken.has(detection.id))
  const detections = [...own, ...python.detections]
    .filter((each) => each.enabled && !twins.includes(each))
    .map(({ detection }) => detection)
  const broken = new Map(
    [
      ...rules.loaded.broken,
      ...policies.loaded.broken,
      ...read.broken,
      ...python.broken,
      ...twins.map(({ detection: { id, file } }) => ({
        file,
        message: `id ${id} is taken by a detection in TypeScript; that one is used`,
      })),
    ].map((each) => [`${each.file}|${each.message}`, each]),
  )
  const all = [...own, ...python.detections].map(({ detection }) => detection)
  const isTwin = (id: string): boolean => twins.some(({ detection }) => detection.id === id)
  const fingerprints = new Map<string, string>()

  return {
    detections,
    bundle,
    broken: [...broken.values()],
    notRun: [...read.notRun, ...read.idle, ...own.flatMap((each) => offOf(each, rest.disabled ?? []))],
    notes: [
      ...read.notes,
      ...misnamed(
        rest.disabled ?? [],
        [...all, ...read.notRun].map(({ id }) => id),
      ),
    ],
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
      const batches = [...textBatches(bodies, bodiesPerBatch)]
      const given = carried === undefined ? {} : { carried }
      const first = judgeBatches(batches, async (batch) => (await rules.run(frameKinds.bodies, batch, given)) as BodiesAnswer)
      const second = judgeBatches(batches, (batch) => python.judgeBodies(batch, carried))
      try {
        return merged(...(await both(first, second)), isTwin)
      } catch (error) {
        // Nobody hears of what Python wrote over these.
        cache.settle(ticketsIn(await second.catch(() => new Map<number, never[]>())))
        throw error
      }
    },
    async judgeResources(resources, lookUp, only) {
      const judged: (readonly Outcome[])[] = []
      const texts = resources.map(({ type, id, attributes }) => JSON.stringify({ type, id, attributes }))
      for (const batch of textBatches(texts, resourcesPerBatch)) {
        const [first, second] = await both(
          judgeResources(policies, batch, lookUp, only),
          python.judgeResources(batch, lookUp, only),
        )
        judged.push(...first.map((outcomes, index) => outcomes.concat((second[index] ?? []).filter(isOutcome(isTwin)))))
      }
      return resources.map((resource, index) => ({ ref: refOf(resource), outcomes: judged[index] ?? [] }))
    },
    settled: (tickets) => cache.settle(tickets),
    async [Symbol.asyncDispose]() {
      await Promise.all([rules, policies, python].map((each) => each[Symbol.asyncDispose]()))
    },
  }
}

/** A detection in TypeScript that is not run. */
function offOf({ detection: { id, kind, file }, enabled }: LoadedDetection, disabled: readonly string[]): readonly NotRun[] {
  if (enabled) return []
  const reason = isOff(id, disabled) ? 'disabled in the configuration' : 'enabled: false'
  return [{ file, id, kind, reason }]
}

/** A slip in `disabled` turns nothing off: what was to be quiet is not. */
function misnamed(disabled: readonly string[], ids: readonly string[]): Evaluator['notes'] {
  const none = disabled.filter((pattern) => !ids.some((id) => fits(pattern.replace(/^!/u, ''), id)))
  return none.map((pattern) => ({ file: 'configuration', message: `\`disabled\` has ${pattern}, which no detection is called` }))
}

/** All of them, or an error once those that opened are closed. */
async function allOrNone<Opened extends readonly AsyncDisposable[]>(opening: {
  readonly [Index in keyof Opened]: Promise<Opened[Index]>
}): Promise<Opened> {
  const opened = await Promise.allSettled(opening)
  const failed = opened.find((each) => each.status === 'rejected')
  const values = opened.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  if (failed === undefined) return values as unknown as Opened
  await Promise.all(values.map((each) => each[Symbol.asyncDispose]()))
  throw failed.reason
}

/** Waits for both, whatever becomes of one of them: a batch has one end. */
async function both<First, Second>(first: Promise<First>, second: Promise<Second>): Promise<readonly [First, Second]> {
  await Promise.allSettled([first, second])
  return [await first, await second]
}

async function judgeBatches(
  batches: readonly (readonly string[])[],
  judge: (batch: readonly string[]) => Promise<BodiesAnswer>,
): Promise<ReadonlyMap<number, readonly RecordJudgement[]>> {
  const judgements = new Map<number, readonly RecordJudgement[]>()
  let from = 0
  for (const batch of batches) {
    for (const [body, records] of await judge(batch)) judgements.set(from + body, records)
    from += batch.length
  }
  return judgements
}

function ticketsIn(judged: ReadonlyMap<number, readonly RecordJudgement[]>): readonly number[] {
  return [...judged.values()].flat().flatMap(({ cache }) => cache?.ticket ?? [])
}

/** What both languages say of bodies, by body and record. */
function merged(
  first: ReadonlyMap<number, readonly RecordJudgement[]>,
  second: ReadonlyMap<number, readonly RecordJudgement[]>,
  isTwin: (id: string) => boolean,
): readonly BodyJudgement[] {
  const all = new Map<number, Map<number, RecordJudgement>>()
  for (const [body, records] of first) all.set(body, new Map(records.map((each) => [each.record, each])))
  for (const [body, records] of second) {
    const own = all.get(body) ?? new Map<number, RecordJudgement>()
    all.set(body, own)
    for (const said of records) {
      const other = own.get(said.record)
      const matches = said.matches.filter(({ detectionId }) => !isTwin(detectionId))
      const failures = said.failures.filter(({ detectionId }) => !isTwin(detectionId))
      own.set(said.record, {
        ...said,
        matches: [...(other?.matches ?? []), ...matches],
        failures: [...(other?.failures ?? []), ...failures],
      })
    }
  }
  return [...all].toSorted(([a], [b]) => a - b).map(([body, records]) => ({ body, records: [...records.values()] }))
}

function isOutcome(isTwin: (id: string) => boolean): (said: Outcome | Wanting) => said is Outcome {
  return (said): said is Outcome => 'outcome' in said && !isTwin(said.detectionId)
}

/** Batches bounded in number and size. */
function textBatches(texts: readonly string[], most: number): Generator<readonly string[]> {
  const share = Math.floor(lettersPerBatch / most)
  return batchesOf(texts, (text) => Math.max(text.length, share), lettersPerBatch)
}

function refOf({ accountId, region, type, id }: Resource): ResourceJudgement['ref'] {
  return { accountId, region, type, id }
}
