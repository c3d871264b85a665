import { resourceTypes } from '#model'
import { nearest } from '#runtime'

/** Null when a field's value is good, else `allowed: …`, or what is wrong inside of the value. */
type Check = (value: unknown) => string | readonly Mistake[] | null
interface Field {
  readonly check: Check
  readonly required?: true
  /** Another documented spelling. */
  readonly also?: string
}
type Fields = Readonly<Record<string, Field>>

/** One thing that is wrong with a specification. */
export interface Mistake {
  readonly path: readonly (string | number)[]
  readonly message: string
  /** A field that nobody knows, which may be left aside. */
  readonly extra?: true
}
export type Fielded = Readonly<Record<string, unknown>>

/** Panther's kinds of items, each with the field that holds its id. */
export const idFields = {
  rule: 'RuleID',
  policy: 'PolicyID',
  scheduled_rule: 'RuleID',
  correlation_rule: 'RuleID',
  global: 'GlobalID',
  datamodel: 'DataModelID',
  pack: 'PackID',
  lookup_table: 'LookupName',
  saved_query: 'QueryName',
  scheduled_query: 'QueryName',
  scheduled_prompt: 'PromptName',
} as const
export type ItemKind = keyof typeof idFields

export function isItemKind(word: unknown): word is ItemKind {
  return typeof word === 'string' && Object.hasOwn(idFields, word)
}

const text: Check = (value) => (typeof value === 'string' ? null : 'allowed: text')
const truth: Check = (value) => (typeof value === 'boolean' ? null : 'allowed: true or false')
const whole: Check = (value) => (typeof value === 'bigint' ? null : 'allowed: a whole number')
const anything: Check = () => null
const plainName: Check = (value) =>
  typeof value === 'string' && /^[^<>&"%\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u.test(value)
    ? null
    : 'allowed: text without < > & " % and invisible letters'
const texts: Check = (value) => (areTexts(value) ? null : 'allowed: a list of text')
const reports: Check = (value) =>
  isFielded(value) && Object.values(value).every(Array.isArray) ? null : 'allowed: names, each with a list'

function distinct(fold: (word: string) => string): Check {
  return (value) => {
    if (!areTexts(value)) return 'allowed: a list of text'
    const seen = new Set<string>()
    for (const word of value) {
      if (seen.has(fold(word))) return `allowed: each once, ${JSON.stringify(word)} stands there twice`
      seen.add(fold(word))
    }
    return null
  }
}
const each = distinct((word) => word)
const tags = distinct((word) => word.toLowerCase())

const severityWords = ['Info', 'Low', 'Medium', 'High', 'Critical']
const severity: Check = (value) => (severityWords.includes(String(value)) ? null : `allowed: ${severityWords.join(', ')}`)

/** Those that we look at, and two that Panther knows and nobody looks at here. */
const typeNames: readonly string[] = [...resourceTypes, 'AWS.Route53.HostedZone', 'AWS.Route53Domains']

/** A list, or one text for a list of one, as the documentation has it in the singular. */
const resourceTypeNames: Check = (value) => {
  const names = typeof value === 'string' ? [value] : value
  if (!areTexts(names)) return 'allowed: a list of resource types'
  const unknown = names.find((name) => !typeNames.includes(name))
  if (unknown === undefined) return null
  return `${JSON.stringify(unknown)} is no resource type; allowed: such as ${nearest(unknown, typeNames).join(', ')} (docs/resource-types.md has them all)`
}

// An entry without one of the two is ignored, by Panther too.
const mocks = listOf('a mock', {
  objectName: { check: text },
  returnValue: {
    check: (value) => (typeof value === 'string' || typeof value === 'boolean' ? null : 'allowed: text, true or false'),
  },
})

const common: Fields = {
  AnalysisType: { check: text, required: true },
  Enabled: { check: truth, required: true },
  Filename: { check: text, required: true, also: 'FileName' },
  Severity: { check: severity, required: true },
  DisplayName: { check: plainName },
  Description: { check: text },
  Reference: { check: text },
  Runbook: { check: text },
  Tags: { check: tags },
  Reports: { check: reports },
  OutputIds: { check: each },
  Status: { check: text },
  CreatedBy: { check: text },
  OnlyUseBaseRiskScore: { check: truth },
  BaseVersion: { check: whole },
}

const ofRules: Fields = {
  ...common,
  RuleID: { check: plainName, required: true },
  DedupPeriodMinutes: { check: whole },
  Threshold: { check: whole },
  SummaryAttributes: { check: each },
  CreateAlert: { check: truth },
  InlineFilters: { check: anything },
  Detection: { check: anything },
  AlertTitle: { check: text },
  AlertContext: { check: anything },
  GroupBy: { check: anything },
  DynamicSeverities: { check: anything },
  Tests: { check: testsWith('Log', 'LogType') },
}

const fields: Readonly<Record<'rule' | 'scheduled_rule' | 'policy' | 'global' | 'datamodel', Fields>> = {
  rule: { ...ofRules, LogTypes: { check: each }, ScheduledQueries: { check: each } },
  scheduled_rule: { ...ofRules, LogTypes: { check: each }, ScheduledQueries: { check: each } },
  policy: {
    ...common,
    PolicyID: { check: plainName, required: true },
    ResourceTypes: { check: resourceTypeNames, also: 'ResourceType' },
    Suppressions: { check: each },
    AutoRemediationID: { check: text },
    AutoRemediationParameters: { check: anything },
    ActionDelaySeconds: { check: whole },
    Tests: { check: testsWith('Resource', 'ResourceType') },
  },
  global: {
    AnalysisType: { check: text, required: true },
    GlobalID: { check: plainName, required: true },
    Filename: { check: text, required: true, also: 'FileName' },
    Description: { check: text },
    Tags: { check: texts },
    BaseVersion: { check: whole },
  },
  datamodel: {
    AnalysisType: { check: text, required: true },
    DataModelID: { check: plainName, required: true },
    Enabled: { check: truth, required: true },
    LogTypes: { check: each, required: true },
    Mappings: { check: mappings, required: true },
    DisplayName: { check: plainName },
    Description: { check: text },
    Filename: { check: text, also: 'FileName' },
    BaseVersion: { check: whole },
  },
}

/** All fields under the names we use, whichever documented spelling was given. */
export function normalise(kind: keyof typeof fields, given: Fielded): Fielded {
  const spelling = new Map(Object.entries(fields[kind]).flatMap(([name, { also }]) => (also === undefined ? [] : [[also, name]])))
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [spelling.get(key) ?? key, value]))
}

/** What is wrong with a specification whose fields are normalised. A derived rule takes what it does not say from its base. */
export function mistakesOf(kind: keyof typeof fields, given: Fielded): readonly Mistake[] {
  const known: Fields = { ...fields[kind], ...(kind === 'rule' ? { BaseDetection: { check: plainName } } : {}) }
  const derived = given['BaseDetection'] !== undefined
  const mistakes: Mistake[] = []
  for (const [name, { check, required }] of Object.entries(known)) {
    const value = given[name]
    if (value === undefined) {
      if (required === true && !isGivenOtherwise(name, given, derived)) mistakes.push({ path: [], message: `${name} is missing` })
      continue
    }
    mistakes.push(...wrongIn(name, value, check))
  }
  for (const key of Object.keys(given)) if (!Object.hasOwn(known, key)) mistakes.push(extraField([key], key, Object.keys(known)))
  if ((kind === 'rule' || kind === 'scheduled_rule') && !derived) {
    const sources = ['LogTypes', 'ScheduledQueries'].filter((name) => given[name] !== undefined)
    if (sources.length !== 1)
      mistakes.push({
        path: [],
        message: `given ${sources.join(' and ') || 'neither LogTypes nor ScheduledQueries'}; allowed: one of the two`,
      })
  }
  return mistakes
}

function wrongIn(name: string, value: unknown, check: Check): readonly Mistake[] {
  const wrong = check(value)
  if (wrong === null) return []
  if (typeof wrong === 'string') return [{ path: [name], message: `${name}: given ${show(value)}; ${wrong}` }]
  return wrong.map((each) => within([name], each, `${name}: `))
}

/** The same mistake, seen from further above. */
function within(above: Mistake['path'], { path, message, extra }: Mistake, words = ''): Mistake {
  return { path: [...above, ...path], message: `${words}${message}`, ...(extra === undefined ? {} : { extra }) }
}

function extraField(path: Mistake['path'], key: string, known: readonly string[]): Mistake {
  const [like = ''] = nearest(key, known, 1)
  return { path, message: `unknown field ${key}; allowed: such as ${like}, or start with --ignore-extra-keys`, extra: true }
}

/** Fields that need not be there: a rule without code of its own says so otherwise. */
function isGivenOtherwise(name: string, given: Fielded, derived: boolean): boolean {
  if (derived) return true
  return name === 'Filename' && given['Detection'] !== undefined
}

function testsWith(event: 'Log' | 'Resource', type: string): Check {
  const parts: Fields = {
    Name: { check: text, required: true },
    ExpectedResult: { check: truth, required: true },
    [event]: { check: anything, required: true },
    [type]: { check: text },
    Mocks: { check: mocks },
    ...(event === 'Log' ? { ExpectedDestinations: { check: texts } } : {}),
  }
  return listOf('a test', parts)
}

function mappings(value: unknown): ReturnType<Check> {
  const wrong = listOf('a mapping', { Name: { check: text, required: true }, Path: { check: text }, Method: { check: text } })(
    value,
  )
  if (typeof wrong === 'string') return wrong
  const unclear = (value as readonly unknown[]).flatMap((entry, index): readonly Mistake[] =>
    isFielded(entry) && (entry['Path'] === undefined) === (entry['Method'] === undefined)
      ? [{ path: [index], message: 'allowed: either Path or Method for each name' }]
      : [],
  )
  return orNull([...(wrong ?? []), ...unclear])
}

function listOf(word: string, parts: Fields): Check {
  const names = Object.keys(parts)
  return (value) => {
    if (!Array.isArray(value)) return `allowed: a list, each ${word}`
    const mistakes = (value as readonly unknown[]).flatMap((entry, index): readonly Mistake[] => {
      if (!isFielded(entry)) return [{ path: [index], message: `given ${show(entry)}; allowed: ${word} with ${names.join(', ')}` }]
      const own = Object.entries(parts).flatMap(([name, { check, required }]) => {
        if (entry[name] !== undefined) return wrongIn(name, entry[name], check)
        return required === true ? [{ path: [], message: `${word} lacks ${name}` }] : []
      })
      const extra = Object.keys(entry).filter((key) => !Object.hasOwn(parts, key))
      return [...own, ...extra.map((key) => extraField([key], key, names))].map((each) => within([index], each))
    })
    return orNull(mistakes)
  }
}

function orNull(mistakes: readonly Mistake[]): readonly Mistake[] | null {
  return mistakes.length === 0 ? null : mistakes
}

export function isFielded(value: unknown): value is Fielded {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value, (_key, own: unknown) => (typeof own === 'bigint' ? Number(own) : own)) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
