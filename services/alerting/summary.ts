import {
  compareSeverity,
  severities,
  type Detection,
  type Finding,
  type FindingAlert,
  type Place,
  type RoutedTo,
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
 * would read the same share one.
 */
export function summaries(findings: readonly Untold[], router: Router): readonly Summary[] {
  const channels = new Map<string, { to: RoutedTo; origin: SummaryAlert['origin']; members: Member[] }>()
  for (const { finding, detection, place, attributes, destinations } of findings) {
    if (finding.origin === 'change') continue
    const alert = findingAlert({ finding, detection, place, confirmed: true })
    for (const to of router(alert, { attributes, destinations })) {
      const key = JSON.stringify([to.destination, to.channel, finding.origin])
      const channel = channels.get(key) ?? { to, origin: finding.origin, members: [] }
      channel.members.push({ id: finding.id, alert })
      channels.set(key, channel)
    }
  }
  const same = Map.groupBy(channels.values(), ({ members }) => members.map(({ id }) => id).join(' '))
  return [...same.values()].flatMap((sharing) => {
    const [first] = sharing
    if (first === undefined) return []
    const alerts = first.members.map(({ alert }) => alert)
    const findingIds = first.members.map(({ id }) => id)
    return [{ content: summarise(alerts, first.origin), to: sharing.map(({ to }) => to), findingIds }]
  })
}

interface Member {
  readonly id: string
  readonly alert: FindingAlert
}

/** Counts, highest severity first, and the critical ones by name. */
function summarise(alerts: readonly FindingAlert[], origin: SummaryAlert['origin']): SummaryAlert {
  const bySeverity: SummaryAlert['bySeverity'] = Object.fromEntries(
    severities
      .toReversed()
      .map((severity) => [severity, alerts.filter((alert) => alert.severity === severity).length] as const)
      .filter(([, count]) => count > 0),
  )
  const byDetection = [...Map.groupBy(alerts, ({ detection, severity }) => `${severity} ${detection.id}`).values()]
    .map((same) => ({ displayName: nameOf(same), severity: same[0]?.severity ?? 'INFO', count: same.length }))
    .toSorted((a, b) => compareSeverity(b.severity, a.severity) || b.count - a.count)
  const critical = alerts.filter(({ severity }) => severity === 'CRITICAL').slice(0, mostNamed)
  return {
    kind: 'summary',
    origin,
    total: alerts.length,
    bySeverity,
    byDetection,
    critical: critical.map(({ title, place }) => ({ title, place })),
  }
}

function nameOf(same: readonly FindingAlert[]): string {
  return same[0]?.detection.displayName ?? ''
}
