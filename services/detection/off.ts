import { fits } from '#runtime'

/** Whether an id is turned off by patterns (`*` is anything), of which the last that fits decides; one with `!` before turns on again. */
export function isOff(id: string, patterns: readonly string[]): boolean {
  const last = patterns.findLast((pattern) => fits(pattern.replace(/^!/u, ''), id))
  return last !== undefined && !last.startsWith('!')
}
