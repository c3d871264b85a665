import type { NotRun } from './python/repository.ts'

export interface LeftOut {
  readonly notRun: readonly NotRun[]
  readonly notes: readonly { readonly file: string; readonly message: string }[]
}

const mostNamed = 5
const kindWords: Readonly<Record<string, readonly [one: string, many: string]>> = {
  policy: ['policy', 'policies'],
  rule: ['rule', 'rules'],
  scheduled_rule: ['scheduled rule', 'scheduled rules'],
  correlation_rule: ['correlation rule', 'correlation rules'],
  datamodel: ['data model', 'data models'],
  pack: ['pack', 'packs'],
  lookup_table: ['lookup table', 'lookup tables'],
  saved_query: ['saved query', 'saved queries'],
  scheduled_query: ['scheduled query', 'scheduled queries'],
  scheduled_prompt: ['scheduled prompt', 'scheduled prompts'],
}

/** What is not run, one line for each kind and reason with how many and which; then the notes, those that say the same as one line. */
export function linesOfLeftOut({ notRun, notes }: LeftOut): readonly string[] {
  const groups = Map.groupBy(notRun, ({ kind, reason }) => `${kind}|${reason}`)
  return [...[...groups.values()].map(lineOfGroup), ...[...Map.groupBy(notes, ({ message }) => message).values()].map(lineOfNotes)]
}

function lineOfGroup(group: readonly NotRun[]): string {
  const { kind = '', reason = '' } = group[0] ?? {}
  const [one, many] = kindWords[kind] ?? [kind, kind]
  const names = group.slice(0, mostNamed).map(({ id }) => id)
  const more = group.length > mostNamed ? ` and ${group.length - mostNamed} more` : ''
  return `not run: ${group.length} ${group.length === 1 ? one : many} (${names.join(', ')}${more}): ${reason}`
}

function lineOfNotes(group: LeftOut['notes']): string {
  const more = group.length > 1 ? ` (and ${group.length - 1} more)` : ''
  return `note: ${group[0]?.file}${more}: ${group[0]?.message}`
}
