import { diff, textAt, type Cause, type JsonObject, type Origin, type Resource, type ResourceRef } from '#model'
import { backoffMs, isRetryable, roomLogger, TriplineError } from '#runtime'
import type { Fetched } from '#inventory'
import type { LeasedMark, StoredState } from '#store'
import { note } from './notes.ts'
import type { Parts } from './parts.ts'
import { endAll, judgedAs, reconcile, type Occasion } from './reconcile.ts'

const log = roomLogger('pipeline')
const leaseMs = 10_000

type Needs = Pick<Parts, 'store' | 'evaluator' | 'inventory' | 'tell' | 'places' | 'bells' | 'observe'>

/**
 * Refresh, the second durable step: lends marks, fetches the truth, and writes state, verdict, findings and alerts in one
 * transaction. Runs until stopped; then unfinished marks are given back.
 */
export async function runRefresh(parts: Needs, options: { concurrency: number; pollMs: number }, stop: AbortSignal): Promise<void> {
  const busy = new Map<string, { mark: LeasedMark; done: Promise<void> }>()
  let failures = 0
  while (!stop.aborted) {
    const free = options.concurrency - busy.size
    let marks: readonly LeasedMark[] = []
    try {
      marks = free > 0 ? await parts.store.marks.lease(free, leaseMs) : []
      failures = 0
    } catch (error) {
      failures += 1
      log.error({ error: nameOf(error) }, 'marks cannot be leased')
    }
    for (const mark of marks) {
      const done = refresh(parts, mark, stop).finally(() => {
        busy.delete(mark.token)
        parts.bells.refresh.ring()
      })
      busy.set(mark.token, { mark, done })
    }
    if (marks.length === 0) await parts.bells.refresh.wait(failures > 0 ? backoffMs(failures, 1_000, 30_000) : options.pollMs, stop)
  }
  await Promise.all([...busy.values()].map(({ done }) => done))
}

async function refresh(parts: Needs, mark: LeasedMark, stop: AbortSignal): Promise<void> {
  const renewal = setInterval(() => {
    void parts.store.marks
      .renew(mark, leaseMs)
      .catch((error: unknown) => log.warn({ error: nameOf(error) }, 'lease cannot be renewed'))
  }, leaseMs / 2)
  try {
    // Drawn before the fetch: an older look never overwrites a newer one.
    const number = await parts.store.states.nextNumber()
    const fetched = await parts.inventory.fetch(mark.ref, stop)
    await (fetched.status === 'present' ? settlePresent(parts, mark, number, fetched) : settleGone(parts, mark, number))
  } catch (error) {
    await settleFailure(parts, mark, error, stop).catch((cause: unknown) => {
      log.error({ resource: mark.ref.id, error: nameOf(cause) }, 'mark stays leased until its time runs out')
    })
  } finally {
    clearInterval(renewal)
  }
}

async function settlePresent(
  parts: Needs,
  mark: LeasedMark,
  number: number,
  fetched: Fetched & { status: 'present' },
): Promise<void> {
  const { store, evaluator } = parts
  const shape = parts.inventory.shape(mark.ref.type)
  const ref = trueRef(mark.ref, fetched.attributes)
  const resource: Resource = { ...ref, number, shape, attributes: fetched.attributes, fetchedAt: await store.now() }
  const [judgement] = await evaluator.judgeResources([resource])
  const outcomes = judgement?.outcomes ?? []
  const told = await store.transaction(async (records) => {
    const before = await records.states.lock(ref)
    if (before !== null && before.number > number) {
      parts.observe.fetched('outdated')
      await records.marks.settle(mark)
      return false
    }
    const comparable = before !== null && !before.gone && before.shape === shape
    const differences = comparable ? diff(before.attributes, resource.attributes) : []
    const unchanged = comparable && differences.length === 0
    parts.observe.fetched(unchanged ? 'unchanged' : 'changed')
    if (unchanged && before.evaluatedWith === evaluator.fingerprint(mark.ref.type)) {
      await records.states.seen(ref, number)
      await settleUnchanged(records, mark)
      return false
    }
    const news = await reconcile(parts, records, resource, outcomes, occasionOf(mark.causes, before, differences))
    await records.states.put(resource, judgedAs(parts, resource, outcomes, resource.fetchedAt))
    await records.marks.settle(mark)
    return news
  })
  if (told) parts.bells.deliver.ring()
}

/** Events do not name everything: IAM leaves out the path. The fetched resource knows its own id and region. */
function trueRef(asked: ResourceRef, attributes: JsonObject): ResourceRef {
  return { ...asked, id: textAt(attributes, 'ResourceId') ?? asked.id, region: textAt(attributes, 'Region') ?? asked.region }
}

/** AWS answers with an older state for a while after a change: an event that shows no change is looked at once more. */
async function settleUnchanged(records: Pick<Parts['store'], 'marks'>, mark: LeasedMark): Promise<void> {
  await records.marks.settle(mark)
  if (mark.class !== 'event') return
  const cause = mark.causes.at(-1) ?? null
  await records.marks.wish([{ ref: mark.ref, class: 'recheck', cause, scanId: null, delayMs: 3_000 }])
}

function occasionOf(causes: readonly Cause[], before: StoredState | null, differences: Occasion['differences']): Occasion {
  const changed = causes.length > 0 || differences.length > 0
  const origin: Origin = changed ? 'change' : before === null ? 'baseline' : 'detection'
  return { origin, causes, differences }
}

/** Gone at once after a delete; else only when three looks over a minute agree, since a new resource is not yet to be found everywhere. */
async function settleGone(parts: Needs, mark: LeasedMark, number: number): Promise<void> {
  const deleted = mark.causes.at(-1)?.name.startsWith('Delete') ?? false
  if (!deleted && mark.attempts < 3) {
    await parts.store.marks.giveBack(mark, [1_000, 15_000, 45_000][mark.attempts] ?? 45_000)
    return
  }
  const told = await parts.store.transaction(async (records) => {
    const before = await records.states.lock(mark.ref)
    const newer = before !== null && (await records.states.gone(mark.ref, number))
    const news = newer && (await endAll(parts, records, before, mark.causes))
    await records.marks.settle(mark)
    return news
  })
  parts.observe.fetched('gone')
  if (told) parts.bells.deliver.ring()
}

/** Unknown is a result: findings stay, the operators hear of it once an hour and cause, and the mark comes again. */
async function settleFailure(parts: Needs, mark: LeasedMark, error: unknown, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return parts.store.marks.release([mark])
  const cause = error instanceof TriplineError ? String(error.code) : 'unexpected'
  const { accountId, region, type, id } = mark.ref
  parts.observe.fetchFailed(cause)
  log.warn({ accountId, region, type, resource: id, cause, error: nameOf(error) }, 'resource could not be read')
  if (isRetryable(error) && mark.attempts < 8) {
    await parts.store.marks.giveBack(mark, backoffMs(mark.attempts, 500, 30_000))
    return undefined
  }
  await parts.store.transaction(async (records) => {
    await note(parts, records, `fetch:${accountId}:${region}:${cause}`, {
      title: `Account ${accountId} ${region}: ${type} cannot be read (${cause})`,
      text: `${nameOf(error)}. Its state is unknown; open findings stay open, and it will be looked at again.`,
    })
    // A first scan must come to its end without what it cannot read; an event's look is owed for as long as it takes.
    if (mark.scanId === null) await records.marks.giveBack(mark, Math.min(3_600_000, 60_000 * 2 ** Math.min(mark.attempts, 6)))
    else await records.marks.settle(mark)
  })
  parts.bells.deliver.ring()
  return undefined
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : 'unknown'
}
