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

/** Of CloudTrail, what is no head of a record. A rule that fails over these of an event with its name is called, so that its error is seen. */
const bodyOf =
  /^(?!(?:userIdentity\..*|event[A-Z]\w*|error\w+|user\w+|source\w+|readOnly|awsRegion|managementEvent|recipientAccountId)$)/u

function headersOnly(guards: Readonly<Record<string, RuleGuard>>): Readonly<Record<string, RuleGuard>> {
  const boxes = guards['AWS.CloudTrail'] ?? null
  if (boxes === null) return guards
  const kept = boxes.map((box) => {
    const isBound = Object.hasOwn(box, 'eventName') || Object.hasOwn(box, 'eventSource')
    return isBound ? Object.fromEntries(Object.entries(box).filter(([path]) => !bodyOf.test(path))) : box
  })
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
