import { backoffMs, describeError, isRetryable, roomLogger, sleep, TriplineError } from '#runtime'
import type { EventPages } from '#enrichment'
import type { LentGap } from '#store'
import { createIntake, type IntakeParts } from './intake.ts'
import { reasonOf } from './notes.ts'
import type { Live } from './parts.ts'

const log = roomLogger('pipeline')

type Needs = Omit<Live<IntakeParts>, 'source'> & { readonly pages: EventPages }

/** Gaps read side by side; an account's region answers two calls a second, whoever asks. */
const atOnce = 8
const leaseMs = 60_000
const pollMs = 5_000
/** The history of so long is asked for at a time, oldest first. */
const sliceMs = 3_600_000
/** While a gap is open, what is shorter is waited for. */
const shortMs = 300_000
/** Intake refuses what is older than 14 days: the inbox no longer knows whether it came. */
const oldestMs = 14 * 86_400_000 - 3_600_000
const mostTries = 200

/** Reads the event history of gaps through intake, until stopped. What was read is not read again, and what had come before is known. */
export async function fillGaps(parts: Needs, options: { readonly settleMs: number }, stop: AbortSignal): Promise<void> {
  const busy = new Set<Promise<void>>()
  while (!stop.aborted) {
    let lent: readonly LentGap[] = []
    try {
      if (busy.size < atOnce) lent = await parts.store.gaps.lease(atOnce - busy.size, leaseMs)
    } catch (error) {
      log.error({ error: describeError(error) }, 'gaps cannot be leased')
    }
    for (const gap of lent) {
      const done = fill(parts, gap, options.settleMs, stop).finally(() => busy.delete(done))
      busy.add(done)
    }
    if (lent.length === 0) await sleep(pollMs, stop)
    else await Promise.race(busy)
  }
  await Promise.all(busy)
}

async function fill(parts: Needs, gap: LentGap, settleMs: number, stop: AbortSignal): Promise<void> {
  const { gaps } = parts.store
  let here: LentGap = gap
  try {
    for (;;) {
      if (stop.aborted) return void (await gaps.later(gap, 0, 'waiting'))
      const now = (await parts.store.now()).getTime()
      const ready = now - settleMs
      const end = here.until?.getTime() ?? null
      const from = Math.max(here.filledUntil.getTime(), now - oldestMs)
      const until = Math.min(end ?? ready, ready)
      if (end !== null && from >= end && end <= ready) return void (await gaps.settle(gap, null))
      const isShort = until - from < (end === null ? Math.min(shortMs, settleMs) : 1)
      if (here.nextToken === null && isShort)
        return void (await gaps.later(gap, end === null ? 60_000 : Math.max(0, end - ready), 'waiting'))
      const time = { from: new Date(from), until: here.sliceUntil ?? new Date(Math.min(from + sliceMs, until)) }
      const next = await fillPage(parts, here, time, stop)
      if (next === null) return undefined
      here = next
    }
  } catch (error) {
    await setBack(parts, here, error, stop).catch((cause: unknown) => {
      log.error({ gap: gap.id, error: describeError(cause) }, 'a gap stays leased until its time runs out')
    })
  }
}

/** One page through intake, as if a queue had brought it. Null: given back, or the lease is lost. */
async function fillPage(
  parts: Needs,
  gap: LentGap,
  time: { readonly from: Date; readonly until: Date },
  stop: AbortSignal,
): Promise<LentGap | null> {
  const { accountId, region } = gap
  const { records, next } = await parts.pages.page(gap, time, gap.nextToken, stop)
  const counts = { duplicate: 0, touched: 0, matched: 0, silent: 0, rejected: 0 }
  const observe: Needs['observe'] = {
    ...parts.observe,
    events(outcome, count) {
      counts[outcome] += count
      parts.observe.events(outcome, count)
    },
  }
  const by = `the event history of account ${accountId}`
  const intake = createIntake({ ...parts, observe, source: `event history ${accountId} ${region}` })
  const receivedAt = new Date()
  const again =
    records.length === 0
      ? new Set()
      : await intake(records.map((body, index) => ({ id: String(index), body, receivedAt, only: { accounts: [accountId], by } })))
  if (again.size > 0) {
    log.warn({ accountId, region, events: again.size }, 'events were not taken, their page is read again')
    await parts.store.gaps.later(gap, backoffMs(gap.attempts, 1_000, 300_000), 'failed')
    return null
  }
  const page = {
    filledUntil: next === null ? time.until : time.from,
    sliceUntil: next === null ? null : time.until,
    nextToken: next,
    read: records.length,
    known: counts.duplicate,
    touched: counts.touched,
    matched: counts.matched,
  }
  const went = await parts.store.gaps.filled(gap, page, leaseMs)
  return went === null ? null : { ...gap, ...page, ...went }
}

async function setBack(parts: Needs, gap: LentGap, error: unknown, stop: AbortSignal): Promise<void> {
  const { gaps } = parts.store
  if (stop.aborted) return void (await gaps.later(gap, 0, 'waiting'))
  const { accountId, region, attempts, nextToken } = gap
  log.warn({ accountId, region, error: describeError(error) }, 'event history not read')
  const asked: unknown = error instanceof TriplineError ? Reflect.get(error, 'retryAfterMs') : null
  const delayMs = typeof asked === 'number' ? asked : backoffMs(attempts, 1_000, 300_000)
  if (isRetryable(error) && attempts < mostTries) return void (await gaps.later(gap, delayMs, 'failed'))
  // The place where it was to go on may have grown too old.
  if (nextToken !== null && attempts < 3) return void (await gaps.later(gap, delayMs, 'restart'))
  return void (await gaps.settle(gap, reasonOf(error)))
}
