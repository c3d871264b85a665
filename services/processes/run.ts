import { randomUUID } from 'node:crypto'
import { createSender, endedAlert, findingAlert, repeatedAlert, summaries, type Router } from '#alerting'
import { createSessions, type Sessions } from '#aws'
import { createEventHistory, createEventPages, createTrailWatch } from '#enrichment'
import { createLiveEvaluator, linesOfLeftOut, type Evaluator } from '#detection'
import { decode, sessionOf, touches, type Source } from '#ingest'
import { createInventory, type Inventory } from '#inventory'
import {
  createIntake,
  createListener,
  noteBroken,
  noteRefused,
  planScans,
  runGaps,
  runInvestigations,
  runJudge,
  runRefresh,
  runScans,
  type Live,
  type Observe,
  type Parts,
  type Places,
} from '#pipeline'
import { createBell, roomLogger, sleep } from '#runtime'
import { openStore, type Store } from '#store'
import type { Config } from './config.ts'
import { expectedOf, feedOf } from './config-feed.ts'
import { openDetections, trustOf } from './detections.ts'
import { followDetections, type Refused } from './follow-detections.ts'
import { createHttp, listen } from './http.ts'
import { openDestinations } from './destinations.ts'
import { createMetrics } from './metrics.ts'
import type { Role } from './roles.ts'
import { routingOf } from './routing.ts'
import { openSources, sourceName } from './sources.ts'

const log = roomLogger('processes')
const beatMs = 5_000
/** CloudTrail's event history has a call after 15 minutes at the latest. */
const historySettlesMs = 900_000

export interface RunOptions {
  readonly only: ReadonlySet<Role>
  /** Raised: stop intake, finish or give back within 10 s. */
  readonly stop: AbortSignal
  /** False: Python rules are asked about every event of their log types. */
  readonly index?: boolean
  /** Called once everything runs. */
  readonly onReady?: (running: Running) => void
  /** Hears the same business facts as the metrics. */
  readonly observe?: Partial<Observe>
}
export interface Running {
  readonly store: Store
  /** Where the HTTP endpoints listen; null without the role. */
  readonly address: string | null
}

/** The real thing: runs the line until stopped. Throws before it starts when something it needs is not there. */
export async function runTripline(config: Config, options: RunOptions): Promise<void> {
  const { stop, only, index = true } = options
  const destinations = only.has('deliver') ? await openDestinations(config, process.env) : []
  const sources = only.has('ingest') ? await openSources(config, process.env) : []
  const { route, fallback } = routingOf(config)
  await using store = await openStore(config.store)
  await using detections = await followDetections(config, store, { index })
  const { evaluators } = detections
  const metrics = createMetrics(store)
  const observe = both(metrics.observe, options.observe ?? {})
  const workers = { alive: 1 }
  const sessions = sessionsOf(config, () => 1 / workers.alive)
  const parts = assemble(config, { store, evaluators, observe }, route, sessions)
  const http = createHttp({ notReady: () => notReady(store, sources), metrics: () => metrics.text() })
  const address = only.has('http') ? await listen(http, config.http) : null

  const hearOf = async (current: Evaluator): Promise<void> => {
    metrics.runs(current)
    for (const { file, message } of current.broken) log.error({ file, reason: message }, 'detection not loaded, the others go on')
    for (const what of linesOfLeftOut(current)) log.info({ what }, 'detections are left out, or say what comes to nothing here')
    await noteBroken(parts, current.broken)
  }
  await hearOf(evaluators.current)
  const { reminders } = config
  const heard = heardSources(config)
  const { every: everyMs, rule } = config.heartbeats ?? { every: 900_000, rule: '' }
  const sender = createSender({ store, destinations, fallback, route, reminders, onDelivered: observe.delivered })
  // Begun before anything else runs: what a first scan finds is told as a summary.
  if (only.has('scan')) await planScans(parts, config.accounts, config.scans.daily)
  const listener = createListener({ ...parts, accounts: config.accounts, feed: feedOf(config), rule }, { freshMs: everyMs })
  const running: Promise<void>[] = sources.map((source) => {
    const intake = createIntake({ ...parts, source: source.name })
    return source.run(listener.around(source.name, intake, { signs: heard.includes(source.name) }), stop)
  })
  if (only.has('ingest'))
    running.push(
      listener.run(
        sources.filter(({ name }) => heard.includes(name)),
        stop,
      ),
    )
  if (only.has('refresh')) running.push(runRefresh(parts, { concurrency: 24, pollMs: 500 }, stop))
  if (only.has('judge')) running.push(runJudge(parts, { pollMs: 1_000 }, stop))
  if (only.has('scan')) {
    const { accounts, heartbeats } = config
    running.push(runScans(parts, { ...config.scans, accounts, pollMs: 1_000 }, stop))
    const listened = heartbeats === null ? null : { everyMs, expected: expectedOf(config) }
    const asks = { pages: createEventPages({ sessions }), trails: createTrailWatch({ sessions }) }
    const options = {
      accounts,
      feed: feedOf(config),
      heartbeats: listened,
      sources: heard,
      settleMs: historySettlesMs,
      pollMs: 5_000,
    }
    running.push(runGaps({ ...parts, ...asks }, options, stop))
  }
  if (only.has('investigate')) {
    const history = createEventHistory({ sessions })
    running.push(runInvestigations({ ...parts, history }, { pollMs: 1_000 }, stop))
  }
  if (only.has('deliver')) running.push(sender.run(parts.bells.deliver, stop))
  if (only.has('refresh') || only.has('investigate')) running.push(beat(store, workers, stop))
  running.push(maintain(store, stop))
  const refused = async (what: Refused, broken: Evaluator['broken']): Promise<void> => {
    metrics.bundleRefused()
    await noteRefused(parts, what, broken)
    parts.bells.deliver.ring()
  }
  running.push(detections.follow({ switched: hearOf, refused }, stop))

  const { detections: loaded, bundle } = evaluators.current
  const from = { folders: config.detections, bundle: bundle?.number ?? 'not followed' }
  log.info({ roles: [...only], detections: loaded.length, ...from, accounts: config.accounts.length, address }, 'tripline runs')
  options.onReady?.({ store, address })
  await Promise.all(running)
  await http.close()
  log.info({}, 'tripline stopped')
}

function assemble(
  config: Config,
  own: Pick<Live<Parts>, 'store' | 'evaluators' | 'observe'>,
  route: Router,
  sessions: Sessions,
): Live<Parts> {
  const inventory = createInventory({ sessions, types: config.resourceTypes })
  const watched = new Set(inventory.types)
  return {
    ...own,
    trust: trustOf(config),
    inventory,
    decode,
    touches: (event) => touches(event).filter(({ ref }) => watched.has(ref.type)),
    sessionOf,
    tell: { route, findingAlert, endedAlert, repeatedAlert, summaries },
    places: placesOf(config),
    bells: { refresh: createBell(), deliver: createBell(), scan: createBell() },
  }
}

/** What hands bodies to intake without the rest of the line: for commands. */
export async function openIntake(config: Config, store: Store): Promise<Live<Parts> & AsyncDisposable> {
  const evaluators = createLiveEvaluator(await openDetections(config, store))
  const { observe } = createMetrics(store)
  const parts = assemble(
    config,
    { store, evaluators, observe },
    routingOf(config).route,
    sessionsOf(config, () => 1),
  )
  return { ...parts, [Symbol.asyncDispose]: () => evaluators[Symbol.asyncDispose]() }
}

/** The fetchers of the types that the configuration wants; `share` is this process's part of what AWS allows. */
export function inventoryOf(config: Config, share: () => number): Inventory {
  return createInventory({ sessions: sessionsOf(config, share), types: config.resourceTypes })
}

function sessionsOf({ aws }: Config, share: () => number): Sessions {
  const { roleName, externalId, endpoint } = aws
  return createSessions({ roleName, externalId, share, ...(endpoint === undefined ? {} : { endpoint }) })
}

/**
 * The sources whose silence means something: those that bring events within seconds. A trail's bucket goes on bringing what the others
 * no longer do, minutes late; where there is no other, it has to do.
 */
function heardSources({ sources }: Pick<Config, 'sources'>): readonly string[] {
  const named = sources.map((source) => ({ source, name: sourceName(source) }))
  const trails = named.filter(({ source }) => !('sqs' in source && source.sqs.logType !== undefined))
  const fast = trails.filter(({ source }) => !('s3' in source))
  return (fast.length > 0 ? fast : trails).map(({ name }) => name)
}

/** The names that the configuration gives to accounts. */
export function placesOf(config: Pick<Config, 'accounts'>): Places {
  const accounts = new Map(config.accounts.map((account) => [account.id, account]))
  return {
    of({ accountId, region }, resource) {
      const account = accounts.get(accountId)
      return {
        accountId,
        accountName: account?.name ?? accountId,
        accountLabel: account?.label ?? null,
        region,
        resourceType: resource?.ref.type ?? null,
        resourceId: resource?.ref.id ?? null,
        resourceName: resource?.name ?? null,
      }
    },
  }
}

async function maintain(store: Store, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await store
      .maintain()
      .catch((error: unknown) => log.error({ error: error instanceof Error ? error.message : 'unknown' }, 'upkeep failed'))
    await createBell().wait(3_600_000, stop)
  }
}

/** Says that this process looks at resources, and hears how many do: they share what AWS allows. */
async function beat(store: Store, workers: { alive: number }, stop: AbortSignal): Promise<void> {
  const id = randomUUID()
  while (!stop.aborted) {
    try {
      workers.alive = Math.max(1, await store.workers.beat(id, 'refresh', 3 * beatMs))
    } catch (error) {
      log.error({ error: error instanceof Error ? error.message : 'unknown' }, 'other workers cannot be counted')
    }
    await sleep(beatMs, stop)
  }
  // Not heard, its row runs out by itself.
  await store.workers.leave(id).catch(() => undefined)
}

async function notReady(store: Store, sources: readonly Source[]): Promise<string | null> {
  try {
    await store.now()
  } catch {
    return 'the database does not answer'
  }
  const silent = sources.filter((source) => source.healthy?.() === false).map(({ name }) => name)
  return silent.length === 0 ? null : `no poll has ended well lately on ${silent.join(', ')}`
}

function both(first: Observe, second: Partial<Observe>): Observe {
  return {
    events: (outcome, count) => (first.events(outcome, count), second.events?.(outcome, count)),
    quarantined: (reason) => (first.quarantined(reason), second.quarantined?.(reason)),
    fetched: (outcome) => (first.fetched(outcome), second.fetched?.(outcome)),
    fetchFailed: (cause) => (first.fetchFailed(cause), second.fetchFailed?.(cause)),
    detectionFailed: (id, reason) => (first.detectionFailed(id, reason), second.detectionFailed?.(id, reason)),
    delivered: (content, outcome) => (first.delivered(content, outcome), second.delivered?.(content, outcome)),
  }
}
