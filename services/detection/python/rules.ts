import type { AuditEvent } from '#model'
import type { LoadedDetection } from '../protocol.ts'

/** Which of the loaded detections, by their numbers in Python, look at what. */
export interface PythonRules {
  readonly all: readonly LoadedDetection[]
  rulesFor(event: AuditEvent): readonly number[]
  policiesFor(resourceType: string): readonly number[]
}

export function createPythonRules(all: readonly LoadedDetection[]): PythonRules {
  const byLog = new Map<string, number[]>()
  for (const [number, { detection, enabled }] of all.entries())
    if (enabled && detection.kind === 'rule')
      for (const type of detection.logTypes) byLog.set(type, [...(byLog.get(type) ?? []), number])
  return {
    all,
    rulesFor: ({ logType }) => byLog.get(logType) ?? none,
    policiesFor: (type) =>
      all.flatMap(({ detection, enabled }, number) =>
        enabled && detection.kind === 'policy' && (detection.resourceTypes.length === 0 || detection.resourceTypes.includes(type))
          ? number
          : [],
      ),
  }
}

const none: readonly number[] = []
