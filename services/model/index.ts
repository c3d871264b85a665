// In: nothing. Out: the nouns of the line and pure functions on them.
export { at, canonical, isObject, textAt, type Json, type JsonObject } from './json.ts'
export { compareSeverity, readSeverity, severities, type Severity } from './severity.ts'
export { resourceKey, tagsOf, type Resource, type ResourceRef } from './resource.ts'
export { causeOf, type Actor, type AuditEvent, type Cause } from './audit-event.ts'
export { diff, type Change, type Difference } from './diff.ts'
export type { Detection, DetectionFailure, Outcome, RuleMatch, Verdict, Violation } from './detection.ts'
export type { Ending, Finding, FindingStatus, Origin } from './finding.ts'
export type { AlertContent, FindingAlert, OperatorNote, Place, RoutedTo, SummaryAlert } from './alert.ts'
