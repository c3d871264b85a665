import * as z from 'zod'
import { logTypes, type IndicatorName } from '#model'
import { linePattern } from './line-pattern.ts'
import { timeReader } from './time-formats.ts'

// The keys of a schema's file: Panther's, and two of ours.

const indicators = [
  'actor_id',
  'aws_account_id',
  'aws_arn',
  'aws_instance_id',
  'aws_tag',
  'domain',
  'email',
  'hostname',
  'ip',
  'mac',
  'md5',
  'net_addr',
  'serial_number',
  'sha1',
  'sha256',
  'trace_id',
  'url',
  'username',
] as const satisfies readonly IndicatorName[]
const types = ['string', 'int', 'smallint', 'bigint', 'float', 'boolean', 'timestamp', 'json', 'object', 'array', 'ref'] as const

export interface ValueKeys {
  readonly type: (typeof types)[number]
  readonly indicators?: readonly IndicatorName[] | undefined
  readonly timeFormat?: string | undefined
  readonly timeFormats?: readonly string[] | undefined
  readonly isEventTime?: boolean | undefined
  readonly isEmbeddedJSON?: boolean | undefined
  readonly target?: string | undefined
  readonly validate?: { readonly allow?: readonly string[] | undefined; readonly deny?: readonly string[] | undefined } | undefined
  readonly isAccountId?: boolean | undefined
  readonly isEventId?: boolean | undefined
  readonly fields?: readonly FieldKeys[] | undefined
  readonly element?: ValueKeys | undefined
}
export interface FieldKeys extends ValueKeys {
  readonly name: string
  readonly required: boolean
  readonly rename?: { readonly from: string } | undefined
}

const text = z.string().min(1, 'allowed: text')
const unsupported = z.custom<undefined>((value) => value === undefined, 'allowed: nothing, since it is not supported').optional()
const timeFormat = text.refine((given) => timeReader(given) !== null, {
  error: 'allowed: rfc3339, unix, unix_ms, unix_us, unix_ns, unix_auto, or strftime’s letters as %Y-%m-%d %H:%M:%S',
})
const valueKeys = {
  type: z.enum(types),
  description: z.string().optional(),
  indicators: z.array(z.enum(indicators)).optional(),
  timeFormat: timeFormat.optional(),
  timeFormats: z.array(timeFormat).min(1).optional(),
  isEventTime: z.boolean().optional(),
  isEmbeddedJSON: z.boolean().optional(),
  target: text.optional(),
  validate: z.strictObject({ allow: z.array(z.string()).optional(), deny: z.array(z.string()).optional() }).optional(),
  /** Ours: the text is the account in which it happened. */
  isAccountId: z.boolean().optional(),
  /** Ours: the text names the event. */
  isEventId: z.boolean().optional(),
  concat: unsupported,
  copy: unsupported,
  split: unsupported,
  mask: unsupported,
  fields: z
    .array(z.lazy((): z.ZodType<FieldKeys> => field))
    .min(1)
    .optional(),
  element: z.lazy((): z.ZodType<ValueKeys> => value).optional(),
}
const value: z.ZodType<ValueKeys> = z.strictObject(valueKeys).superRefine(checkValue)
const field: z.ZodType<FieldKeys> = z
  .strictObject({
    ...valueKeys,
    name: text,
    required: z.boolean().default(false),
    rename: z.strictObject({ from: text }).optional(),
  })
  .superRefine(checkValue)

/** What each type needs, and what only it may have. */
const needs: readonly (readonly [key: keyof ValueKeys, of: readonly string[], allowed: string])[] = [
  ['fields', ['object'], 'the fields of the object'],
  ['element', ['array'], 'the type of its members'],
  ['target', ['ref'], 'a name of `definitions`'],
]
const onlyOf: readonly (readonly [key: keyof ValueKeys, of: readonly string[]])[] = [
  ['indicators', ['string']],
  ['validate', ['string']],
  ['isAccountId', ['string']],
  ['isEventId', ['string']],
  ['timeFormat', ['timestamp']],
  ['timeFormats', ['timestamp']],
  ['isEventTime', ['timestamp']],
  ['isEmbeddedJSON', ['json', 'object', 'array']],
]

function checkValue(given: ValueKeys, context: z.core.$RefinementCtx): void {
  const issue = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
  for (const [key, of, allowed] of needs) if (of.includes(given.type) && given[key] === undefined) issue(key, `allowed: ${allowed}`)
  for (const [key, of] of [...needs, ...onlyOf])
    if (given[key] !== undefined && !of.includes(given.type)) issue(key, `allowed: only where the type is ${of.join(' or ')}`)
  if (given.type === 'timestamp' && given.timeFormat === undefined && given.timeFormats === undefined)
    issue('timeFormats', 'allowed: at least one format, as [rfc3339]')
}

const cleaning = {
  emptyValues: z.array(z.string()).default([]),
  trimSpace: z.boolean().default(false),
  expandFields: z.record(z.string(), z.string()).default({}),
}
/** Captures that stand side by side could end anywhere. */
const fastPattern = text.refine((given) => /%\{[^}]*\}/u.test(given) && !/%\{[^}]*\}%\{/u.test(given), {
  error: 'allowed: text with %{field}, and something between two of them',
})
const parser = z
  .strictObject({
    csv: z
      .strictObject({
        delimiter: z.string().length(1, 'allowed: one character').default(','),
        hasHeader: z.boolean().default(false),
        columns: z.array(text).min(1).optional(),
        skipPrefix: unsupported,
        ...cleaning,
      })
      .refine(({ hasHeader, columns }) => hasHeader || columns !== undefined, {
        path: ['columns'],
        error: 'allowed: the columns’ names, or hasHeader: true',
      })
      .optional(),
    fastmatch: z.strictObject({ match: z.array(fastPattern).min(1), ...cleaning }).optional(),
    regex: z
      .strictObject({ match: z.array(text).min(1), patternDefinitions: z.record(z.string(), z.string()).default({}), ...cleaning })
      .superRefine((given, context) => {
        const wrong = patternOf(given)
        if (typeof wrong !== 'string') context.addIssue({ code: 'custom', path: ['match'], message: `allowed: ${wrong.allowed}` })
      })
      .optional(),
    native: z.strictObject({ name: z.enum(['AWS.VPCFlow', 'AWS.S3ServerAccess']) }).optional(),
    script: unsupported,
    json: unsupported,
  })
  .refine((given) => Object.values(given).filter((each) => each !== undefined).length === 1, {
    error: 'allowed: one of csv, fastmatch, regex and native',
  })

const patterns: Readonly<Record<string, string>> = {
  DATA: '.*?',
  GREEDYDATA: '.*',
  INT: '[+-]?\\d+',
  NOTSPACE: '\\S+',
  NUMBER: '[+-]?\\d+(?:\\.\\d+)?',
  SPACE: '\\s*',
  WORD: '\\w+',
}

/** A pattern in JavaScript's words, anchored; or what is wrong with it. */
export function patternOf({
  match,
  patternDefinitions,
}: {
  readonly match: readonly string[]
  readonly patternDefinitions: Readonly<Record<string, string>>
}): string | { readonly allowed: string } {
  const known: Readonly<Record<string, string>> = { ...patterns, ...patternDefinitions }
  let unknown: string | null = null
  const whole = match
    .join('')
    .replaceAll('(?P<', '(?<')
    .replaceAll(/%\{(\w+)(?::(\w+))?\}/gu, (_, name: string, as?: string) => {
      const own = Object.hasOwn(known, name) ? known[name] : undefined
      if (own === undefined) unknown = name
      return as === undefined ? `(?:${own ?? ''})` : `(?<${as}>${own ?? ''})`
    })
  if (unknown !== null)
    return { allowed: `patterns of patternDefinitions, ${Object.keys(patterns).join(', ')}; given %{${String(unknown)}}` }
  const pattern = linePattern(whole.startsWith('^') ? whole : `^${whole}`)
  return 'allowed' in pattern ? pattern : pattern.source
}

const name = z
  .string()
  .regex(/^[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)+$/u, 'allowed: a name as Acme.Shop')
  .refine((given) => logTypes.every((each) => each.toLowerCase() !== given.toLowerCase()), {
    error: 'allowed: a name of its own: this one is read without a schema',
  })

/** What a file of a schema holds. */
export const schemaKeys = z
  .strictObject({
    schema: name,
    description: z.string().optional(),
    referenceURL: z.string().optional(),
    fieldDiscoveryEnabled: z.boolean().optional(),
    version: z.literal(0).optional(),
    parser: parser.optional(),
    definitions: z.record(z.string(), value).default({}),
    fields: z.array(field).min(1),
  })
  .superRefine(({ fields, definitions }, context) => {
    if (!fields.some((each) => hasTime(each, definitions, 0)))
      context.addIssue({
        code: 'custom',
        path: ['fields'],
        message: 'allowed: fields of which one is a timestamp with isEventTime: true',
      })
  })
export type SchemaKeys = z.infer<typeof schemaKeys>

function hasTime(given: ValueKeys, definitions: Readonly<Record<string, ValueKeys>>, depth: number): boolean {
  if (depth > 10) return false
  const meant = given.type === 'ref' && Object.hasOwn(definitions, given.target ?? '') ? definitions[given.target ?? ''] : undefined
  if (meant !== undefined) return hasTime(meant, definitions, depth + 1)
  return given.isEventTime === true || (given.fields ?? []).some((each) => hasTime(each, definitions, depth + 1))
}
