import { readFileSync } from 'node:fs'

/** The complete example of a resource type. */
export function readExample(type: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/resources/${type}.json`, import.meta.url), 'utf8'))
}
