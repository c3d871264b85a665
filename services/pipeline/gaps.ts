import { createHash } from 'node:crypto'
import type { OperatorNote } from '#model'
import { describeError, roomLogger, sleep } from '#runtime'
import type { EventPages, TrailWatch } from '#enrichment'
import type { Covered, Gap, Records } from '#store'
import type { Feed } from './feed.ts'
import { fillGaps } from './fill.ts'
import { openGap, scanGap } from './gap-scan.ts'
import type { IntakeParts } from './intake.ts'
import type { Live, Parts } from './parts.ts'
import type { WatchedAccount } from './scan.ts'
import { listen } from './silence.ts'
import { checkTrails } from './trails.ts'

const log = roomLogger('pipeline')

type GapParts = Omit<Live<IntakeParts>, 'source'> &
  Pick<Parts, 'inventory' | 'places'> & { readonly pages: EventPages; readonly trails: TrailWatch }
interface GapOptions {
  readonly accounts: readonly WatchedAccount[]
  readonly feed: Feed
  /** How often each expected account and region sends its heartbeat; null: silence is not listened to. */
  readonly heartbeats: { readonly everyMs: number; readonly expected: readonly Place[] } | null
  /** The sources whose silence means something. */
  readonly sources: readonly string[]
  /** After so long the event history holds all that happened. */
  readonly settleMs: number
  readonly pollMs: number
}
type Place = Pick<Covered, 'accountId' | 'region'>

/** How often the trails are asked how they are. */
const trailsMs = 900_000
const trailsPollMs = 30_000

/**
 * Notices what does not come, once whatever the number of processes: silence, trails that do not record. Where a gap is, everything is
 * looked at, its event history is read through intake, and the operators are told, at its beginning and when it is made up for.
 */
export async function runGaps(parts: GapParts, options: GapOptions, stop: AbortSignal): Promise<void> {
  const others = [fillGaps(parts, options, stop), watchTrails(parts, options, stop)]
  while (!stop.aborted) {
    try {
      await watchSilence(parts, options)
      await tellOver(parts)
    } catch (error) {
      if (!stop.aborted) log.error({ error: describeError(error) }, 'gaps cannot be looked for, trying again')
    }
    await sleep(options.pollMs, stop)
  }
  await Promise.all(others)
}

/** Beside the rest: an account that does not answer holds up nothing but the trails. */
async function watchTrails(parts: GapParts, options: GapOptions, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      if (await parts.store.coverage.turn('trails', trailsMs)) await checkTrails(parts, options, stop)
    } catch (error) {
      if (!stop.aborted) log.error({ error: describeError(error) }, 'trails cannot be looked at, trying again')
    }
    await sleep(trailsPollMs, stop)
  }
}

/**
 * One look at everything that was heard. Nothing is judged until every source has been read, and fresh, for a whole interval: silence
 * while we were away or behind is our own, and what waited in the queues speaks for its own time.
 */
export async function watchSilence(
  parts: Pick<GapParts, 'store' | 'inventory' | 'tell' | 'places' | 'bells'>,
  { heartbeats, sources, pollMs, settleMs }: Pick<GapOptions, 'heartbeats' | 'sources' | 'pollMs' | 'settleMs'>,
): Promise<void> {
  const everyMs = heartbeats?.everyMs ?? Number.POSITIVE_INFINITY
  const expected = new Set(heartbeats?.expected.map(keyOf))
  const changed = await parts.store.transaction(async (records) => {
    if (!(await records.coverage.turn('silence', Math.min(pollMs, 10_000)))) return false
    const [since, now] = [await records.coverage.readingSince(sources), await records.now()]
    if (since === null || now.getTime() - since.getTime() < (heartbeats?.everyMs ?? 0)) return false
    const open = await records.gaps.list(mostOpen, 'open')
    const openOf = Map.groupBy(open, keyOf)
    const looked: Parameters<Records['coverage']['looked']>[0][number][] = []
    const begun: Gap[] = []
    let news = false
    for (const covered of await records.coverage.list()) {
      const { accountId, region } = covered
      const own = openOf.get(keyOf(covered)) ?? []
      if (covered.signs.length === 0 && !expected.has(keyOf(covered))) continue
      const { heardAt, beatAt, silences, ended } = listen(covered, own, { everyMs, now })
      if (covered.signs.length > 0) looked.push({ accountId, region, heardAt, beatAt })
      for (const { id, until } of ended) {
        const gap = own.find((each) => each.id === id)
        if (gap === undefined || !(await records.gaps.close(id, until, settleMs))) continue
        await scanGap(parts, records, gap, 'end')
        news = true
      }
      if (!expected.has(keyOf(covered))) continue
      for (const { from, until } of silences) {
        const gap = await openGap(parts, records, { accountId, region, cause: 'silent', detail: '', from, until })
        if (gap !== null) begun.push(gap)
      }
    }
    for (const gap of open.filter(({ cause }) => cause === 'silent')) {
      // It is watched no more: nobody waits for its voice.
      if (!expected.has(keyOf(gap)) && (await records.gaps.close(gap.id, now, settleMs))) news = true
    }
    await records.coverage.looked(looked)
    await tellBegun(parts, records, begun)
    return news || begun.length > 0
  })
  if (!changed) return
  parts.bells.scan.ring()
  parts.bells.deliver.ring()
}

/** More than this are silent: the first suffice. */
const mostOpen = 10_000
const mostNamed = 20

function keyOf({ accountId, region }: Place): string {
  return `${accountId} ${region}`
}

/** What fell silent together is one message. */
async function tellBegun(parts: Pick<GapParts, 'tell' | 'places'>, records: Records, gaps: readonly Gap[]): Promise<void> {
  await tell(parts, records, gaps, {
    severity: 'HIGH',
    title: (where) => `Nothing is heard of ${where}`,
    line: (gap) =>
      gap.until === null
        ? `${whereOf(parts, gap)}: nothing since ${gap.from.toISOString()}, two heartbeats are missing.`
        : `${whereOf(parts, gap)}: nothing from ${gap.from.toISOString()} to ${gap.until.toISOString()}.`,
    end: 'Everything there is looked at now, and what the event history of CloudTrail has of that time is read through the rules. `tripline gaps` shows how far it is.',
  })
}

/** What is over and made up for is told once. */
async function tellOver(parts: Pick<GapParts, 'store' | 'tell' | 'places' | 'bells'>): Promise<void> {
  const told = await parts.store.transaction(async (records) => {
    const gaps = await records.gaps.over()
    await tell(parts, records, gaps, {
      title: (where) => `The gap of ${where} is over`,
      line: (gap) => `${whereOf(parts, gap)}: ${gap.from.toISOString()} to ${gap.until?.toISOString() ?? ''}; ${filledWords(gap)}.`,
      end: 'Everything there was looked at when the gap was noticed and again when it ended.',
    })
    return gaps.length > 0
  })
  if (told) parts.bells.deliver.ring()
}

function filledWords({ read, known, touched, matched, problem }: Gap): string {
  if (problem !== null) return `its event history could not be read (${problem}), ${read} events were`
  return `${read} events were read of its event history, of which ${touched} touched resources, ${matched} matched rules and ${known} had come before`
}

function whereOf({ places }: Pick<GapParts, 'places'>, gap: Gap): string {
  const { accountName } = places.of(gap, null)
  return `${accountName === gap.accountId ? gap.accountId : `${accountName} (${gap.accountId})`} ${gap.region}`
}

async function tell(
  parts: Pick<GapParts, 'tell' | 'places'>,
  records: Records,
  gaps: readonly Gap[],
  words: {
    readonly severity?: 'HIGH'
    readonly title: (where: string) => string
    readonly line: (gap: Gap) => string
    readonly end: string
  },
): Promise<void> {
  const [first] = gaps
  if (first === undefined) return
  const where = gaps.length === 1 ? whereOf(parts, first) : `${gaps.length} accounts and regions`
  const lines = gaps.slice(0, mostNamed).map(words.line)
  const more = gaps.length > mostNamed ? [`and ${gaps.length - mostNamed} more`] : []
  const content: OperatorNote = {
    kind: 'note',
    ...(words.severity === undefined ? {} : { severity: words.severity }),
    title: words.title(where),
    text: [...lines, ...more, words.end].join('\n'),
  }
  const state = first.until === null ? 'open' : 'over'
  const digest = createHash('sha256')
    .update(gaps.map(({ id }) => id).join(' '))
    .digest('hex')
    .slice(0, 32)
  await records.alerts.create({ findingId: null, key: `note:gaps:${state}:${digest}`, content, to: parts.tell.route(content) })
}
