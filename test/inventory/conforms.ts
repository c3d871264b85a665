import { readFileSync } from 'node:fs'

/** Panther's fields of each type: nested as the attributes are, lists with one sample member, maps with the key `<key:string>`. */
export const shapes = JSON.parse(readFileSync(new URL('resource-shapes.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, unknown>
>

/** What is wrong with attributes compared with the expected shape: missing and unknown keys, wrong kinds; empty when all is well. */
export function deviations(expected: unknown, given: unknown, path = ''): readonly string[] {
  if (given === null) return []
  if (typeof expected === 'string')
    return kindMatches(expected, given) ? [] : [`${path}: expected ${expected}, got ${JSON.stringify(given)}`]
  if (Array.isArray(expected)) {
    if (!Array.isArray(given)) return [`${path}: expected a list`]
    if (given.length === 0) return expected.includes('may be empty') ? [] : [`${path}: an empty list must be null`]
    return given.flatMap((member, index) => deviations(expected[0], member, `${path}[${index}]`))
  }
  if (!isRecord(expected) || !isRecord(given)) return [`${path}: expected an object`]
  const anyKey = expected['<key:string>']
  if (anyKey !== undefined) return Object.entries(given).flatMap(([key, value]) => deviations(anyKey, value, `${path}.${key}`))
  const missing = Object.keys(expected).filter((key) => !(key in given))
  const unknown = Object.keys(given).filter((key) => !(key in expected))
  return [
    ...missing.map((key) => `${path}.${key}: missing`),
    ...unknown.map((key) => `${path}.${key}: unknown`),
    ...Object.entries(given).flatMap(([key, value]) => deviations(expected[key] ?? null, value, `${path}.${key}`)),
  ]
}

/** The paths at which attributes hold nothing: null, or an empty list. */
export function gaps(given: unknown, path = ''): readonly string[] {
  if (given === null) return [path]
  if (Array.isArray(given)) return given.length === 0 ? [path] : given.flatMap((member, index) => gaps(member, `${path}[${index}]`))
  if (!isRecord(given)) return []
  return Object.entries(given).flatMap(([key, value]) => gaps(value, path === '' ? key : `${path}.${key}`))
}

function kindMatches(expected: string, given: unknown): boolean {
  if (expected.includes('RFC3339')) return typeof given === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(given)
  if (expected === 'integer') return Number.isInteger(given)
  return typeof given === expected
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
