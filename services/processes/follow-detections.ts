import {
  createLiveEvaluator,
  openFolders,
  prepareEvaluator,
  type Evaluator,
  type FoldersContent,
  type LiveEvaluator,
  type Prepared,
} from '#detection'
import { backoffMs, describeError, roomLogger, sleep } from '#runtime'
import type { ActiveBundle } from '#store'
import type { Config } from './config.ts'
import { nameOf, openWanted, type Detecting, type How, type Opened, type Wanted } from './detections.ts'

const log = roomLogger('processes')
const pollMs = 250
const mostWaitMs = 30_000
/** A process that cannot be started now may be a moment later. */
const triesBeforeNote = 3
/** What has a file that cannot be loaded is tried again all the same: a machine may have been too busy to load it in time. */
const brokenAgainMs = 60_000
const keepMs = 3_600_000
/** After a switch the old evaluators end and the new ones begin: then there is time for the next. */
const spareAfterMs = 2_000

type Broken = Evaluator['broken']

/** What a process runs: what counts when it starts, and from then on what counts. */
export interface FollowedDetections extends AsyncDisposable {
  readonly evaluators: LiveEvaluator
  /**
   * Until stopped: looks which bundle counts and what the folders hold, loads it beside what runs, and puts it in its place between two
   * batches.
   */
  follow(hear: Hear, stop: AbortSignal): Promise<void>
}
export interface Hear {
  /** Other detections are run from now on. */
  readonly switched: (current: Evaluator) => Promise<void>
  /** They cannot be loaded here: what ran goes on. */
  readonly refused: (what: Refused, broken: Broken) => Promise<void>
}
/** A bundle that counts, or what folders hold by now. */
export type Refused = { readonly bundle: ActiveBundle } | { readonly digest: string }

/** What is tried until it runs, or something else is wanted. */
interface Trial<What> {
  readonly what: What
  failures: number
  told: boolean
  againAt: number
}

/** Starts on what counts; where that bundle cannot be had at all, on the folders, and the bundle is tried again. */
export async function followDetections(config: Config, store: Detecting, how: How = {}): Promise<FollowedDetections> {
  const watched = await openFolders(config.detections)
  let own = await openFirst(config, store, watched.content, how)
  const live = createLiveEvaluator(own.evaluator)
  const closing = new Set<Promise<void>>()
  let spare: Prepared | null = null
  let bundle: Trial<ActiveBundle> | null = null
  let folders: Trial<FoldersContent> | null = null
  let unreadable = false

  /** Puts other detections in place, or answers what is broken of them. */
  const load = async (wanted: Wanted): Promise<Broken> => {
    const taken = spare
    spare = null
    const next = await openWanted(config, store, wanted, { ...how, ...(taken === null ? {} : { prepared: taken }) })
    const broken = newlyBroken(next.evaluator, live.current, wanted, own.wanted)
    if (broken.length > 0) {
      await next.evaluator[Symbol.asyncDispose]()
      return broken
    }
    const stillOverdue = live.current.bundle?.overdue === true && wanted.active === own.wanted.active
    own = next
    const closed = live.swap(next.evaluator, worked(wanted)).catch((error: unknown) => {
      log.warn({ error: describeError(error) }, 'the evaluator that was replaced did not close well')
    })
    if (stillOverdue) overdue()
    closing.add(closed)
    void closed.then(() => closing.delete(closed))
    return []
  }
  const overdue = (): void => {
    const { active } = own.wanted
    if (active !== null) live.relabel({ ...active, overdue: true })
  }
  /** Tries what it is time to try; null when it is in place, and nothing is to be tried any more. */
  const attempt = async <What>(
    trial: Trial<What>,
    change: () => Promise<Broken>,
    refuse: (broken: Broken) => Promise<void>,
    hear: Hear,
  ): Promise<Trial<What> | null> => {
    if (performance.now() < trial.againAt) return trial
    let broken: Broken
    try {
      broken = await change()
      trial.failures += 1
      trial.againAt = performance.now() + brokenAgainMs
    } catch (error) {
      trial.failures += 1
      trial.againAt = performance.now() + backoffMs(trial.failures, 2 * pollMs, mostWaitMs)
      log.error({ error: describeError(error) }, 'detections cannot be loaded, trying again')
      if (trial.failures < triesBeforeNote) return trial
      broken = [{ file: 'detections', message: describeError(error) }]
    }
    if (broken.length === 0) {
      log.info({ ...sayingOf(own.wanted), detections: live.current.detections.length }, 'detections switched')
      await hear.switched(live.current)
      return null
    }
    if (!trial.told) {
      log.error({ keeps: sayingOf(own.wanted), broken }, 'detections cannot be loaded, what ran before goes on')
      await refuse(broken)
    }
    trial.told = true
    return trial
  }
  const followBundle = async (hear: Hear): Promise<void> => {
    const active = await store.bundles.active()
    if (active.activation === own.wanted.active?.activation) bundle = null
    else if (active.activation !== bundle?.what.activation) bundle = tried(active)
    if (bundle === null) return
    const change = async (): Promise<Broken> => {
      const wanted = { ...own.wanted, active }
      const lacks = live.current.broken.some(({ file }) => isOfBundle(file))
      if (active.number !== own.wanted.active?.number || lacks) return load(wanted)
      // The same files under another activation are what runs already.
      own = { ...own, wanted }
      live.relabel({ ...active, overdue: false }, worked(wanted))
      return []
    }
    const refuse = (broken: Broken): Promise<void> => {
      overdue()
      return hear.refused({ bundle: active }, broken)
    }
    bundle = await attempt(bundle, change, refuse, hear)
  }
  const followFolders = async (hear: Hear): Promise<void> => {
    let content: FoldersContent | null
    try {
      content = await watched.look()
      unreadable = false
    } catch (error) {
      const broken = [{ file: config.detections.join(', '), message: describeError(error) }]
      if (!unreadable) {
        log.error({ broken }, 'the folders of detections cannot be read, what ran before goes on')
        await hear.refused({ digest: `unreadable ${new Date().toISOString()}` }, broken)
      }
      unreadable = true
      return
    }
    if (content !== null) folders = content.digest === own.wanted.folders.digest ? null : tried(content)
    if (folders === null) return
    const { what } = folders
    const refuse = (broken: Broken): Promise<void> => hear.refused({ digest: what.digest }, broken)
    folders = await attempt(folders, () => load({ ...own.wanted, folders: what }), refuse, hear)
  }

  return {
    evaluators: live,
    async follow(hear, stop) {
      let failures = 0
      let keptAt = performance.now()
      let spareAt = performance.now() + spareAfterMs
      while (!stop.aborted) {
        await sleep(failures > 0 ? backoffMs(failures, pollMs, mostWaitMs) : pollMs, stop)
        if (stop.aborted) break
        try {
          const before = own
          if (config.followsBundles) await followBundle(hear)
          await followFolders(hear)
          failures = 0
          if (own !== before) spareAt = performance.now() + spareAfterMs
          // Who uploaded once will again.
          const uploads = (own.wanted.active?.activation ?? 0) > 0
          if (spare === null && uploads && performance.now() > spareAt) spare = await prepareEvaluator('warm')
          if (performance.now() - keptAt < keepMs) continue
          await own.folder.keep()
          await spare?.folder.keep()
          keptAt = performance.now()
        } catch (error) {
          failures += 1
          log.error({ error: describeError(error) }, 'which detections count is not known, trying again')
        }
      }
      await Promise.all(closing)
    },
    async [Symbol.asyncDispose]() {
      await live[Symbol.asyncDispose]()
      await spare?.[Symbol.asyncDispose]()
      await spare?.folder[Symbol.asyncDispose]()
    },
  }
}

function tried<What>(what: What): Trial<What> {
  return { what, failures: 0, told: false, againAt: 0 }
}

/** What is wrong with other detections that is not wrong with those that run: only without that they take their place. */
function newlyBroken(next: Evaluator, current: Evaluator, wanted: Wanted, before: Wanted): Broken {
  if (wanted.folders === before.folders) return next.broken.filter(({ file }) => isOfBundle(file))
  const known = new Set(current.broken.map(({ file }) => file))
  const broken = next.broken.filter(({ file }) => !known.has(file))
  const inFolders = ({ detections }: Evaluator): number => detections.filter(({ file }) => !isOfBundle(file)).length
  if (broken.length > 0 || inFolders(next) > 0 || inFolders(current) === 0) return broken
  return wanted.folders.folders.map((file) => ({
    file,
    message: 'holds no detection any more; allowed: at least one, or a new start',
  }))
}

/** Other files are called by their whole paths. */
function isOfBundle(file: string): boolean {
  return file.startsWith('bundle ')
}

/** Notes when the new detections are at work. */
function worked(wanted: Wanted): () => void {
  const began = performance.now()
  return () =>
    log.info({ ...sayingOf(wanted), ms: Math.round(performance.now() - began) }, 'the first work is done with the new detections')
}

function sayingOf({ active, folders }: Wanted): Record<string, unknown> {
  return {
    ...(active === null ? {} : { bundle: active.number, activation: active.activation }),
    folders: folders.digest.slice(0, 12),
  }
}

async function openFirst(config: Config, store: Detecting, folders: FoldersContent, how: How): Promise<Opened> {
  if (!config.followsBundles) return openWanted(config, store, { folders, active: null }, how)
  const active = await store.bundles.active()
  try {
    return await openWanted(config, store, { folders, active }, how)
  } catch (error) {
    if (active.number === 0) throw error
    const broken = { file: nameOf(active.number), message: describeError(error) }
    log.error({ ...broken }, 'the bundle cannot be loaded, only the folders of the configuration are')
    const none = { number: 0, activation: 0 }
    const { evaluator, ...opened } = await openWanted(config, store, { folders, active: none }, how)
    // Broken: so that findings of what is missing are not taken for those of removed detections.
    return {
      ...opened,
      evaluator: { ...evaluator, bundle: { ...none, overdue: true }, broken: [...evaluator.broken, broken] },
    }
  }
}
