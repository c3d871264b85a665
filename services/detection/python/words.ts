import { readSeverity, type Detection, type JsonObject, type RuleMatch, type Violation } from '#model'
import { cut, limitContext } from '../limits.ts'
import type { PythonMatch } from './protocol.ts'

/** What Python says of a match, with the defaults for what it does not say. */
export function ruleMatch(detection: Detection, said: PythonMatch): RuleMatch {
  const { unique } = said.match
  // A value that cannot be had does not count towards the threshold.
  const lost = said.wrong.some(([name]) => name === 'unique')
  return {
    detectionId: detection.id,
    ...wordsOf(detection, said),
    ...(unique === undefined && !lost ? {} : { unique: cut(unique ?? '') }),
  }
}

/** A policy's only violation. */
export function violation(detection: Detection, said: PythonMatch): Violation {
  const { summary: _events, ...words } = wordsOf(detection, said)
  return { key: '', ...words }
}

function wordsOf(detection: Detection, { match }: PythonMatch): Omit<RuleMatch, 'detectionId' | 'unique'> {
  const { title, dedup, severity, description, reference, runbook, destinations, summary } = match
  const own = destinations ?? (detection.destinations.length === 0 ? null : detection.destinations)
  return {
    title: cut(title ?? detection.displayName),
    severity: readSeverity(severity ?? '') ?? detection.severity,
    dedup: cut(dedup ?? title ?? `defaultDedupString:${detection.id}`),
    context: contextOf(match.alert_context),
    ...(description === undefined ? {} : { description: cut(description) }),
    ...(reference === undefined ? {} : { reference: cut(reference) }),
    ...(runbook === undefined ? {} : { runbook: cut(runbook) }),
    ...(own === null ? {} : { destinations: own.map((each) => cut(each).slice(0, 200)) }),
    ...(summary === undefined ? {} : { summary }),
  }
}

function contextOf(text: string | undefined): JsonObject {
  if (text === undefined) return {}
  try {
    return limitContext(JSON.parse(text) as object)
  } catch {
    return { _error: 'the context is no JSON that can be kept' }
  }
}
