import { roomLogger, sleep } from '#runtime'
import type { Scan, Wish } from '#store'
import type { Parts } from './parts.ts'

const log = roomLogger('pipeline')

type Needs = Pick<Parts, 'store' | 'inventory' | 'bells'>

interface WatchedAccount {
  readonly id: string
  readonly regions: readonly string[]
}
/** Long enough to list a large account; a listing that was cut off is taken over after it. */
const leaseMs = 5 * 60_000

/** The first scans that are this process's to do, begun: from here on they count as running. */
export async function beginBaselines(parts: Needs, accounts: readonly WatchedAccount[]): Promise<ReadonlyMap<string, Scan>> {
  const begun = new Map<string, Scan>()
  for (const { id } of accounts) {
    const scan = await parts.store.scans.leaseBaseline(id, leaseMs)
    if (scan !== null) begun.set(id, scan)
  }
  return begun
}

/** Marks every resource of the accounts whose first scan has begun. A listing that was cut off starts again: marks merge. */
export async function runBaseline(
  parts: Needs,
  accounts: readonly WatchedAccount[],
  begun: ReadonlyMap<string, Scan>,
  stop: AbortSignal,
): Promise<void> {
  let scans = begun
  while (!stop.aborted) {
    for (const account of accounts) {
      const scan = scans.get(account.id)
      if (scan === undefined || stop.aborted) continue
      await list(parts, account, scan.id, stop).catch((error: unknown) => {
        log.error(
          { accountId: account.id, error: error instanceof Error ? error.message : 'unknown' },
          'first scan cut off, to be taken up again',
        )
      })
    }
    await sleep(60_000, stop)
    scans = stop.aborted ? new Map<string, Scan>() : await again(parts, accounts)
  }
}

/** Scans that another process, or an earlier life of this one, did not finish listing. */
async function again(parts: Needs, accounts: readonly WatchedAccount[]): Promise<ReadonlyMap<string, Scan>> {
  return beginBaselines(parts, accounts).catch((error: unknown) => {
    log.error({ error: error instanceof Error ? error.message : 'unknown' }, 'first scans cannot be leased, trying again')
    return new Map<string, Scan>()
  })
}

async function list(parts: Needs, account: WatchedAccount, scanId: string, stop: AbortSignal): Promise<void> {
  const unread: string[] = []
  for (const type of parts.inventory.types) {
    const regions = parts.inventory.scope(type) === 'global' ? ['global'] : account.regions
    for (const region of regions) {
      const scope = { accountId: account.id, region, type }
      try {
        for await (const { ids } of parts.inventory.list(scope, null, stop)) {
          const wishes = ids.map((id): Wish => ({ ref: { ...scope, id }, class: 'scan', cause: null, scanId, delayMs: 0 }))
          if (wishes.length > 0) await parts.store.marks.wish(wishes)
        }
        parts.bells.refresh.ring()
      } catch (error) {
        if (stop.aborted) return
        const words = error instanceof Error ? error.message : 'unknown'
        log.warn({ ...scope, error: words }, 'resources could not be listed')
        unread.push(`${type} in ${region}: ${words}`)
      }
    }
  }
  if (!stop.aborted) await parts.store.scans.listed(scanId, unread)
}
