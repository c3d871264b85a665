import { randomUUID } from 'node:crypto'
import { endedAlert, findingAlert, repeatedAlert, summaries } from '#alerting'
import { createSessions } from '#aws'
import { createEvaluator, createLiveEvaluator } from '#detection'
import { decode, sessionOf, touches, type Trust } from '#ingest'
import { createInventory } from '#inventory'
import type { AlertContent, Finding } from '#model'
import { createIntake, planScans, runJudge, runRefresh, runScans, type Live, type Observe, type Parts } from '#pipeline'
import { createGroups, scopePolicies, type AssetGroup, type Team } from '#ownership'
import { createBell } from '#runtime'
import type { Store } from '#store'
import { freshStore } from './database.ts'
import { aRouter } from './routing.ts'

/** The line from intake to the outbox in this process, over an AWS at an address: what no queue and no Slack is needed for. */
export interface InnerLine extends AsyncDisposable {
  readonly store: Store
  readonly parts: Parts & Live<Parts>
  /** Business facts that were observed, with how often: `fetched changed`, `failed access-denied`. */
  readonly facts: ReadonlyMap<string, number>
  /** Hands a record to intake, as its queue would. */
  send(record: Record<string, unknown>): Promise<void>
  /** All policy findings of a resource, newest first. */
  findingsOf(where: { accountId: string; region: string; type: string; id: string }): Promise<readonly Finding[]>
  /** Takes what is waiting in the outbox, as a sender would: what was told since the last time. */
  told(): Promise<readonly AlertContent[]>
  /** Stops the workers and starts them again, as a new process would. */
  restart(): Promise<void>
}
export interface InnerLineOptions {
  readonly endpoint: string
  readonly accounts: readonly { readonly id: string; readonly regions: readonly string[] }[]
  readonly types: readonly string[]
  /** Folders of detections. */
  readonly folders: readonly string[]
  /** Which workers run: `refresh` alone by default. */
  readonly workers?: readonly ('refresh' | 'judge' | 'scan')[]
  readonly store?: Store
  readonly teams?: readonly Team[]
  /** Formats of logs. */
  readonly schemas?: Trust['schemas'] & object
  /** Policies that judge only members of the group. */
  readonly scope?: { readonly policy: string; readonly group: AssetGroup }
}

const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing', sessionToken: 'testing' }

export async function startInnerLine(options: InnerLineOptions): Promise<InnerLine> {
  const store = options.store ?? (await freshStore())
  const ids = options.accounts.map(({ id }) => id)
  const trust: Trust = { accounts: ids, regions: null, times: 'any', schemas: options.schemas ?? [] }
  const whole = await createEvaluator({
    folders: options.folders,
    trust,
    lookUp: (ids) => store.states.attributes(ids),
    cache: store.ruleCache,
  })
  const { scope } = options
  const groups = createGroups(scope === undefined ? [] : [scope.group], [])
  const evaluator = scopePolicies(whole, new Map(scope === undefined ? [] : [[scope.policy, [scope.group.name]]]), groups)
  if (evaluator.broken.length > 0) throw new Error(`broken detections: ${JSON.stringify(evaluator.broken)}`)
  const sessions = createSessions({ roleName: 'audit', externalId: 'x-1', endpoint: options.endpoint, credentials })
  const inventory = createInventory({ sessions, types: options.types })
  const facts = new Map<string, number>()
  const fact = (name: string, count = 1): void => void facts.set(name, (facts.get(name) ?? 0) + count)
  const observe: Observe = {
    events: (outcome, count) => fact(`events ${outcome}`, count),
    quarantined: (reason) => fact(`quarantined ${reason}`),
    fetched: (outcome) => fact(`fetched ${outcome}`),
    fetchFailed: (cause) => fact(`failed ${cause}`),
    detectionFailed: (id, reason) => fact(`detection ${id} ${reason}`),
    delivered: (_, outcome) => fact(`delivered ${outcome}`),
  }
  const route = aRouter({
    fallback: 'operators',
    teams: options.teams ?? [],
    accounts: ids.map((id) => ({ id, name: id, label: null, ou: null })),
  })
  const watched = new Set(inventory.types)
  const evaluators = createLiveEvaluator(evaluator)
  const parts: Parts & Live<Parts> = {
    store,
    evaluator,
    evaluators,
    inventory,
    trust,
    decode,
    touches: (event) => touches(event).filter(({ ref }) => watched.has(ref.type)),
    sessionOf,
    tell: { route, findingAlert, endedAlert, repeatedAlert, summaries },
    places: {
      of: ({ accountId, region }, resource) => ({
        accountId,
        accountName: accountId,
        accountLabel: null,
        region,
        resourceType: resource?.ref.type ?? null,
        resourceId: resource?.ref.id ?? null,
        resourceName: resource?.name ?? null,
      }),
    },
    bells: { refresh: createBell(), deliver: createBell(), scan: createBell() },
    observe,
  }
  const intake = createIntake({ ...parts, source: 'inner' })
  const workers = new Set(options.workers ?? ['refresh'])
  let stop = new AbortController()
  let running: readonly Promise<void>[] = []
  const start = async (): Promise<void> => {
    stop = new AbortController()
    if (workers.has('scan')) await planScans(parts, options.accounts, null)
    running = [
      ...(workers.has('refresh') ? [runRefresh(parts, { concurrency: 24, pollMs: 100 }, stop.signal)] : []),
      ...(workers.has('judge') ? [runJudge(parts, { pollMs: 500 }, stop.signal)] : []),
      ...(workers.has('scan') ? [runScans(parts, { accounts: options.accounts, daily: null, pollMs: 500 }, stop.signal)] : []),
    ]
  }
  const end = async (): Promise<void> => {
    stop.abort()
    await Promise.all(running)
  }
  await start()
  return {
    store,
    parts,
    facts,
    async send(record) {
      await intake([{ id: randomUUID(), body: JSON.stringify(record), receivedAt: new Date() }])
    },
    findingsOf: (where) => store.findings.of(where, 50),
    async told() {
      const contents: AlertContent[] = []
      for (;;) {
        const leased = await store.deliveries.lease(50, 30_000)
        if (leased.length === 0) return contents
        for (const delivery of leased) {
          contents.push(delivery.content)
          await store.deliveries.sent(delivery, { id: delivery.id })
        }
      }
    },
    async restart() {
      await end()
      await start()
    },
    async [Symbol.asyncDispose]() {
      await end()
      await evaluators[Symbol.asyncDispose]()
      if (options.store === undefined) await store[Symbol.asyncDispose]()
    },
  }
}
