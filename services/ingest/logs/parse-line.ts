import type { JsonObject } from '#model'
import { linePattern } from './line-pattern.ts'
import type { LogParser, NativeName } from './log-schema.ts'
import { readS3Access } from './native-s3-access.ts'
import { isFlowHeader, readFlow } from './native-vpc-flow.ts'

/** Makes an object of a line, whose header is given where there is one. A text says why it is none. */
export type LineReader = (line: string, header: string | null) => JsonObject | string

const natives: Readonly<Record<NativeName, LineReader>> = { 'AWS.VPCFlow': readFlow, 'AWS.S3ServerAccess': readS3Access }

/** A pattern may need more time than a line is worth. */
const mostLetters = 16_384

/** True when a file's first line is no record. */
export function isHeader(parser: LogParser, line: string): boolean {
  if (parser.kind === 'csv') return parser.hasHeader
  return parser.kind === 'native' && parser.name === 'AWS.VPCFlow' && isFlowHeader(line)
}

/** The reader of lines of a parser; null for JSON. */
export function lineReader(parser: LogParser): LineReader | null {
  if (parser.kind === 'json') return null
  if (parser.kind === 'native') return natives[parser.name]
  const read = parser.kind === 'csv' ? csv(parser) : parser.kind === 'regex' ? regex(parser.pattern) : fastmatch(parser.patterns)
  return (line, header) => {
    const found = line.length > mostLetters && parser.kind !== 'csv' ? `more than ${mostLetters} letters` : read(line, header)
    return typeof found === 'string' ? found : cleaned(found, parser)
  }
}

type Pairs = readonly (readonly [name: string, text: string])[]

function cleaned(pairs: Pairs, { emptyValues, trimSpace, expandFields }: Extract<LogParser, { emptyValues: unknown }>): JsonObject {
  const found = new Map<string, string>()
  for (const [name, given] of pairs) {
    const text = trimSpace ? given.trim() : given
    if (!emptyValues.includes(text)) found.set(name, text)
  }
  for (const [name, template] of Object.entries(expandFields))
    found.set(
      name,
      template.replaceAll(/%\{([^}]*)\}/gu, (_, field: string) => found.get(field) ?? ''),
    )
  return Object.fromEntries(found)
}

function csv({ delimiter, columns }: Extract<LogParser, { kind: 'csv' }>): (line: string, header: string | null) => Pairs | string {
  return (line, header) => {
    const names = columns ?? (header === null ? [] : (cells(header, delimiter) ?? []))
    if (names.length === 0) return 'no header that names its columns'
    const values = cells(line, delimiter)
    if (values === null) return 'a quote that does not end'
    if (values.length !== names.length) return `${values.length} columns; allowed: ${names.length}`
    return names.map((name, index) => [name.trim(), values[index] ?? ''] as const)
  }
}

/** The cells of a line; quoted ones may hold the delimiter, and a quote twice. Null when a quote does not end. */
function cells(line: string, delimiter: string): readonly string[] | null {
  const found: string[] = []
  for (let at = 0; at <= line.length;) {
    if (line[at] === '"') {
      let text = ''
      let from = at + 1
      for (;;) {
        const end = line.indexOf('"', from)
        if (end === -1) return null
        text += line.slice(from, end)
        from = end + 1
        if (line[from] !== '"') break
        text += '"'
        from += 1
      }
      found.push(text)
      if (from < line.length && !line.startsWith(delimiter, from)) return null
      at = from + delimiter.length
      if (from >= line.length) return found
    } else {
      const end = line.indexOf(delimiter, at)
      found.push(line.slice(at, end === -1 ? line.length : end))
      if (end === -1) return found
      at = end + delimiter.length
    }
  }
  return found
}

/** `%{time} [%{level}] %{}: %{rest}`: each field ends where the text behind it begins; the first pattern that fits counts. */
function fastmatch(patterns: readonly string[]): (line: string) => Pairs | string {
  const readers = patterns.map(patternReader)
  return (line) => {
    for (const read of readers) {
      const found = read(line)
      if (found !== null) return found
    }
    return 'no pattern fits'
  }
}

function patternReader(pattern: string): (line: string) => Pairs | null {
  const parts = pattern.split(/%\{([^}]*)\}/u)
  const [first = '', ...rest] = parts
  return (line) => {
    if (!line.startsWith(first)) return null
    let at = first.length
    const found: (readonly [string, string])[] = []
    for (let index = 0; index < rest.length; index += 2) {
      const [name = '', behind = ''] = [rest[index], rest[index + 1]]
      const isLast = index + 2 >= rest.length
      const end = behind === '' ? line.length : isLast ? line.length - behind.length : line.indexOf(behind, at)
      if (end < at || !line.startsWith(behind, end)) return null
      if (name !== '') found.push([name, line.slice(at, end)])
      at = end + behind.length
    }
    return at === line.length ? found : null
  }
}

function regex(pattern: string): (line: string) => Pairs | string {
  const compiled = linePattern(pattern)
  // A wrong one was refused when the schema was read.
  if ('allowed' in compiled) return () => `a pattern that cannot be used; allowed: ${compiled.allowed}`
  return (line) => {
    const groups = compiled.exec(line)?.groups
    return groups === undefined ? 'the pattern does not fit' : Object.entries(groups).filter(([, text]) => text !== undefined)
  }
}
