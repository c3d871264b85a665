import type { NotRun } from './python/repository.ts'

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

/** One line for each kind of thing that is not run for one reason: how many, which, and why. */
export function linesOfNotRun(notRun: readonly NotRun[]): readonly string[] {
  const groups = Map.groupBy(notRun, ({ kind, reason }) => `${kind}|${reason}`)
  return [...groups.values()].map((group) => {
    const { kind = '', reason = '' } = group[0] ?? {}
    const [one, many] = kindWords[kind] ?? [kind, kind]
    const names = group.slice(0, mostNamed).map(({ id }) => id)
    const more = group.length > mostNamed ? ` and ${group.length - mostNamed} more` : ''
    return `${group.length} ${group.length === 1 ? one : many} (${names.join(', ')}${more}): ${reason}`
  })
}

/** Notes that say the same of several files as one line, with how many and the first. */
export function linesOfNotes(notes: readonly { readonly file: string; readonly message: string }[]): readonly string[] {
  return [...Map.groupBy(notes, ({ message }) => message)].map(([message, group]) => {
    const more = group.length > 1 ? ` (and ${group.length - 1} more)` : ''
    return `${group[0]?.file}${more}: ${message}`
  })
}
