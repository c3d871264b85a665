import { Buffer } from 'node:buffer'
import { isObject, type Json, type JsonObject } from '#model'
import type { Refusal } from './decode.ts'

/** What a body may cost us. AWS sends at most 1 MiB; real records stay far below the others. */
export const limits = { bytes: 1_048_576, depth: 64, nodes: 50_000, stringChars: 262_144 } as const

/** Keys that do harm in JavaScript. Whoever makes a call can put them into its record (as a tag's), and must not hide it by that. */
const harmful: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
/** One pattern: three searches take twice as long. */
const harmfulText = /(?:__proto__|constructor|prototype)"/

/**
 * Refuses a body by its text, before anything parses it. Cheap for real records: whoever nests deeper than 64 must open more than
 * 64 brackets, and only such bodies are read letter by letter.
 */
export function refuseText(body: string): Refusal | null {
  // UTF-8 needs at most three bytes a UTF-16 unit, so most bodies need no counting.
  if (body.length * 3 > limits.bytes) {
    const bytes = Buffer.byteLength(body)
    if (bytes > limits.bytes) return { reason: 'too-large', detail: `the body has ${bytes} bytes; allowed: ${limits.bytes}` }
  }
  if (opensMoreThan(body, limits.depth) && nestsDeeperThan(body, limits.depth)) {
    return { reason: 'too-deep', detail: `the body nests deeper than ${limits.depth} levels; allowed: ${limits.depth}` }
  }
  return null
}

/**
 * True when only a walk over the parsed value can say whether it keeps the limits. A harmful key stands in the text as it is or
 * with a `\u` in it; a node takes at least two letters.
 */
export function needsWalk(body: string): boolean {
  return body.length >= limits.nodes * 2 || body.includes('\\u') || harmfulText.test(body)
}

/** Walks one freshly parsed record, at most 64 levels deep by now. Gives harmful keys another name, with `_` before. */
export function refuseRecord(record: Json): Refusal | null {
  return walk(record, '', { nodes: 0 })
}

function walk(value: Json, path: string, count: { nodes: number }): Refusal | null {
  count.nodes += 1
  if (count.nodes > limits.nodes) {
    return { reason: 'too-many-nodes', detail: `the record has more than ${limits.nodes} values; allowed: ${limits.nodes}` }
  }
  if (typeof value === 'string') return value.length > limits.stringChars ? tooLong(path, value.length) : null
  if (Array.isArray(value)) {
    for (const [index, each] of (value as readonly Json[]).entries()) {
      const refused = walk(each, `${path}[${index}]`, count)
      if (refused !== null) return refused
    }
    return null
  }
  if (!isObject(value)) return null
  for (const given of Object.keys(value)) {
    const key = harmful.has(given) ? rename(value, given) : given
    const here = path === '' ? key.slice(0, 100) : `${path}.${key.slice(0, 100)}`
    const each = value[key]
    const refused = each === undefined ? null : walk(each, here, count)
    if (refused !== null) return refused
  }
  return null
}

function rename(within: JsonObject, key: string): string {
  const own = within as Record<string, Json>
  const value = own[key] ?? null
  let name = `_${key}`
  while (Object.hasOwn(own, name)) name = `_${name}`
  delete own[key]
  own[name] = value
  return name
}

function tooLong(path: string, length: number): Refusal {
  return { reason: 'too-large', detail: `${path.slice(-300)} has ${length} letters; allowed: ${limits.stringChars}` }
}

function opensMoreThan(body: string, most: number): boolean {
  let count = 0
  for (const bracket of ['{', '[']) {
    for (let at = body.indexOf(bracket); at !== -1; at = body.indexOf(bracket, at + 1)) {
      count += 1
      if (count > most) return true
    }
  }
  return false
}

/** Brackets inside strings do not count. Anything else that is not JSON is left to the parser. */
function nestsDeeperThan(body: string, most: number): boolean {
  let depth = 0
  for (let at = 0; at < body.length; at += 1) {
    const letter = body.charCodeAt(at)
    if (letter === quote) at = endOfString(body, at)
    else if (letter === openBrace || letter === openBracket) {
      depth += 1
      if (depth > most) return true
    } else if (letter === closeBrace || letter === closeBracket) depth -= 1
  }
  return false
}

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [34, 92, 123, 125, 91, 93]

/** Where the string that begins at `start` ends; the body's end when it does not. */
function endOfString(body: string, start: number): number {
  for (let end = body.indexOf('"', start + 1); end !== -1; end = body.indexOf('"', end + 1)) {
    let before = end - 1
    while (body.charCodeAt(before) === backslash) before -= 1
    if ((end - before) % 2 === 1) return end
  }
  return body.length
}
