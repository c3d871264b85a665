import { sql } from 'kysely'
import { compareSeverity, severities, type Counted, type FindingAlert, type NamedFinding, type Together } from '#model'
import type { Database } from './database.ts'
import { closeAll, type LeasedRow } from './deliveries-lease.ts'
import { isReport } from './join-resource.ts'
import type { LeasedDelivery } from './store.ts'
import { texts } from './values.ts'

/** What is counted and named of a finding; the long texts stay where they are. */
type Brief = Pick<FindingAlert, 'detection' | 'severity' | 'title' | 'place' | 'cause' | 'ended'> & {
  /** It stands in the thread's table and has no reply. */
  readonly inTable: boolean
}

const mostCritical = 10
const mostRows = 60
const mostReminded = 20

/** Adds to leased rows what else their messages tell. Reminders of what is over by now are closed and left out. */
export async function tellTogether(database: Database, rows: readonly LeasedRow[]): Promise<readonly LeasedDelivery[]> {
  const joined = await joinedTo(database, rows)
  const briefs = await briefsOf(database, rows)
  const told: LeasedDelivery[] = []
  const over: string[] = []
  for (const row of rows) {
    const { destination, channel, team, because, part, extra, threadId, toldBy, flaps, flapsWithinMs, headMessage, toldAlone } = row
    const { id, token, alertId, findingId, content, revision, message, attempts, uncertain, wish, createdAt, sentAt } = row
    const findings = [row.content, ...(joined.get(row.id) ?? [])].filter((content) => content.kind === 'finding')
    const together = togetherOf(row, findings, briefs.get(threadId ?? toldBy ?? '') ?? [])
    if (together?.kind === 'reminder' && together.open === 0) {
      over.push(row.id)
      continue
    }
    const critical = part === 'reply' && findings.some(({ severity, ended }) => severity === 'CRITICAL' && ended === null)
    const broadcast = part === 'reminder' || (critical && !(extra && toldAlone === true))
    told.push({
      id,
      token,
      alertId,
      findingId,
      revision,
      message,
      attempts,
      uncertain,
      wish,
      createdAt,
      sentAt,
      content: together?.kind === 'change' ? (together.findings[0] ?? content) : content,
      to: { destination, channel, team, because },
      together,
      flapping: flaps === null ? null : { times: flaps, withinMs: flapsWithinMs ?? 0 },
      in: headMessage === null ? null : { message: headMessage, broadcast },
    })
  }
  await closeAll(database, over, 'over before it was said again')
  return told
}

function togetherOf(row: LeasedRow, findings: readonly FindingAlert[], briefs: readonly Brief[]): Together | null {
  const { part, threadId, openForMs } = row
  if (part === 'rest') return restOf(threadId ?? '', briefs)
  if (part === 'reminder') return reminderOf(openForMs ?? 0, briefs)
  if (part === 'head' && (row.changes ?? 1) > 1) return stormOf(row, briefs)
  return findings.length > 1 ? { kind: 'change', findings: findings.toSorted(foremost) } : null
}

/** By the id of the row that tells them: whole, since their message shows them. */
async function joinedTo(database: Database, rows: readonly LeasedRow[]): Promise<ReadonlyMap<string, readonly FindingAlert[]>> {
  const ids = rows.flatMap(({ id, part }) => (part === 'rest' || part === 'reminder' ? [] : [id]))
  const found = await database.rows<{ toldBy: string; content: FindingAlert }>(sql`
    select d.told_by as "toldBy", a.content from deliveries as d join alerts as a on a.id = coalesce(d.shows, d.alert_id)
    where d.told_by = any (${texts(ids)}) and d.status = 'joined' and d.part <> 'again' order by d.number`)
  return collect(found, ({ toldBy }) => toldBy)
}

/** By thread, or by the row that a reminder is about. */
async function briefsOf(database: Database, rows: readonly LeasedRow[]): Promise<ReadonlyMap<string, readonly Brief[]>> {
  const counting = rows.filter(
    ({ part, changes }) => part === 'rest' || part === 'reminder' || (part === 'head' && (changes ?? 1) > 1),
  )
  if (counting.length === 0) return new Map()
  const threads = counting.flatMap(({ threadId }) => (threadId === null ? [] : [threadId]))
  const alone = counting.flatMap(({ threadId, toldBy }) => (threadId === null && toldBy !== null ? [toldBy] : []))
  const found = await database.rows<{ of: string; inTable: boolean; content: Omit<Brief, 'inTable'> }>(sql`
    select case when d.thread_id = any (${texts(threads)}) and not d.extra then d.thread_id else coalesce(d.told_by, d.id) end as of, coalesce(teller.part = 'rest', false) as "inTable",
      a.content - array['why', 'runbook', 'reference', 'context', 'differences'] as content
    from deliveries as d join alerts as a on a.id = coalesce(d.shows, d.alert_id)
    left join deliveries as teller on teller.id = d.told_by
    where d.part not in ('again', 'rest', 'reminder') and d.status <> 'closed' and (d.id = any (${texts(alone)})
      or not d.extra and (d.thread_id = any (${texts(threads)}) or d.told_by = any (${texts(alone)})))
    order by d.number`)
  return collect(
    found.map(({ of, inTable, content }) => ({ of, content: { ...content, inTable } })),
    ({ of }) => of,
  )
}

function stormOf({ threadId, openForMs }: LeasedRow, briefs: readonly Brief[]): Together | null {
  const told = briefs.filter((brief) => brief.cause !== null)
  // Who did it, rather than who saw it.
  const { cause = null } = told.find((brief) => !isReport(brief)) ?? told[0] ?? {}
  if (threadId === null || cause === null) return null
  const over = briefs.filter(({ ended }) => ended !== null).length
  const bySeverity = severities
    .toReversed()
    .map((severity) => [severity, briefs.filter((brief) => brief.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
  const resources = new Map(briefs.map(({ place }) => [`${place.accountId} ${place.region} ${place.resourceId}`, place]))
  const types = Map.groupBy(resources.values(), ({ resourceType }) => resourceType ?? '')
  return {
    kind: 'storm',
    threadId: shortId(threadId),
    cause,
    total: briefs.length,
    over,
    highest: bySeverity[0]?.[0] ?? 'INFO',
    bySeverity: Object.fromEntries(bySeverity),
    byDetection: countedBy(briefs),
    byType: [...types]
      .flatMap(([type, same]) => (type === '' ? [] : [{ type, count: same.length }]))
      .toSorted((a, b) => b.count - a.count),
    accounts: [...new Set(briefs.map(({ place }) => place.accountName))],
    critical: named(
      briefs.filter(({ severity }) => severity === 'CRITICAL'),
      mostCritical,
    ),
    inTable: briefs.filter(({ inTable }) => inTable).length,
    openForMs: over < briefs.length ? openForMs : null,
  }
}

function restOf(threadId: string, briefs: readonly Brief[]): Together {
  const own = briefs.filter(({ inTable }) => inTable)
  const over = own.filter(({ ended }) => ended !== null).length
  return {
    kind: 'rest',
    threadId: shortId(threadId),
    total: own.length,
    over,
    byDetection: countedBy(own),
    named: named(own, mostRows),
  }
}

function reminderOf(openForMs: number, briefs: readonly Brief[]): Together {
  const open = briefs.filter(({ ended }) => ended === null)
  return { kind: 'reminder', openForMs, open: open.length, total: briefs.length, named: named(open, mostReminded) }
}

function countedBy(briefs: readonly Brief[]): readonly Counted[] {
  return [...Map.groupBy(briefs, ({ detection, severity }) => `${severity} ${detection.id}`).values()]
    .map((same) => ({
      displayName: same[0]?.detection.displayName ?? '',
      severity: same[0]?.severity ?? 'INFO',
      count: same.length,
      over: same.filter(({ ended }) => ended !== null).length,
    }))
    .toSorted((a, b) => compareSeverity(b.severity, a.severity) || b.count - a.count)
}

function named(briefs: readonly Brief[], most: number): readonly NamedFinding[] {
  return briefs
    .toSorted(foremost)
    .slice(0, most)
    .map(({ title, severity, place, ended }) => ({ title, severity, place, over: ended !== null }))
}

/** The open ones first, the most severe first. */
function foremost(a: Pick<Brief, 'ended' | 'severity'>, b: Pick<Brief, 'ended' | 'severity'>): number {
  return Number(a.ended !== null) - Number(b.ended !== null) || compareSeverity(b.severity, a.severity)
}

/** Enough to ask for it. */
function shortId(threadId: string): string {
  return threadId.slice(0, 8)
}

function collect<T extends { readonly content: unknown }>(
  rows: readonly T[],
  keyOf: (row: T) => string,
): ReadonlyMap<string, readonly T['content'][]> {
  const groups = Map.groupBy(rows, keyOf)
  return new Map([...groups].map(([key, same]) => [key, same.map(({ content }) => content)]))
}
