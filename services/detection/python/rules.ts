import type { AuditEvent } from '#model'
import type { LoadedDetection } from '../protocol.ts'
import { indexRules, type RuleGuard } from './index-rules.ts'

/** Which of the loaded detections, by their numbers in Python, look at what. */
export interface PythonRules {
  readonly all: readonly LoadedDetection[]
  /** Those that may match the event. */
  rulesFor(event: AuditEvent): readonly number[]
  policiesFor(resourceType: string): readonly number[]
}
export type Guards = Readonly<Record<string, Readonly<Record<string, RuleGuard>>>>

/** What stands at the head of a record of CloudTrail. A rule that fails over the rest of its own event is called, so that its error is seen. */
const headers = new Set(
  'eventName eventSource eventType eventCategory errorCode readOnly awsRegion sourceIPAddress userIdentity.type userIdentity.invokedBy'.split(
    ' ',
  ),
)

function headersOnly(guards: Readonly<Record<string, RuleGuard>>): Readonly<Record<string, RuleGuard>> {
  const boxes = guards['AWS.CloudTrail'] ?? null
  if (boxes === null) return guards
  const kept = boxes.map((box) => Object.fromEntries(Object.entries(box).filter(([path]) => headers.has(path))))
  return { ...guards, 'AWS.CloudTrail': kept }
}

/** `guards`: by id and log type, what an event must be like; a rule without may match every event of its log types. */
export function createPythonRules(all: readonly LoadedDetection[], guards: Guards): PythonRules {
  const index = indexRules(
    all.map(({ detection: { id, kind, logTypes }, enabled }) => {
      return { logTypes: enabled && kind === 'rule' ? logTypes : [], guards: headersOnly(guards[id] ?? {}) }
    }),
  )
  return {
    all,
    rulesFor: ({ logType, record }) => index.mayMatch(logType, record),
    policiesFor: (type) =>
      all.flatMap(({ detection, enabled }, number) =>
        enabled && detection.kind === 'policy' && (detection.resourceTypes.length === 0 || detection.resourceTypes.includes(type))
          ? number
          : [],
      ),
  }
}
