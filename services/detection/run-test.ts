import { wholeActor, type JsonObject } from '#model'
import type { Loaded, LoadedPolicy, LoadedRule } from './definition.ts'
import { ruleEventOf, runPolicy, runRule, type Run } from './engine.ts'
import type { RuleEvent } from './log-records.ts'
import type { TestResult } from './protocol.ts'

/** Runs one test of a detection. Stricter than production: a wording function that fails, fails the test. */
export function runTest(detection: Loaded, index: number): Run<TestResult> {
  const { name, alerts } = testAt(detection, index)
  const { got, expected, complaints } = detection.kind === 'rule' ? runRuleTest(detection, index) : runPolicyTest(detection, index)
  const wrong = [...(got === expected ? [] : [`expected ${expected}, got ${got}`]), ...complaints]
  return {
    answer: { name, alerts, passed: wrong.length === 0, message: wrong.length === 0 ? null : wrong.join('; ') },
    complaints: [],
  }
}

/** A test's name, and whether it expects that somebody is told. */
export function testAt(detection: Loaded, index: number): Pick<TestResult, 'name' | 'alerts'> {
  const test = detection.tests[index]
  const name = test?.name ?? String(index)
  if (detection.kind === 'rule') return { name, alerts: test?.expected === true }
  return { name, alerts: typeof test?.expected === 'object' ? test.expected.length > 0 : test?.expected === false }
}

interface Tried {
  readonly got: string
  readonly expected: string
  readonly complaints: readonly string[]
}

function runRuleTest(rule: LoadedRule, index: number): Tried {
  const test = rule.tests[index]
  const { match } = rule
  const expected = test?.expected === true ? 'a match' : 'no match'
  const named = match === null ? {} : { eventSource: match.sources[0], eventName: match.names?.[0] ?? 'Anything' }
  const event: Record<string, unknown> = { ...named, ...test?.event }
  // An event that the index would not hand to the rule is no match, whatever the code says.
  if (!isAsked(rule, event)) return { got: 'no match', expected, complaints: [] }
  const record = structuredCopy(event)
  const { answer, complaints } = runRule(rule, record, eventOf(rule, record))
  if (answer === null) return { got: 'no match', expected, complaints }
  return { got: 'reason' in answer ? `${answer.reason}: ${answer.message}` : 'a match', expected, complaints }
}

function isAsked({ match }: LoadedRule, { eventSource, eventName }: Record<string, unknown>): boolean {
  if (match === null) return true
  const { sources, names } = match
  return sources.some((source) => source === eventSource) && (names === null || names.some((name) => name === eventName))
}

/** What is known of a test's event beside what it says. */
function eventOf({ detection }: LoadedRule, record: JsonObject): RuleEvent {
  const header = { id: 'test', accountId: '123456789012', region: 'us-east-1', time: new Date(), errorCode: null, readOnly: false }
  const actor = wholeActor({ kind: 'Unknown', name: 'test', arn: null, accountId: null, sourceAddress: null, userAgent: null })
  return ruleEventOf({ ...header, source: '', name: '', logType: detection.logTypes[0] ?? '', actor, record })
}

function runPolicyTest(policy: LoadedPolicy, index: number): Tried {
  const test = policy.tests[index]
  const type = policy.detection.resourceTypes[0] ?? 'AWS.S3.Bucket'
  const id = 'test'
  const generic = {
    ResourceId: id,
    ResourceType: type,
    AccountId: '123456789012',
    Region: 'us-east-1',
    Tags: null,
    TimeCreated: null,
  }
  const others = new Map(
    Object.entries(test?.others ?? {}).map(([other, own]) => [other, structuredCopy({ ...generic, ResourceId: other, ...own })]),
  )
  const known = (other: string): JsonObject | null => others.get(other) ?? null
  const { answer, complaints } = runPolicy(policy, { id }, structuredCopy({ ...generic, ...test?.resource }), known)
  const keys = typeof test?.expected === 'object' ? test.expected : null
  const expected = keys === null ? (test?.expected === true ? 'a pass' : 'a failure') : violationsNamed(keys)
  if (answer.outcome === 'pass') return { got: keys === null ? 'a pass' : violationsNamed([]), expected, complaints }
  if (answer.outcome === 'skipped') return { got: 'nothing: it was skipped', expected, complaints }
  if (answer.outcome === 'unknown') return { got: `${answer.failure.reason}: ${answer.failure.message}`, expected, complaints }
  const got = keys === null ? 'a failure' : violationsNamed(answer.violations.map(({ key }) => key))
  return { got, expected, complaints }
}

function violationsNamed(keys: readonly string[]): string {
  return `violations [${keys.toSorted().join(', ')}]`
}

/** As JSON would bring it: no functions, no undefined, nothing shared with the test's source. */
function structuredCopy(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject
}
