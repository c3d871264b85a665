import { backoffMs, describeError, isRetryable, roomLogger, TriplineError } from '#runtime'
import type { LeasedMark } from '#store'
import { settleGone, settlePresent } from './look.ts'
import { note, reasonOf } from './notes.ts'
import type { Live, Parts } from './parts.ts'

const log = roomLogger('pipeline')
const leaseMs = 10_000

type Needs = Live<Pick<Parts, 'store' | 'evaluator' | 'inventory' | 'tell' | 'places' | 'bells' | 'observe'>>

/** After an event scans get few places for so long: an event must find one free, and a processor. */
const eventfulMs = 1_000

interface Busy {
  readonly mark: LeasedMark
  readonly done: Promise<void>
}

/**
 * Refresh, the second durable step: lends marks, fetches the truth, and writes state, verdict, findings and alerts in one
 * transaction. One account never holds more than two thirds of the places, so that its storm does not hold up the others; scans never
 * more than half of them, and a few while events come. Runs until stopped; then unfinished marks are given back.
 */
export async function runRefresh(parts: Needs, options: { concurrency: number; pollMs: number }, stop: AbortSignal): Promise<void> {
  const busy = new Map<string, Busy>()
  let eventAt = Number.NEGATIVE_INFINITY
  let failures = 0
  while (!stop.aborted) {
    let marks: readonly LeasedMark[] = []
    try {
      const eventful = performance.now() - eventAt < eventfulMs
      marks = await leaseFairly(parts, options.concurrency, [...busy.values()], eventful)
      failures = 0
    } catch (error) {
      failures += 1
      log.error({ error: describeError(error) }, 'marks cannot be leased')
    }
    for (const mark of marks) {
      if (mark.class === 'event') eventAt = performance.now()
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

/** Lends as many marks as there are places for their account and class. What is over that is given back. */
async function leaseFairly(parts: Needs, places: number, busy: readonly Busy[], eventful: boolean): Promise<readonly LeasedMark[]> {
  const most = { account: Math.ceil((places * 2) / 3), scan: Math.ceil(places / (eventful ? 8 : 2)) }
  const held = new Map<string, number>()
  let scans = 0
  const take = ({ class: kind, ref: { accountId } }: LeasedMark): boolean => {
    if (kind === 'scan') {
      scans += 1
      return scans <= most.scan
    }
    const count = (held.get(accountId) ?? 0) + 1
    held.set(accountId, count)
    return count <= most.account
  }
  for (const { mark } of busy) take(mark)
  const without = [...held].flatMap(([accountId, count]) => (count >= most.account ? [accountId] : []))
  const free = places - busy.length
  const lent =
    free > 0 ? await parts.store.marks.lease(free, leaseMs, { without, upTo: scans < most.scan ? 'scan' : 'recheck' }) : []
  const mine = new Set(lent.filter(take))
  const over = lent.filter((mark) => !mine.has(mark))
  if (over.length > 0) await parts.store.marks.release(over)
  return [...mine]
}

async function refresh(parts: Needs, mark: LeasedMark, stop: AbortSignal): Promise<void> {
  const renewal = setInterval(() => {
    void parts.store.marks
      .renew(mark, leaseMs)
      .catch((error: unknown) => log.warn({ error: describeError(error) }, 'lease cannot be renewed'))
  }, leaseMs / 2)
  try {
    // Drawn before the fetch: an older look never overwrites a newer one.
    const number = await parts.store.states.nextNumber()
    const fetched = await parts.inventory.fetch(mark.ref, stop)
    const told = await parts.evaluators.lend((evaluator) =>
      fetched.status === 'present'
        ? settlePresent({ ...parts, evaluator }, mark, number, fetched.attributes)
        : settleGone({ ...parts, evaluator }, mark, number),
    )
    if (told) parts.bells.deliver.ring()
  } catch (error) {
    await settleFailure(parts, mark, error, stop).catch((cause: unknown) => {
      log.error({ resource: mark.ref.id, error: describeError(cause) }, 'mark stays leased until its time runs out')
    })
  } finally {
    clearInterval(renewal)
  }
}

/** Unknown is a result: findings stay, the operators hear of it once an hour and cause, and the mark comes again. */
async function settleFailure(parts: Needs, mark: LeasedMark, error: unknown, stop: AbortSignal): Promise<void> {
  const { store } = parts
  if (stop.aborted) return store.marks.release([mark])
  const cause = error instanceof TriplineError ? String(error.code) : 'unexpected'
  const { accountId, region, type, id } = mark.ref
  parts.observe.fetchFailed(cause)
  log.warn({ accountId, region, type, resource: id, cause, error: describeError(error) }, 'resource could not be read')
  // Throttled is no error of the resource: it is asked again for as long as it takes.
  if (isRetryable(error) && (cause === 'throttled' || mark.attempts < 8)) {
    const asked = retryAfterOf(error)
    await store.marks.giveBack(mark, asked ?? backoffMs(mark.attempts, 500, cause === 'throttled' ? 5_000 : 30_000))
    return undefined
  }
  await store.transaction(async (records) => {
    const ref = (await records.states.meant(mark.ref)) ?? mark.ref
    await records.states.unread(ref, cause)
    await records.scans.unlooked(mark.ref, cause, reasonOf(error))
    await note(parts, records, `fetch:${accountId}:${region}:${cause}`, {
      title: `Account ${accountId} ${region}: ${type} cannot be read (${cause})`,
      text: `${reasonOf(error)}. Its state is unknown; open findings stay open, and it will be looked at again.`,
    })
    // A scan must come to its end without what it cannot read; an event's look is owed for as long as it takes.
    if (mark.class === 'scan') await records.marks.settle(mark)
    else await records.marks.giveBack(mark, Math.min(3_600_000, 60_000 * 2 ** Math.min(mark.attempts, 6)))
  })
  parts.bells.deliver.ring()
  return undefined
}

/** How long AWS, or our own limit, asks to wait, in ms. */
function retryAfterOf(error: unknown): number | null {
  const given: unknown = error instanceof TriplineError ? Reflect.get(error, 'retryAfterMs') : null
  return typeof given === 'number' ? given : null
}
