import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { isMap, LineCounter, parseDocument } from 'yaml'
import * as z from 'zod'
import { TriplineError } from './error.ts'

/** A configuration cannot be used. The message has one line a mistake: file, line, column, what was given, what is allowed. */
export class ConfigError extends TriplineError<'unreadable' | 'not-yaml' | 'invalid'> {
  override readonly name = 'ConfigError'
}

/** Reads a YAML file and checks it against a schema; every mistake is named with its place in the file. */
export async function readYaml<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new ConfigError('unreadable', `${file}: cannot be read (${code}); allowed: the path of a YAML file`, { cause })
  })
  if (!isUtf8(bytes)) throw new ConfigError('not-yaml', `${file}: given bytes that are no UTF-8; allowed: text in UTF-8`)
  const text = bytes.toString('utf8')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', prettyErrors: false, uniqueKeys: true })
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    const words = document.errors
      .slice(0, mostErrors)
      .map(({ pos, code, message }) => `${place(pos[0])}: ${meanings[code] ?? message}`)
    throw new ConfigError('not-yaml', words.join('\n'))
  }
  let given: unknown
  try {
    given = document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new ConfigError('not-yaml', `${file}: its aliases (*) cannot be followed; allowed: some hundred nodes by aliases`, {
      cause,
    })
  }
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const mistakes = result.error.issues.flatMap((issue) => explain(issue, given))
  const where = (path: readonly PropertyKey[]): string => {
    for (let length = path.length; length >= 0; length -= 1) {
      const parent = document.getIn(path.slice(0, length - 1), true)
      const key = path[length - 1]
      if (length > 0 && isMap(parent)) {
        const pair = parent.items.find((item) => String(item.key) === String(key))
        const range = (pair?.key as { range?: [number] } | undefined)?.range
        if (range) return place(range[0])
      }
      const node = document.getIn(path.slice(0, length), true) as { range?: [number] } | undefined
      if (node?.range) return place(node.range[0])
    }
    return `${file}:1:1`
  }
  throw new ConfigError('invalid', mistakes.map(({ path, text: words }) => `${where(path)}: ${words}`).join('\n'))
}

/** One slip makes many errors after it. */
const mostErrors = 20
const meanings: Readonly<Partial<Record<string, string>>> = {
  MULTIPLE_DOCS: 'given a second document (---); allowed: one',
}

interface Mistake {
  readonly path: readonly PropertyKey[]
  readonly text: string
}

function explain(issue: z.core.$ZodIssue, root: unknown): readonly Mistake[] {
  const name = issue.path.length === 0 ? 'the file' : issue.path.map(String).join('.')
  const value = issue.path.reduce<unknown>((found, key) => (isRecord(found) ? found[String(key)] : undefined), root)
  const given = show(value)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      text: `unknown key \`${key}\` in ${name}; allowed: only the keys that docs/configuration.md lists`,
    }))
  }
  if (issue.code === 'invalid_value')
    return [{ path: issue.path, text: `${name}: given ${given}; allowed: ${issue.values.map(String).join(', ')}` }]
  if (issue.code === 'invalid_type') {
    const allowed = issue.expected === 'string' ? 'text' : (typeWords[issue.expected] ?? issue.expected)
    const quotes = issue.expected === 'string' && typeof value === 'number' ? '; put it in quotes' : ''
    return [{ path: issue.path, text: `${name}: given ${given}; allowed: ${allowed}${quotes}` }]
  }
  if (issue.code === 'too_small' || issue.code === 'too_big')
    return [{ path: issue.path, text: `${name}: given ${given}; allowed: ${boundWords(issue)}` }]
  if (issue.code === 'invalid_key')
    return [{ path: issue.path, text: `${name}: given ${JSON.stringify(issue.path.at(-1))}; ${issue.issues[0]?.message ?? ''}` }]
  if (issue.code === 'invalid_union') {
    // The form that was meant is the one that knows the keys.
    const [meant, ...others] = issue.errors.filter(
      (each) => !each.some(({ code, path }) => code === 'unrecognized_keys' && path.length === 0),
    )
    if (meant !== undefined && others.length === 0)
      return meant.flatMap((each) => explain({ ...each, path: [...issue.path, ...each.path] }, root))
    return [{ path: issue.path, text: `${name}: given ${given}; allowed: one of the forms that docs/configuration.md lists` }]
  }
  return [{ path: issue.path, text: `${name}: given ${given}; ${issue.message}` }]
}

const typeWords: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

function boundWords(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [bound, number] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum]
  const unit =
    issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? (Number(number) === 1 ? ' entry' : ' entries') : ''
  return `${bound} ${number}${unit}`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** A short print of what was given; text that may be a secret is never in a configuration file, only in the environment. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  // A login in an address is a mistake that is told, and not repeated.
  const text = JSON.stringify(value).replaceAll(/\/\/[^\s/"@]*@/gu, '//…@')
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
