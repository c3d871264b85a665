import * as z from 'zod'
import { logTypes, readSeverity, resourceTypes, severities, type Detection, type Severity } from '#model'
import { nearest } from '#runtime'

/** A detection ready to run: what everybody may know of it, and its code. */
export type Loaded = LoadedPolicy | LoadedRule
interface LoadedBase {
  readonly detection: Detection
  readonly enabled: boolean
  /** Answers anything: authors' code is not trusted to keep its types. */
  readonly evaluate: Code
  readonly wording: Readonly<Record<WordingSlot, Code | null>>
  /** All metadata as the author gave it, for filters. */
  readonly slots: Readonly<Record<string, unknown>>
}
export interface LoadedPolicy extends LoadedBase {
  readonly kind: 'policy'
  readonly tests: readonly {
    readonly name: string
    readonly expected: boolean | readonly string[]
    readonly resource: object
    readonly others: Readonly<Record<string, object>>
  }[]
}
export interface LoadedRule extends LoadedBase {
  readonly kind: 'rule'
  /** Null: it asks for no event of CloudTrail. */
  readonly match: Detection['match']
  readonly summaryAttributes: readonly string[]
  readonly tests: readonly { readonly name: string; readonly expected: boolean; readonly event: object }[]
}
export type Code = (...given: readonly unknown[]) => unknown
export type WordingSlot = 'title' | 'severityOf' | 'destinationsOf' | 'dedup' | 'context' | 'unique'

/** Reads what a file exported. Throws an error that names each wrong slot, what was given and what is allowed. */
export function readDefinition(exported: object, from: { readonly file: string; readonly fingerprint: string }): Loaded {
  const result = definition.safeParse({ ...exported })
  if (!result.success) throw new TypeError(result.error.issues.map((issue) => explain(issue, exported)).join('\n'))
  const given = result.data
  if (given.kind === 'rule') checkMatch(given)
  const { id, title, severityOf, destinationsOf, dedup, context } = given
  const isRule = given.kind === 'rule'
  const detection: Detection = {
    id,
    kind: given.kind,
    displayName: given.displayName ?? id,
    severity: severityNamed(given.severity),
    description: given.description,
    runbook: given.runbook ?? null,
    reference: given.reference ?? null,
    tags: given.tags,
    reports: given.reports,
    resourceTypes: isRule ? [] : given.resourceTypes,
    logTypes: isRule ? given.logTypes : [],
    dedupPeriodMinutes: isRule ? dedupPeriod(given.dedupPeriodMinutes) : 60,
    threshold: isRule ? given.threshold : 1,
    createAlert: given.createAlert,
    staged: given.status?.toLowerCase() === 'staged',
    match: isRule ? matchOf(given.match) : null,
    graceSeconds: isRule ? 0 : given.graceSeconds,
    destinations: given.destinations,
    suppressions: isRule ? [] : given.suppressions,
    ...from,
  }
  const wording = {
    title: title ?? null,
    severityOf: severityOf ?? null,
    destinationsOf: destinationsOf ?? null,
    dedup: dedup ?? null,
    context: context ?? null,
    unique: given.kind === 'rule' ? (given.unique ?? null) : null,
  }
  const base = { detection, enabled: given.enabled, evaluate: given.evaluate, wording, slots: slotsOf(given) }
  if (given.kind === 'policy') return { ...base, kind: 'policy', tests: given.tests }
  return { ...base, kind: 'rule', tests: given.tests, match: detection.match, summaryAttributes: given.summaryAttributes }
}

/** What costs a call for every event of CloudTrail is no accident. */
function checkMatch({ logTypes: types, match }: { logTypes: readonly string[]; match?: object | undefined }): void {
  const ofCloudTrail = types.includes('AWS.CloudTrail')
  if (ofCloudTrail && match === undefined)
    throw new TypeError(
      'slot `match`: given nothing; allowed: { source, names }, the events of AWS.CloudTrail that it is asked about',
    )
  if (!ofCloudTrail && match !== undefined)
    throw new TypeError(
      `slot \`match\`: given for ${types.join(', ')}; allowed: only for AWS.CloudTrail, of others it is asked about every event`,
    )
}

function matchOf(
  given: { source: string | readonly string[]; names?: readonly string[] | undefined } | undefined,
): Detection['match'] {
  return given === undefined ? null : { sources: [given.source].flat(), names: given.names ?? null }
}

const text = z.string().min(1, 'allowed: text').max(10_000, 'allowed: at most 10,000 characters')
const code = z.custom<Code>((value) => typeof value === 'function', 'allowed: a function')
const distinct = z
  .array(text)
  .refine((list) => new Set(list.map((each) => each.toLowerCase())).size === list.length, 'allowed: a list without repeats')
const severityWords = [...severities, ...severities.map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())]
const plainName = z
  .string()
  .min(1, 'allowed: text')
  .max(200, 'allowed: at most 200 characters')
  .regex(/^[^<>&"%]*$/u, 'allowed: text without < > & " %')

const metadata = {
  id: plainName,
  displayName: plainName.optional(),
  enabled: z.boolean().default(true),
  severity: z.enum(severityWords),
  description: text,
  runbook: text.optional(),
  // Not z.url: evaluator processes have no URL.
  reference: text.regex(/^https:\/\/[^\s<>"]+$/u, 'allowed: an https address').optional(),
  tags: distinct.default([]),
  reports: z.record(z.string(), z.array(text)).default({}),
  destinations: distinct.max(10, 'allowed: at most 10').default([]),
  status: z.enum(['Experimental', 'Stable', 'Deprecated', 'Staged', 'staged']).optional(),
  createdBy: text.optional(),
  createAlert: z.boolean().default(true),
  title: code.optional(),
  severityOf: code.optional(),
  destinationsOf: code.optional(),
  dedup: code.optional(),
  context: code.optional(),
  evaluate: code,
}
const graceRange = 'allowed: 0 to 3600'
/** Names as Panther writes them; its own in other letters are a slip. */
const logType = z
  .string()
  .regex(/^[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)+$/u, 'allowed: the name of a log type, as AWS.CloudTrail')
  .refine((given) => logTypes.every((each) => each === given || each.toLowerCase() !== given.toLowerCase()), {
    error: ({ input }) => `allowed: ${nearest(String(input), logTypes, 1).join()}`,
  })
const sample = z.custom<object>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'allowed: an object',
)
/** Every slot of a policy and of a rule; docs/detections.md has a row for each. */
export const definition = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('policy'),
    ...metadata,
    resourceTypes: z
      .array(z.string().refine(isResourceType, { error: ({ input }) => `allowed: a type such as ${likeTypes(input)}` }))
      .refine((list) => new Set(list).size === list.length, 'allowed: a list without repeats'),
    suppressions: distinct.default([]),
    graceSeconds: z.int().min(0, graceRange).max(3_600, graceRange).default(20),
    tests: z
      .array(
        z.strictObject({
          name: text,
          expected: z.union([z.boolean(), z.array(z.string())]),
          resource: sample,
          others: z.record(z.string(), sample).default({}),
        }),
      )
      .default([]),
  }),
  z.strictObject({
    kind: z.literal('rule'),
    ...metadata,
    logTypes: z.array(logType).min(1, 'allowed: at least one log type, as AWS.CloudTrail'),
    match: z
      .strictObject({
        source: z.union([text, z.array(text).min(1, 'allowed: at least one source')]),
        names: z.array(text).min(1, 'allowed: at least one name, or no such slot for every event of the source').optional(),
      })
      .optional(),
    dedupPeriodMinutes: z.int().min(0).max(10_080, 'allowed: at most 10080').optional(),
    summaryAttributes: distinct.max(10, 'allowed: at most 10').default([]),
    unique: code.optional(),
    threshold: z.int().min(1, 'allowed: a whole number from 1').default(1),
    tests: z.array(z.strictObject({ name: text, expected: z.boolean(), event: sample })).default([]),
  }),
])

function isResourceType(name: string): boolean {
  return resourceTypes.some((each) => each === name)
}

/** The types that were perhaps meant. */
function likeTypes(given: unknown): string {
  return `${nearest(String(given), resourceTypes).join(', ')} (docs/resource-types.md has them all)`
}

/** Panther's reading: 0 is ignored, less than 5 acts as 5. */
function dedupPeriod(minutes: number | undefined): number {
  return minutes === undefined || minutes === 0 ? 60 : Math.max(5, minutes)
}

function severityNamed(word: string): Severity {
  const severity = readSeverity(word)
  if (severity === null) throw new TypeError(`severity: given ${word}; allowed: ${severityWords.join(', ')}`)
  return severity
}

function slotsOf(given: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(given).filter(([name, value]) => typeof value !== 'function' && name !== 'tests'))
}

function explain(issue: z.core.$ZodIssue, root: object): string {
  if (issue.code === 'unrecognized_keys') {
    const inside = issue.path.length === 0 ? '' : ` in \`${issue.path.map(String).join('.')}\``
    return `unknown slot ${issue.keys.map((key) => `\`${key}\``).join(', ')}${inside}; allowed: the slots of definePolicy and defineRule`
  }
  const slot = issue.path.map(String).join('.')
  const given = issue.path.reduce<unknown>((value, key) => (isRecord(value) ? value[String(key)] : undefined), root)
  return `slot \`${slot}\`: given ${show(given)}; ${allowed(issue)}`
}

function allowed(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `allowed: ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_type') return `allowed: ${issue.expected}`
  if (issue.code === 'invalid_union') {
    if (issue.path[0] === 'kind') return 'allowed: what definePolicy or defineRule answers'
    const forms = issue.errors.flatMap((form) => form.map((each) => allowed(each).replace('allowed: ', '')))
    return `allowed: ${[...new Set(forms)].join(', or ')}`
  }
  if (issue.message.startsWith('allowed')) return issue.message
  return `allowed: ${issue.message}`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function') return 'a function'
  const text = JSON.stringify(value) ?? typeof value
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
