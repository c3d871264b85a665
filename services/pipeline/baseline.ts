import { roomLogger, sleep } from '#runtime'
import type { Wish } from '#store'
import type { Parts } from './parts.ts'

const log = roomLogger('pipeline')

type Needs = Pick<Parts, 'store' | 'inventory' | 'bells'>

/** Marks every resource of each account that has no baseline yet. A listing that was cut off starts again: marks merge. */
export async function runBaseline(
  parts: Needs,
  accounts: readonly { readonly id: string; readonly regions: readonly string[] }[],
  stop: AbortSignal,
): Promise<void> {
  const waiting = new Set(accounts)
  while (waiting.size > 0 && !stop.aborted) {
    for (const account of waiting) {
      try {
        const scan = await parts.store.scans.leaseBaseline(account.id, 15 * 60_000)
        if (scan !== null) await list(parts, account, scan.id, stop)
        waiting.delete(account)
      } catch (error) {
        log.error(
          { accountId: account.id, error: error instanceof Error ? error.message : 'unknown' },
          'baseline failed, trying again',
        )
      }
    }
    if (waiting.size > 0) await sleep(30_000, stop)
  }
}

async function list(
  parts: Needs,
  account: { readonly id: string; readonly regions: readonly string[] },
  scanId: string,
  stop: AbortSignal,
): Promise<void> {
  const unread: string[] = []
  for (const type of parts.inventory.types) {
    const regions = parts.inventory.scope(type) === 'global' ? ['global'] : account.regions
    for (const region of regions) {
      const scope = { accountId: account.id, region, type }
      try {
        let wishes: Wish[] = []
        for await (const id of parts.inventory.list(scope, stop)) {
          wishes.push({ ref: { ...scope, id }, class: 'scan', cause: null, scanId, delayMs: 0 })
          if (wishes.length < 200) continue
          await parts.store.marks.wish(wishes)
          wishes = []
        }
        if (wishes.length > 0) await parts.store.marks.wish(wishes)
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
