import type { Seen, Target } from './fault-proxy.ts'
import { valuesOf, type Answer } from './fault-wire.ts'

/** For how long after a write its service still tells the account of the world before. */
export type Lag = number | ((write: Seen) => number)

/** What to do with a read: answer it from memory, ask as if some names did not exist, or let it see the world. */
export type Sight = { readonly answer: Answer } | { readonly hide: readonly string[] } | null

interface Write {
  readonly place: string
  until: number
  /** Words that were first seen in this write: what it created. */
  readonly created: Set<string>
}

/**
 * Stale reads. The last answer of every distinct read is remembered. From a write on, and for the lag, reads of that service and
 * account get the answers of before it; what it created is not found by those who have not seen it.
 */
export function createStaleness() {
  let rules: { readonly target: Target; readonly lag: Lag; readonly hideCreated: boolean }[] = []
  let writes: Write[] = []
  const memory = new Map<string, Answer>()
  const known = new Set<string>()
  const keyOf = (call: Seen): string =>
    [call.accountId, call.region, call.service, call.operation, call.method, call.path, call.query, call.body].join('\n')
  const fresh = (call: Seen): readonly Write[] => {
    writes = writes.filter(({ until }) => until > performance.now())
    return writes.filter(({ place }) => place === placeOf(call))
  }
  return {
    begin(target: Target, lag: Lag, hideCreated: boolean): void {
      rules.push({ target, lag, hideCreated })
    },
    /** How a read is to be answered. `hits` says whether a target means it. */
    look(call: Seen, hits: (target: Target) => boolean): Sight {
      const rule = rules.find(({ target }) => hits(target))
      const recent = rule === undefined ? [] : fresh(call)
      if (rule === undefined || recent.length === 0) return null
      const answer = memory.get(keyOf(call))
      if (answer !== undefined) return { answer }
      if (!rule.hideCreated) return null
      const named = new Set(valuesOf(call))
      const hide = recent.flatMap(({ created }) => [...created].filter((word) => named.has(word)))
      return hide.length === 0 ? null : { hide }
    },
    /** A read's answer, remembered unless it already shows what is still to be kept back. */
    remember(call: Seen, answer: Answer): void {
      if (fresh(call).length === 0 && answer.status < 500) memory.set(keyOf(call), answer)
    },
    /** A write begins: from here on the past is told. Returned is what to call with its answer. */
    write(call: Seen): (answer: Answer) => void {
      const lag = rules.find(({ target }) => (target.service ?? call.service) === call.service)?.lag
      const write: Write = { place: placeOf(call), until: Number.POSITIVE_INFINITY, created: new Set() }
      if (lag !== undefined) writes.push(write)
      return (answer) => {
        const failed = answer.status >= 400 || lag === undefined
        write.until = failed ? 0 : performance.now() + (typeof lag === 'number' ? lag : lag(call))
        for (const word of [...valuesOf(call), ...wordsOf(answer.body)]) {
          if (!known.has(word)) write.created.add(word)
          known.add(word)
        }
      }
    },
    clear(): void {
      rules = []
      writes = []
      memory.clear()
    },
  }
}

/** Calls that change nothing, or nothing that a resource's reader could see. */
export function changesNothing({ method, operation }: Seen): boolean {
  if (/Message(s|Batch|Visibility\w*)?$/.test(operation)) return true
  if (/^[A-Z]+ \//.test(operation)) return method === 'GET' || method === 'HEAD'
  return /^(Assume|BatchGet|Check|Decode|Describe|Filter|Generate|Get|Head|List|Lookup|Query|Scan|Search|Select|Simulate|Test|Validate)/.test(
    operation,
  )
}

/** A word that nobody has, of the same length and kind, so that AWS says in its own words that it is not there. */
export function stranger(word: string): string {
  const letters = '0123456789abcdefghijklmnopqrstuvwxyz'
  const turn = (letter: string): string => {
    if (/\d/.test(letter)) return String(9 - Number(letter))
    if (/[A-Z]/.test(letter)) return String.fromCodePoint(155 - (letter.codePointAt(0) ?? 0))
    const sum = /[a-f]/.test(letter) ? 25 : 51
    return /[a-z]/.test(letter) ? (letters[sum - letters.indexOf(letter)] ?? letter) : letter
  }
  return word.slice(0, -6) + word.slice(-6).replaceAll(/./g, turn)
}

function placeOf(call: Seen): string {
  return `${call.accountId} ${call.service}`
}

function wordsOf(body: string): readonly string[] {
  return body.split(/[^\w.:/@+=-]+/).filter((word) => word.length > 3)
}
