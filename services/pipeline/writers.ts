import { isSeen, type Cause, type Comparison, type Difference, type Expectation, type JsonObject } from '#model'

/** An event, with what it let expect of the state. */
export interface Writer {
  readonly cause: Cause
  readonly witnesses: Expectation['witnesses']
}

/**
 * Of several events on one resource, those that wrote some of its differences: what they say of the state is no longer so once these
 * are put back. Where events only say that something changed, those that are named as what changed; where nothing tells, all.
 */
export function writersOf(
  events: readonly Writer[],
  differences: readonly Difference[],
  after: JsonObject,
  revert: Comparison['revert'],
): readonly Cause[] {
  const [first] = events
  if (first === undefined || events.length === 1 || differences.length === 0) return events.map(({ cause }) => cause)
  const before = revert(new Set(differences))
  const words = new Set(differences.flatMap(({ path }) => wordsOf(path)))
  const weights = events.map(({ cause, witnesses }) => {
    const told = witnesses.filter(({ kind }) => kind === 'is' || kind === 'has' || kind === 'lacks')
    if (told.some((each) => isSeen(each, after, true) && !isSeen(each, before, true))) return surely
    if (!witnesses.some(({ kind }) => kind === 'change')) return 0
    return 1 + [...words].filter((word) => cause.name.includes(word)).length
  })
  const most = Math.max(...weights)
  return events.filter((_, index) => weights[index] === most).map(({ cause }) => cause)
}

const surely = 1_000

/** What S3 calls grants. */
const otherNames: Readonly<Record<string, string>> = { Grant: 'Acl' }

/** The words of an attribute's name, as event names have them: `LifecycleRules` is `Lifecycle`, `Rule`. */
function wordsOf(path: string): readonly string[] {
  const [attribute = ''] = path.split(/[.[]/u)
  const words = attribute.slice(0, 100).match(/[A-Z][a-z]{2,}/gu) ?? []
  return words.map((word) => word.replace(/ies$/u, 'y').replace(/s$/u, '')).map((word) => otherNames[word] ?? word)
}
