import type { Detection, RuleMatch } from '#model'

/** A detection in the words that it found for one match; what those leave out, its metadata say. */
export function worded(
  detection: Detection,
  { description, reference, runbook }: Pick<RuleMatch, 'description' | 'reference' | 'runbook'>,
): Detection {
  return {
    ...detection,
    ...(description === undefined ? {} : { description }),
    ...(reference === undefined ? {} : { reference }),
    ...(runbook === undefined ? {} : { runbook }),
  }
}
