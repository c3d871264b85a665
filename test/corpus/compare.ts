import type { Verdicts } from './verdicts.ts'

export interface Difference {
  readonly kind: 'verdict' | 'tests' | 'invalid' | 'words'
  /** Detection or file. */
  readonly what: string
  readonly said: string
}

/**
 * Where two commands differ. Of words only what both say without an error: how an error is worded is each one's own. The order of a set
 * is no difference: it changes from run to run, of which `other` are more.
 */
export function compare(tool: readonly Verdicts[], ours: Verdicts): readonly Difference[] {
  const [theirs] = tool
  if (theirs === undefined) return []
  const found: Difference[] = []
  for (const [file, message] of theirs.invalid)
    if (!ours.invalid.has(file)) found.push({ kind: 'invalid', what: file, said: `only the tool: ${message}` })
  for (const [file, message] of ours.invalid)
    if (!theirs.invalid.has(file)) found.push({ kind: 'invalid', what: file, said: `only tripline: ${message}` })
  for (const id of new Set([...theirs.tests.keys(), ...ours.tests.keys()])) {
    const [one, other] = [theirs.tests.get(id), ours.tests.get(id)]
    // An item that cannot be used is counted as such.
    if (one === undefined || other === undefined) {
      found.push({
        kind: 'tests',
        what: id,
        said: one === undefined ? 'only tripline tests it' : `only the tool runs its ${one.length} tests`,
      })
      continue
    }
    const names = [one, other].map((tests) => tests.map(({ name }) => name).join('\n'))
    if (names[0] !== names[1]) {
      found.push({ kind: 'tests', what: id, said: `the tool ran ${one.length} tests, tripline ${other.length}` })
      continue
    }
    for (const [index, { name, passed, said }] of one.entries()) {
      const own = other[index]
      if (own?.passed !== passed)
        found.push({ kind: 'verdict', what: id, said: `${name}: the tool ${word(passed)}, tripline ${word(!passed)}` })
      if (!passed || own?.passed !== true) continue
      for (const [part, words] of said) {
        const mine = own.said.get(part)
        const variants = tool.map(({ tests }) => tests.get(id)?.[index]?.said.get(part))
        if (variants.some((each) => each !== undefined && isSame(each, mine))) continue
        found.push({ kind: 'words', what: id, said: `${name}: ${part}: the tool ${cut(words)}, tripline ${cut(mine)}` })
      }
    }
  }
  return found
}

/** The same letters, in whatever order a set had them. */
function isSame(one: string, other: string | undefined): boolean {
  return other !== undefined && (one.trim() === other.trim() || sorted(one) === sorted(other))
}

function sorted(text: string): string {
  return text.trim().split('').toSorted().join('')
}

function word(passed: boolean): string {
  return passed ? 'passes' : 'fails'
}

function cut(text: string | undefined): string {
  return text === undefined ? 'nothing' : JSON.stringify(text.slice(0, 120))
}
