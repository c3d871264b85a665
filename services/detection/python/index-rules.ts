/** Which values a field may have; tokens as `tokenAt` makes them. */
export type FieldGuard =
  | { readonly in: readonly string[]; readonly prefixes: readonly string[]; readonly parts: readonly string[] }
  | { readonly not: readonly string[] }
/** One of the boxes must hold, and of a box every field; null: any event. */
export type RuleGuard = readonly Readonly<Record<string, FieldGuard>>[] | null

export interface IndexedRule {
  readonly logTypes: readonly string[]
  /** By log type, as `tripline_guards` derives them; a log type that is not there has no guard. */
  readonly guards: Readonly<Record<string, RuleGuard>>
}
export interface RuleIndex {
  /** The positions of the rules that may match an event of a log type, lowest first. Never one too few. */
  readonly mayMatch: (logType: string, event: object) => readonly number[]
}

/**
 * Finds the rules for an event by the values of its fields: what it costs grows with the rules that may match, not with those that
 * are there.
 */
export function indexRules(rules: readonly IndexedRule[]): RuleIndex {
  const logTypes = new Set(rules.flatMap((rule) => rule.logTypes))
  const indexes = new Map([...logTypes].map((logType) => [logType, indexType(rules, logType)]))
  return { mayMatch: (logType, event) => indexes.get(logType)?.(event) ?? [] }
}

/** A box of a rule: the rule is called when what is left of the box holds. */
interface Entry {
  readonly rule: number
  readonly rest: readonly (readonly [field: number, guard: Guard])[]
}
type Guard = (token: string) => boolean
/** The boxes of one field, by what they want it to be. */
interface Bucket {
  readonly field: number
  readonly all: Entry[]
  readonly byToken: Map<string, Entry[]>
  readonly byPrefix: Map<string, Entry[]>
}

function indexType(rules: readonly IndexedRule[], logType: string): (event: object) => readonly number[] {
  const paths: string[] = []
  const fieldOf = (path: string): number => {
    const found = paths.indexOf(path)
    return found === -1 ? paths.push(path) - 1 : found
  }
  const buckets = new Map<number, Bucket>()
  const always: Entry[] = []
  for (const [rule, { logTypes, guards }] of rules.entries()) {
    if (!logTypes.includes(logType)) continue
    for (const box of guards[logType] ?? [{}]) {
      const key = keyOf(box)
      const rest = Object.entries(box)
        .filter(([path]) => path !== key)
        .map(([path, guard]) => [fieldOf(path), guardOf(guard)] as const)
      const guard = key === null ? undefined : box[key]
      if (key === null || guard === undefined || 'not' in guard) {
        always.push({ rule, rest })
        continue
      }
      const field = fieldOf(key)
      const bucket: Bucket = buckets.get(field) ?? { field, all: [], byToken: new Map(), byPrefix: new Map() }
      buckets.set(field, bucket)
      const entry = { rule, rest }
      bucket.all.push(entry)
      for (const token of guard.in) push(bucket.byToken, token, entry)
      for (const prefix of guard.prefixes) push(bucket.byPrefix, prefix, entry)
    }
  }
  const steps = paths.map((path) => path.split('.').map((name) => ({ name, small: name.toLowerCase() })))
  const looked = [...buckets.values()].map((bucket) => ({
    bucket,
    lengths: [...new Set([...bucket.byPrefix.keys()].map(({ length }) => length))],
  }))
  // Of the event at hand. Kept from event to event: this runs for each, and making them anew costs as much as looking.
  let event: object = {}
  let number = 0
  let found: number[] = []
  const foundAt = new Float64Array(rules.length)
  // Read when asked for; undefined: not yet, null: not sure.
  const tokens: (string | null | undefined)[] = paths.map(() => undefined)
  const tokenOf = (field: number): string | null => {
    const known = tokens[field]
    if (known !== undefined) return known
    return (tokens[field] = tokenAt(event, steps[field] ?? []))
  }
  const holds = (rest: Entry['rest']): boolean => {
    for (const [field, guard] of rest) {
      const token = tokenOf(field)
      if (token !== null && !guard(token)) return false
    }
    return true
  }
  const take = (entries: readonly Entry[] | undefined): void => {
    if (entries === undefined) return
    for (const { rule, rest } of entries) {
      if (foundAt[rule] === number || !holds(rest)) continue
      foundAt[rule] = number
      found.push(rule)
    }
  }
  return (given) => {
    event = given
    number += 1
    found = []
    tokens.fill(undefined)
    take(always)
    for (const { bucket, lengths } of looked) {
      const { field, all, byToken, byPrefix } = bucket
      const token = tokenOf(field)
      if (token === null) take(all)
      else {
        take(byToken.get(token))
        for (const length of lengths) take(byPrefix.get(token.slice(0, length)))
      }
    }
    event = {}
    return found.toSorted((one, other) => one - other)
  }
}

/** The field that tells most events apart: a name if there is one, else where few texts are allowed. */
function keyOf(box: Readonly<Record<string, FieldGuard>>): string | null {
  let best: string | null = null
  let fewest = Infinity
  for (const [path, guard] of Object.entries(box)) {
    if ('not' in guard || guard.parts.length > 0) continue
    if (!guard.in.every((token) => token.startsWith('s:') && token !== 's:')) continue
    const count = path === 'eventName' ? 0 : guard.in.length + guard.prefixes.length
    if (count < fewest) [best, fewest] = [path, count]
  }
  return best
}

function guardOf(guard: FieldGuard): Guard {
  if ('not' in guard) {
    const denied = new Set(guard.not)
    return (token) => !denied.has(token)
  }
  const allowed = new Set(guard.in)
  const { prefixes, parts } = guard
  return (token) =>
    allowed.has(token) ||
    prefixes.some((prefix) => token.startsWith(prefix)) ||
    (token.startsWith('s:') && parts.some((part) => token.includes(part, 2)))
}

function push(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [entry])
  else list.push(entry)
}

/**
 * What stands at a path: `s:` and the text in small letters, `true`, `false`, `null` (or nothing), `other`. Null where we are not sure
 * what the detection would find: its event ignores case, and small letters are plain for ASCII only.
 */
function tokenAt(event: object, steps: readonly Step[]): string | null {
  let value: unknown = event
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'null'
    if (Object.hasOwn(value, step.name)) value = (value as Readonly<Record<string, unknown>>)[step.name]
    else return hasLike(value, step) ? null : 'null'
  }
  if (typeof value === 'string') return isAscii.test(value) ? `s:${value.toLowerCase()}` : null
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  return value === null || value === undefined ? 'null' : 'other'
}

interface Step {
  readonly name: string
  readonly small: string
}

// eslint-disable-next-line no-control-regex
const isAscii = /^[\0-\x7F]*$/u

/** Whether an object has a key that differs from a name in nothing but case. */
export function hasLike(value: object, { name, small }: Step): boolean {
  for (const key of Object.keys(value)) if (key.length === name.length && key.toLowerCase() === small) return true
  return false
}
