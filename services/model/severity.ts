/** Panther's five severities, lowest first. */
export const severities = ['INFO', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const
export type Severity = (typeof severities)[number]

/** Orders severities: negative when `a` is lower than `b`. */
export function compareSeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b)
}

/** Reads a severity in any casing (`High`, `HIGH`); null for any other word. */
export function readSeverity(word: string): Severity | null {
  const upper = word.toUpperCase()
  return severities.find((each) => each === upper) ?? null
}
