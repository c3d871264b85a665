import { at, type Json, type JsonObject } from '#model'
import { cut } from './limits.ts'
import type { RuleEvent } from './log-records.ts'

// As in the Python host.
const mostLetters = 200
const mostMembers = 20

/** The values at some paths of a record (`userIdentity.arn`) or of what is added to it (`p_any_ip_addresses`), as text. */
export function sumUp(
  paths: readonly string[],
  record: JsonObject,
  event: RuleEvent,
): readonly (readonly [path: string, value: string])[] {
  return paths.flatMap((path) => {
    const keys = path.split('.')
    const found = at(record, ...keys) ?? (path.startsWith('p_') ? at(event.fields, ...keys) : null)
    return textsOf(found ?? null).map((value) => [path, value] as const)
  })
}

/** Of a list its members; what is an object or a list again is no value. */
function textsOf(value: Json): readonly string[] {
  const members: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : [value]
  const texts = members.flatMap((each) => (each === '' || typeof each === 'object' ? [] : textOf(each)))
  return [...new Set(texts)].slice(0, mostMembers)
}

function textOf(value: string | number | boolean): string {
  return cut((typeof value === 'string' ? value : JSON.stringify(value)).slice(0, mostLetters))
}
