import {
  compareSeverity,
  severities,
  type Detection,
  type Finding,
  type FindingAlert,
  type Place,
  type RoutedTo,
  type Severity,
  type SummaryAlert,
} from '#model'
import { findingAlert } from './content.ts'
import type { About, Router } from './route.ts'

/** A finding that no change caused, with what is needed to route and to name it. */
export interface Untold extends About {
  readonly finding: Finding
  readonly detection: Detection
  readonly place: Place
}
/** One summary and where it goes. A finding that is routed to several channels counts in each of their summaries. */
export interface Summary {
  readonly content: SummaryAlert
  readonly to: readonly RoutedTo[]
  readonly findingIds: readonly string[]
}

const mostNamed = 20

/**
 * Findings that no change caused, told as one summary a channel and origin, routed as each finding alone would be. Channels that
 * would read the same share one. Of each finding little is kept, since a first scan may find very many.
 */
export async function summaries(findings: AsyncIterable<Untold> | Iterable<Untold>, router: Router): Promise<readonly Summary[]> {
  const channels = new Map<string, { to: RoutedTo; origin: SummaryAlert['origin']; members: Member[] }>()
  for await (const { finding, detection, place, attributes, destinations } of findings) {
    if (finding.origin === 'change') continue
    const alert = findingAlert({ finding, detection, place, confirmed: true })
    const member = memberOf(finding.id, alert)
    for (const to of router(alert, { attributes, destinations })) {
      const key = JSON.stringify([to.destination, to.channel, finding.origin])
      const channel = channels.get(key) ?? { to, origin: finding.origin, members: [] }
      channel.members.push(member)
      channels.set(key, channel)
    }
  }
  const same = Map.groupBy(channels.values(), ({ members }) => members.map(({ id }) => id).join(' '))
  return [...same.values()].flatMap((sharing) => {
    const [first] = sharing
    if (first === undefined) return []
    const findingIds = first.members.map(({ id }) => id)
    return [{ content: summarise(first.members, first.origin), to: sharing.map(({ to }) => to), findingIds }]
  })
}

interface Member {
  readonly id: string
  readonly severity: Severity
  readonly detectionId: string
  readonly displayName: string
  /** Of critical ones, which are named. */
  readonly named: SummaryAlert['critical'][number] | null
}

function memberOf(id: string, { severity, detection, title, place }: FindingAlert): Member {
  const named = severity === 'CRITICAL' ? { title, place } : null
  return { id, severity, detectionId: detection.id, displayName: detection.displayName, named }
}

/** Counts, highest severity first, and the critical ones by name. */
function summarise(members: readonly Member[], origin: SummaryAlert['origin']): SummaryAlert {
  const bySeverity: SummaryAlert['bySeverity'] = Object.fromEntries(
    severities
      .toReversed()
      .map((severity) => [severity, members.filter((member) => member.severity === severity).length] as const)
      .filter(([, count]) => count > 0),
  )
  const byDetection = [...Map.groupBy(members, ({ detectionId, severity }) => `${severity} ${detectionId}`).values()]
    .map((same) => ({ displayName: same[0]?.displayName ?? '', severity: same[0]?.severity ?? 'INFO', count: same.length }))
    .toSorted((a, b) => compareSeverity(b.severity, a.severity) || b.count - a.count)
  const critical = members.flatMap(({ named }) => named ?? []).slice(0, mostNamed)
  return { kind: 'summary', origin, total: members.length, bySeverity, byDetection, critical }
}
