import { attentionOf } from './attention.ts'
import type { Cause, Detection, Ended, Finding, FindingAlert, Place } from '#model'

/** What a team is told about a new finding. */
export function findingAlert(input: {
  readonly finding: Finding
  readonly detection: Detection
  readonly place: Place
  readonly confirmed: boolean
  readonly essential?: boolean
  readonly otherDifferences?: number
  /** The resource's tags. */
  readonly tags?: ReadonlyMap<string, string>
}): FindingAlert {
  const { finding, detection, place, confirmed, essential = false, otherDifferences = 0, tags = new Map() } = input
  const cause = latest(finding.causes)
  const { id, kind, displayName } = detection
  return {
    kind: 'finding',
    detection: { id, kind, displayName: displayName === '' ? id : displayName },
    severity: finding.severity,
    title: finding.title === '' ? displayName : finding.title,
    why: detection.description,
    runbook: detection.runbook,
    reference: detection.reference,
    place,
    origin: finding.origin,
    cause,
    attention: attentionOf(cause, tags),
    differences: finding.differences,
    otherDifferences,
    essential,
    context: finding.context,
    ...countsOf(finding),
    unconfirmed: !confirmed,
    openedAt: finding.openedAt.toISOString(),
    ended: null,
  }
}

/** The same alert, now that the finding has ended. */
export function endedAlert(content: FindingAlert, ended: Ended): FindingAlert {
  return { ...content, ended }
}

/** The same alert, seen so often by now. */
export function repeatedAlert(content: FindingAlert, finding: Pick<Finding, 'count' | 'summary'>): FindingAlert {
  return { ...content, ...countsOf(finding) }
}

const mostValues = 5

function countsOf({ count, summary }: Pick<Finding, 'count' | 'summary'>): Pick<FindingAlert, 'count' | 'summary'> {
  const shown = summary.map(({ path, values, others }) => ({
    path,
    values: values.slice(0, mostValues),
    others: values.slice(mostValues).reduce((sum, each) => sum + each.count, others),
  }))
  return shown.length === 0 ? { count } : { count, summary: shown }
}

/** Several events may precede one look: the one that happened last made the state that was seen. */
function latest(causes: readonly Cause[]): Cause | null {
  return causes.reduce<Cause | null>((last, cause) => (last === null || cause.time >= last.time ? cause : last), null)
}
