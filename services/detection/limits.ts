import type { JsonObject } from '#model'

/** Panther's limits on what a detection says. */
const textLimit = 1_000
const contextLimit = 204_800
/** A property's name is shorter; what is longer in quotes is a piece of what was judged. */
const quoteLimit = 40
const cutMark = '... (truncated)'

/** Text of a detection as it may be stored and shown: at most 1,000 characters, no NUL, no half characters. */
export function cut(text: string): string {
  const short = text.length > textLimit ? text.slice(0, textLimit - cutMark.length) + cutMark : text
  return clean(short)
}

/** The context as plain JSON; one that is too large is replaced by an `_error` that names both sizes. */
export function limitContext(context: object): JsonObject {
  const text = JSON.stringify(context, (_, value: unknown) => (typeof value === 'string' ? clean(value) : value))
  if (text === undefined || !text.startsWith('{')) throw new TypeError('the context is not a JSON object')
  if (text.length > contextLimit) {
    return { _error: `the context is ${text.length} characters of JSON; at most ${contextLimit} are kept` }
  }
  return JSON.parse(text) as JsonObject
}

/** What an exception says, whatever was thrown, in 1,000 characters. Never throws, though what was thrown may fight back. */
export function describe(thrown: unknown, told: (text: string) => string = (text) => text): string {
  try {
    if (thrown instanceof Error) return cut(told(`${thrown.name}: ${thrown.message}`))
    return cut(told(typeof thrown === 'string' ? thrown : `${typeof thrown} thrown: ${String(thrown)}`))
  } catch {
    return 'something that cannot be shown was thrown'
  }
}

/** The same without what it quotes at length: that may be a piece of a document with a secret in it, and people are told. */
export function describeUnquoted(thrown: unknown): string {
  return describe(thrown, unquoted)
}

function unquoted(text: string): string {
  // JSON.parse quotes the document, with the quotes in it as they are.
  const [first, last] = [text.indexOf('"'), text.lastIndexOf('"')]
  const json = text.includes(' is not valid JSON') && first < last
  const short = json ? `${text.slice(0, first)}"…"${text.slice(last + 1)}` : text
  return short.replaceAll(/"[^"]*"|(?<!\w)'[^']*'|`[^`]*`/gu, (quoted) =>
    quoted.length - 2 > quoteLimit ? `${quoted.slice(0, 1)}…${quoted.slice(0, 1)}` : quoted,
  )
}

/** The kind of a value, for messages about wrong ones. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Promise) return 'a promise'
  return typeof value === 'object' ? 'an object' : typeof value
}

/** Freezes a value of JSON all through, so that no detection changes what the next one sees. Not recursive: depth is the sender's choice. */
export function freezeJson<T>(value: T): T {
  const waiting: unknown[] = [value]
  while (waiting.length > 0) {
    const here = waiting.pop()
    if (typeof here !== 'object' || here === null || Object.isFrozen(here)) continue
    Object.freeze(here)
    for (const each of Object.values(here)) if (typeof each === 'object') waiting.push(each)
  }
  return value
}

function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}
