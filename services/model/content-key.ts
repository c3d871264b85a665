import { isObject, type Json } from './json.ts'

/** Paths that do not count: the steps that are left of each from here. The step into a member of a list is `[]`. */
export type Ignoring = readonly (readonly string[])[]

/** Dotted paths as steps: `A[].B` is `A`, `[]`, `B`. */
export function ignoringOf(paths: readonly string[]): Ignoring {
  return paths.map((path) => path.split('.').flatMap((step) => (step.endsWith('[]') ? [step.slice(0, -2), '[]'] : [step])))
}

/** What is left of the paths after a step; null when what is there does not count. */
export function below(ignoring: Ignoring, step: string): Ignoring | null {
  if (ignoring.length === 0) return ignoring
  const left = ignoring.flatMap(([first, ...rest]) => (first === step ? [rest] : []))
  return left.some((rest) => rest.length === 0) ? null : left
}

/** Empty containers are null; JSON objects written as text are read. */
export function normal(value: Json): Json {
  if (typeof value === 'string' && value.startsWith('{')) {
    try {
      return normal(JSON.parse(value) as Json)
    } catch {
      return value
    }
  }
  if (Array.isArray(value)) return value.length === 0 ? null : value
  if (isObject(value)) return Object.keys(value).length === 0 ? null : value
  return value
}

/** One text for all values that differ in nothing that counts: neither in the order of lists nor in null against empty. */
export type ContentKey = (value: Json, ignoring: Ignoring) => string

/** Keys are remembered by object, for as long as one comparison. */
export function createContentKey(): ContentKey {
  const known = new WeakMap<object, string>()
  const keyOf: ContentKey = (given, ignoring) => {
    const value = normal(given)
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    const found = ignoring.length === 0 ? known.get(value) : undefined
    if (found !== undefined) return found
    const key = isObject(value) ? fieldsKey(value, ignoring) : listKey(value, below(ignoring, '[]') ?? [])
    if (ignoring.length === 0) known.set(value, key)
    return key
  }
  const listKey = (list: readonly Json[], ignoring: Ignoring): string => {
    const members = list.map((each) => keyOf(each, ignoring))
    return `[${members.toSorted().join(',')}]`
  }
  const fieldsKey = (fields: { readonly [name: string]: Json }, ignoring: Ignoring): string => {
    const entries: string[] = []
    for (const [name, each] of Object.entries(fields)) {
      const left = below(ignoring, name)
      const key = left === null ? 'null' : keyOf(each, left)
      if (key !== 'null') entries.push(`${JSON.stringify(name)}:${key}`)
    }
    return entries.length === 0 ? 'null' : `{${entries.toSorted().join(',')}}`
  }
  return keyOf
}
