import type { OperatorNote } from '#model'
import { describeError, roomLogger } from '#runtime'
import type { TrailHealth, TrailWatch } from '#enrichment'
import { isTrailOfFeed, type Feed } from './feed.ts'
import { openGap } from './gap-scan.ts'
import type { Parts } from './parts.ts'
import type { WatchedAccount } from './scan.ts'

const log = roomLogger('pipeline')

type Needs = Pick<Parts, 'store' | 'inventory' | 'tell' | 'places' | 'bells'> & { readonly trails: TrailWatch }

/** All calls about one account's trails. */
const accountMs = 60_000
/** A trail that records brings something to its bucket every day: our own questions are events. */
const quietMs = 86_400_000
/** What was stopped before is no news. */
const newsMs = 14 * 86_400_000

/** Asks AWS how the trails are. A problem is told once, and once more when it is over. */
export async function checkTrails(
  parts: Needs,
  { accounts, feed }: { readonly accounts: readonly WatchedAccount[]; readonly feed: Pick<Feed, 'trails'> },
  stop: AbortSignal,
): Promise<void> {
  if (feed.trails.length === 0) return
  for (const account of accounts) {
    if (stop.aborted) return
    try {
      const trails = await parts.trails.of(account.id, account.regions, AbortSignal.any([stop, AbortSignal.timeout(accountMs)]))
      await checkAccount(
        parts,
        account,
        trails.filter(({ arn }) => isTrailOfFeed(feed, arn)),
      )
    } catch (error) {
      // Not known is no problem of the trail: what cannot be read is told by the fetchers.
      log.warn({ accountId: account.id, error: describeError(error) }, 'trails cannot be looked at')
    }
  }
}

async function checkAccount(parts: Needs, account: WatchedAccount, trails: readonly TrailHealth[]): Promise<void> {
  const told = await parts.store.transaction(async (records) => {
    const now = await records.now()
    const { accountName } = parts.places.of({ accountId: account.id, region: '' }, null)
    const where = `account ${accountName} (${account.id})`
    let news = false
    for (const trail of trails) {
      const name = `Trail ${trail.arn.split('/').at(-1) ?? ''} of ${where}`
      const key = `${account.id} ${trail.arn}`
      const problem = problemOf(trail, now)
      if (!(await records.gaps.trail(key, account.id, problem))) continue
      const content: OperatorNote =
        problem === null
          ? { kind: 'note', title: `${name} is well again`, text: 'It records and delivers.' }
          : {
              kind: 'note',
              severity: 'HIGH',
              title: `${name}: ${problem}`,
              text: `${meaning} \`tripline gaps\` shows what is missing.`,
            }
      const noteKey = `note:trail:${key}:${problem ?? 'well'}:${now.toISOString()}`
      await records.alerts.create({ findingId: null, key: noteKey, content, to: parts.tell.route(content) })
      news = true
    }
    for (const { arn, stoppedAt, region } of trails.filter(({ logging }) => !logging)) {
      if (stoppedAt === null || now.getTime() - stoppedAt.getTime() > newsMs) continue
      const others = trails.filter((trail) => trail.logging)
      const silent = account.regions.filter(
        (each) => (region ?? each) === each && others.every((other) => other.region !== null && other.region !== each),
      )
      for (const each of silent) {
        const detail = `trail ${arn} was stopped`
        const given = {
          accountId: account.id,
          region: each,
          cause: 'logging-stopped',
          detail,
          from: stoppedAt,
          until: null,
        } as const
        if ((await openGap(parts, records, given)) !== null) news = true
      }
    }
    return news
  })
  if (!told) return
  parts.bells.scan.ring()
  parts.bells.deliver.ring()
}

const meaning = 'What a trail does not record, or does not deliver, is missing where it is read.'

/** What is wrong with a trail, in words that stay the same while it lasts; null when nothing is. */
function problemOf({ logging, startedAt, deliveredAt, deliveryError }: TrailHealth, now: Date): string | null {
  if (!logging) return 'it is stopped'
  if (deliveryError !== null) return `it cannot deliver to its bucket (${deliveryError.slice(0, 100)})`
  const last = Math.max(deliveredAt?.getTime() ?? 0, startedAt?.getTime() ?? 0)
  return last > 0 && now.getTime() - last > quietMs ? 'it has delivered nothing for a day' : null
}
