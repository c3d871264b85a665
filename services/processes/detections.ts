import {
  createEvaluator,
  createLiveEvaluator,
  openBundleFolder,
  restoreBundle,
  type BundleFolder,
  type Evaluator,
  type EvaluatorOptions,
  type LiveEvaluator,
} from '#detection'
import type { Trust } from '#ingest'
import { scopePolicies } from '#ownership'
import { backoffMs, describeError, roomLogger, sleep } from '#runtime'
import type { ActiveBundle, Store } from '#store'
import type { Config } from './config.ts'
import { routingOf } from './routing.ts'

const log = roomLogger('processes')
const pollMs = 500
const mostWaitMs = 30_000
/** A process that cannot be started now may be a moment later. */
const triesBeforeNote = 3
const keepMs = 3_600_000

type Broken = Evaluator['broken']
/** What of the store detections come from and are given. */
type Detecting = Pick<Store, 'bundles' | 'states' | 'ruleCache'>
type How = Pick<EvaluatorOptions, 'index'>

/** The detections that count for a configuration now: its folders, and the active bundle where it follows bundles. */
export async function openDetections(config: Config, store: Detecting | null): Promise<Evaluator> {
  if (!config.followsBundles || store === null) return (await openAt(config, store, null)).evaluator
  return (await openAt(config, store, await store.bundles.active())).evaluator
}

/** What would count, were the files of a folder the active bundle. */
export async function imagineDetections(config: Config, folder: string): Promise<Evaluator> {
  return scoped(config, { bundleFolder: folder })
}

/** What a process runs: what counts when it starts, and from then on what counts. */
export interface FollowedDetections extends AsyncDisposable {
  readonly evaluators: LiveEvaluator
  /** Until stopped: looks which bundle counts, loads it beside the one that runs, and puts it in its place between two batches. */
  follow(hear: Hear, stop: AbortSignal): Promise<void>
}
export interface Hear {
  /** Another bundle is run from now on. */
  readonly switched: (current: Evaluator) => Promise<void>
  /** A bundle cannot be loaded here: what ran goes on. */
  readonly refused: (bundle: ActiveBundle, broken: Broken) => Promise<void>
}

/** Starts on what counts; where that bundle cannot be had at all, on the folders, and the bundle is tried again. */
export async function followDetections(config: Config, store: Detecting, how: How = {}): Promise<FollowedDetections> {
  let own = await openFirst(config, store, how)
  const live = createLiveEvaluator(own.evaluator)
  const closing = new Set<Promise<void>>()
  let settled = live.current.bundle?.activation ?? 0

  const load = async (active: ActiveBundle): Promise<Broken> => {
    const next = await openAt(config, store, active, how)
    const broken = next.evaluator.broken.filter(({ file }) => file.startsWith(nameOf(active.number)))
    if (broken.length > 0) {
      await next.evaluator[Symbol.asyncDispose]()
      return broken
    }
    own = next
    const closed = live.swap(next.evaluator).catch((error: unknown) => {
      log.warn({ error: describeError(error) }, 'the evaluator of the bundle before did not close well')
    })
    closing.add(closed)
    void closed.then(() => closing.delete(closed))
    return []
  }
  const look = async (hear: Hear, failures: number): Promise<void> => {
    const active = await store.bundles.active()
    const before = live.current.bundle
    if (before === null || active.activation === settled) return
    const refuse = async (broken: Broken): Promise<void> => {
      log.error({ bundle: active.number, keeps: before.number, broken }, 'the bundle cannot be loaded, what ran before goes on')
      live.relabel({ ...before, overdue: true })
      await hear.refused(active, broken)
    }
    const broken = await load(active).catch(async (error: unknown) => {
      if (failures + 1 >= triesBeforeNote) await refuse([{ file: nameOf(active.number), message: describeError(error) }])
      throw error
    })
    if (broken.length > 0) await refuse(broken)
    settled = active.activation
    if (broken.length > 0) return undefined
    log.info({ bundle: active.number, before: before.number, detections: live.current.detections.length }, 'bundle switched')
    return hear.switched(live.current)
  }

  return {
    evaluators: live,
    async follow(hear, stop) {
      let failures = 0
      let keptAt = performance.now()
      while (!stop.aborted) {
        await sleep(failures > 0 ? backoffMs(failures, pollMs, mostWaitMs) : pollMs, stop)
        if (stop.aborted) break
        try {
          await look(hear, failures)
          failures = 0
          if (performance.now() - keptAt < keepMs) continue
          await own.folder?.keep()
          keptAt = performance.now()
        } catch (error) {
          failures += 1
          log.error({ error: describeError(error) }, 'the active bundle is not known or cannot be loaded, trying again')
        }
      }
      await Promise.all(closing)
    },
    [Symbol.asyncDispose]: () => live[Symbol.asyncDispose](),
  }
}

interface Opened {
  readonly evaluator: Evaluator
  readonly folder: BundleFolder | null
}

async function openFirst(config: Config, store: Detecting, how: How): Promise<Opened> {
  if (!config.followsBundles) return openAt(config, store, null, how)
  const active = await store.bundles.active()
  try {
    return await openAt(config, store, active, how)
  } catch (error) {
    if (active.number === 0) throw error
    const broken = { file: nameOf(active.number), message: describeError(error) }
    log.error({ ...broken }, 'the bundle cannot be loaded, only the folders of the configuration are')
    const none = { number: 0, activation: 0 }
    const { evaluator } = await openAt(config, store, none, how)
    // Broken: so that findings of what is missing are not taken for those of removed detections.
    return { evaluator: { ...evaluator, bundle: { ...none, overdue: true }, broken: [...evaluator.broken, broken] }, folder: null }
  }
}

async function openAt(config: Config, store: Detecting | null, active: ActiveBundle | null, how: How = {}): Promise<Opened> {
  const folder = store === null || active === null || active.number === 0 ? null : await fetchBundle(store, active.number)
  const bundle = active === null ? {} : { bundle: { ...active, overdue: false }, bundleFolder: folder?.path ?? null }
  try {
    const evaluator = await scoped(config, { ...how, ...bundle, ...(store === null ? {} : remembering(store)) })
    return { folder, evaluator: folder === null ? evaluator : within(evaluator, folder, nameOf(active?.number ?? 0)) }
  } catch (error) {
    await folder?.[Symbol.asyncDispose]()
    throw error
  }
}

/** What rules may look up, and what they remember. */
function remembering({ states, ruleCache }: Detecting): Pick<EvaluatorOptions, 'lookUp' | 'cache'> {
  return { lookUp: (ids) => states.attributes(ids), cache: ruleCache }
}

async function scoped(
  config: Config,
  more: How & Pick<EvaluatorOptions, 'bundle' | 'bundleFolder' | 'lookUp' | 'cache'>,
): Promise<Evaluator> {
  const { detections: folders, disabled } = config
  const all = await createEvaluator({ folders, disabled, trust: trustOf(config), ...more })
  const { scopes, ownership } = routingOf(config)
  return scopePolicies(all, scopes, ownership.groups)
}

async function fetchBundle(store: Detecting, number: number): Promise<BundleFolder> {
  const [kept, files] = [await store.bundles.get(number), await store.bundles.files(number)]
  return openBundleFolder(restoreBundle(files, kept?.digest ?? ''))
}

/** Calls the bundle's files by the bundle's name, not by where they lie here; the folder goes with the evaluator. */
function within(evaluator: Evaluator, folder: BundleFolder, name: string): Evaluator {
  const named = (text: string): string => text.replaceAll(`${folder.path}/`, `${name}: `).replaceAll(folder.path, name)
  return {
    ...evaluator,
    detections: evaluator.detections.map((each) => ({ ...each, file: named(each.file) })),
    broken: evaluator.broken.map(({ file, message }) => ({ file: named(file), message: named(message) })),
    notRun: evaluator.notRun.map((each) => ({ ...each, file: named(each.file) })),
    notes: evaluator.notes.map(({ file, message }) => ({ file: named(file), message: named(message) })),
    async [Symbol.asyncDispose]() {
      await evaluator[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

function nameOf(bundle: number): string {
  return `bundle ${bundle}`
}

/** Which events may be believed, those of registered accounts, and how logs are read. */
export function trustOf({ accounts, findings, logSchemas }: Pick<Config, 'accounts' | 'findings' | 'logSchemas'>): Trust {
  const { administrators } = findings
  return { accounts: accounts.map(({ id }) => id), regions: null, times: 'checked', administrators, schemas: logSchemas }
}
