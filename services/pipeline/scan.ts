import { backoffMs, describeError, isRetryable, roomLogger, TriplineError } from '#runtime'
import type { ScanKind, ScanPart, Wish } from '#store'
import { note, reasonOf } from './notes.ts'
import type { Parts } from './parts.ts'
import { dueDate, type Schedule } from './schedule.ts'

const log = roomLogger('pipeline')

type Needs = Pick<Parts, 'store' | 'inventory' | 'tell' | 'bells'>

export interface WatchedAccount {
  readonly id: string
  readonly regions: readonly string[]
}
/** A narrower look; what is left out is everything. */
export interface ScanScope {
  readonly region?: string
  readonly type?: string
}

/** Listings that one process runs side by side. */
const listings = 4
const leaseMs = 30_000
/** Tries of a listing that breaks off, without a page between them. */
const mostTries = 6
/** The same where AWS asks to slow down: an hour or so. The operators hear of it after some minutes. */
const mostThrottled = 160
const noteThrottled = 12
/** How often it is asked whether a day's scan is due. */
const planMs = 60_000

/** Begins a scan of an account's types and regions; null when it has one of this kind and key already. */
export async function beginScan(
  parts: Pick<Needs, 'store' | 'inventory'>,
  account: WatchedAccount,
  scan: { kind: ScanKind; key: string } & ScanScope,
): Promise<string | null> {
  const { kind, key, region, type } = scan
  const types = parts.inventory.types.filter((each) => type === undefined || each === type)
  const scope = types.flatMap((each) => {
    const regions = parts.inventory.scope(each) === 'global' ? ['global'] : account.regions
    return regions.filter((one) => region === undefined || one === region).map((one) => ({ region: one, type: each }))
  })
  return parts.store.scans.begin({ accountId: account.id, kind, key, parts: scope })
}

/** Begins what is due: the first scan of a new account, and the day's. Any process may do it; the key makes it once. */
export async function planScans(
  parts: Pick<Needs, 'store' | 'inventory'>,
  accounts: readonly WatchedAccount[],
  daily: Schedule | null,
): Promise<void> {
  const date = daily === null ? null : dueDate(await parts.store.now(), daily)
  for (const account of accounts) {
    const first = await beginScan(parts, account, { kind: 'baseline', key: 'first' })
    if (date === null) continue
    // The first scan is its day's scan too.
    if (first === null) await beginScan(parts, account, { kind: 'daily', key: date })
    else await parts.store.scans.begin({ accountId: account.id, kind: 'daily', key: date, parts: [] })
  }
}

/** Lists what scans ask for, part by part, and marks what it finds. Runs until stopped; then unfinished parts are given back. */
export async function runScans(
  parts: Needs,
  options: { accounts: readonly WatchedAccount[]; daily: Schedule | null; pollMs: number },
  stop: AbortSignal,
): Promise<void> {
  const busy = new Set<Promise<void>>()
  let plannedAt = Number.NEGATIVE_INFINITY
  while (!stop.aborted) {
    let leased: readonly ScanPart[] = []
    try {
      if (performance.now() - plannedAt >= planMs) {
        await planScans(parts, options.accounts, options.daily)
        plannedAt = performance.now()
      }
      if (busy.size < listings) leased = await parts.store.scans.leaseParts(listings - busy.size, leaseMs)
      if (leased.length === 0) await parts.store.scans.advance()
    } catch (error) {
      log.error({ error: describeError(error) }, 'scans cannot be planned, trying again')
    }
    for (const part of leased) {
      const done = list(parts, part, stop).finally(() => {
        busy.delete(done)
        parts.bells.scan.ring()
      })
      busy.add(done)
    }
    if (leased.length === 0) await parts.bells.scan.wait(options.pollMs, stop)
  }
  await Promise.all(busy)
}

/** Lists one part from where it stands. A page and its marks are one transaction: what was cut off goes on after the last page. */
async function list(parts: Needs, part: ScanPart, stop: AbortSignal): Promise<void> {
  const { store } = parts
  const { accountId, region, type, scanId } = part
  const over = new AbortController()
  const renewal = setInterval(() => {
    store.scans.renewPart(part, leaseMs).then(
      (mine) => (mine ? undefined : over.abort()),
      (error: unknown) => log.warn({ error: describeError(error) }, 'lease of a listing cannot be renewed'),
    )
  }, leaseMs / 3)
  try {
    for await (const { ids, next } of parts.inventory.list(part, part.after, AbortSignal.any([stop, over.signal]))) {
      const wishes = ids.map((id): Wish => {
        return { ref: { accountId, region, type, id }, class: 'scan', expectation: null, scanId, delayMs: 0 }
      })
      const mine = await store.transaction(async (records) => {
        if (!(await records.scans.listed(part, ids.length, next))) return false
        if (wishes.length > 0) await records.marks.wish(wishes)
        return true
      })
      if (!mine) return
      parts.bells.refresh.ring()
    }
  } catch (error) {
    if (over.signal.aborted) return
    await settleFailure(parts, part, error, stop).catch((cause: unknown) => {
      log.error({ accountId, region, type, error: describeError(cause) }, 'listing stays leased until its time runs out')
    })
  } finally {
    clearInterval(renewal)
  }
}

/** A listing that broke off is taken up again; one that is refused is closed as unread: nothing in it is resolved or taken for gone. */
async function settleFailure(parts: Needs, part: ScanPart, error: unknown, stop: AbortSignal): Promise<void> {
  const { store } = parts
  if (stop.aborted) return void (await store.scans.giveBackPart(part, 0, false))
  const { accountId, region, type } = part
  const cause = error instanceof TriplineError ? String(error.code) : 'unexpected'
  log.warn({ accountId, region, type, cause, error: describeError(error) }, 'resources could not be listed')
  if (isRetryable(error) && part.attempts < (cause === 'throttled' ? mostThrottled : mostTries)) {
    await store.scans.giveBackPart(part, backoffMs(part.attempts, 500, 30_000), false)
    if (part.attempts >= noteThrottled) await noteSlow(parts, part)
    return undefined
  }
  // The place where it was to go on may have grown too old.
  if (cause === 'bad-answer' && part.after !== null && part.attempts < 2) {
    await store.scans.giveBackPart(part, 1_000, true)
    return undefined
  }
  await store.transaction(async (records) => {
    if (!(await records.scans.unreadPart(part, cause, reasonOf(error)))) return
    await note(parts, records, `list:${accountId}:${region}:${cause}`, {
      title: `Account ${accountId} ${region}: ${type} cannot be listed (${cause})`,
      text: `${reasonOf(error)}. What is there is unknown; nothing of it is taken for resolved or gone.`,
    })
  })
  parts.bells.deliver.ring()
  return undefined
}

async function noteSlow(parts: Needs, { accountId, region, type }: ScanPart): Promise<void> {
  const said = await parts.store.transaction((records) =>
    note(parts, records, `list-slow:${accountId}:${region}`, {
      title: `Account ${accountId} ${region}: listing ${type} is throttled for minutes`,
      text: 'It is tried for about an hour, and then left unread. What the scan has found in the account is summed up when it is over.',
    }),
  )
  if (said) parts.bells.deliver.ring()
}
