import { canonical, isObject, type Json, type JsonObject } from './json.ts'
import type { Cause } from './audit-event.ts'

/** One effective difference. `undefined` never occurs: an absent side is null. */
export interface Difference {
  /** Dotted path; list members are named by their content, since AWS does not keep list order. */
  readonly path: string
  readonly before: Json
  readonly after: Json
}

/** The effective difference between two states of one shape, with the events that caused it. */
export interface Change {
  readonly differences: readonly Difference[]
  readonly causes: readonly Cause[]
}

/**
 * The effective differences between two attribute sets: order in lists, and null against empty, do not count.
 * JSON kept as text (policy documents) is compared as JSON. `ignoring`: attributes that do not count, as dotted paths; `[]` goes
 * into each member of a list.
 */
export function diff(before: JsonObject, after: JsonObject, ignoring: readonly string[] = []): readonly Difference[] {
  const found: Difference[] = []
  const [a, b] = [before, after].map((each) => ignoring.reduce<Json>((value, path) => omit(value, path.split('.')), each))
  if (isObject(a) && isObject(b)) compareObjects('', a, b, found)
  return found
}

function omit(value: Json, [step, ...rest]: readonly string[]): Json {
  if (step === undefined || !isObject(value)) return value
  const key = step.endsWith('[]') ? step.slice(0, -2) : step
  const here = Object.hasOwn(value, key) ? value[key] : undefined
  if (here === undefined || here === null) return value
  if (rest.length === 0) return { ...value, [key]: null }
  if (key === step) return { ...value, [key]: omit(here, rest) }
  return Array.isArray(here) ? { ...value, [key]: (here as readonly Json[]).map((member) => omit(member, rest)) } : value
}

function compareObjects(path: string, a: JsonObject, b: JsonObject, found: Difference[]): void {
  for (const key of [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted()) {
    compare(path === '' ? key : `${path}.${key}`, own(a, key), own(b, key), found)
  }
}

function own(value: JsonObject, key: string): Json {
  return Object.hasOwn(value, key) ? (value[key] ?? null) : null
}

function compare(path: string, before: Json, after: Json, found: Difference[]): void {
  const a = normal(before)
  const b = normal(after)
  if (canonical(unordered(a)) === canonical(unordered(b))) return
  if (isObject(a) && isObject(b)) {
    compareObjects(path, a, b, found)
    return
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    for (const gone of without(a, b)) found.push({ path, before: gone, after: null })
    for (const came of without(b, a)) found.push({ path, before: null, after: came })
    return
  }
  found.push({ path, before: a, after: b })
}

/** Members of `list` that `other` does not hold, counting repeats. */
function without(list: readonly Json[], other: readonly Json[]): readonly Json[] {
  const left = new Map<string, number>()
  for (const each of other) {
    const key = canonical(unordered(normal(each)))
    left.set(key, (left.get(key) ?? 0) + 1)
  }
  return list.filter((each) => {
    const key = canonical(unordered(normal(each)))
    const count = left.get(key) ?? 0
    if (count > 0) left.set(key, count - 1)
    return count === 0
  })
}

/** Empty containers are null; JSON objects written as text are read. */
function normal(value: Json): Json {
  if (typeof value === 'string' && value.startsWith('{')) {
    try {
      return JSON.parse(value) as Json
    } catch {
      return value
    }
  }
  if (Array.isArray(value)) return value.length === 0 ? null : value
  if (isObject(value)) return Object.keys(value).length === 0 ? null : value
  return value
}

/** The value with every list sorted by content, so that order does not count. */
function unordered(value: Json): Json {
  if (Array.isArray(value)) {
    if (value.length === 0) return null
    const members = value.map((each: Json) => unordered(normal(each)))
    return members.toSorted((a, b) => (canonical(a) < canonical(b) ? -1 : 1))
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value)
    .map(([key, each]) => [key, unordered(normal(each))] as const)
    .filter(([, each]) => each !== null)
  return entries.length === 0 ? null : Object.fromEntries(entries)
}
