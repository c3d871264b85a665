import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, readYaml } from '#runtime'
import type { FieldSchema, LogParser, LogSchema, ValueSchema } from './log-schema.ts'
import { patternOf, schemaKeys, type FieldKeys, type SchemaKeys, type ValueKeys } from './schema-keys.ts'

/**
 * The schemas in files and folders of YAML; of two with one name the one of the later path counts. Throws ConfigError, with file, line and
 * column, for what cannot be used.
 */
export async function readLogSchemas(paths: readonly string[]): Promise<readonly LogSchema[]> {
  const found = new Map<string, LogSchema>()
  for (const path of paths) {
    const files = new Map<string, string>()
    for (const file of await filesIn(path)) {
      const schema = schemaOf(await readYaml(file, schemaKeys), file)
      const twin = files.get(schema.name)
      if (twin !== undefined)
        throw new ConfigError('invalid', `${file}: schema: given ${schema.name}, which ${twin} has; allowed: each name once`)
      files.set(schema.name, file)
      found.set(schema.name, schema)
    }
  }
  return [...found.values()]
}

async function filesIn(path: string): Promise<readonly string[]> {
  const what = await stat(path).catch(() => null)
  if (what === null) throw new ConfigError('unreadable', `schemas: ${path} is not there; allowed: a folder or a file of schemas`)
  if (what.isFile()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  // Panther keeps the tests of a schema beside it.
  const files = entries.filter((entry) => entry.isFile() && /\.ya?ml$/u.test(entry.name) && !/_tests?\.ya?ml$/u.test(entry.name))
  return files.map((entry) => join(entry.parentPath, entry.name)).toSorted()
}

const deepest = 20

function schemaOf({ schema: name, parser, fields, definitions }: SchemaKeys, file: string): LogSchema {
  const wrong = (what: string): never => {
    throw new ConfigError('invalid', `${file}: ${what}`)
  }
  const valueOf = (given: ValueKeys, depth: number): ValueSchema => {
    if (depth > deepest) return wrong(`definitions: given what is nested deeper than ${deepest}, or leads to itself; allowed: less`)
    const { type, isEmbeddedJSON: isEmbedded = false } = given
    if (type === 'ref') {
      const meant = Object.hasOwn(definitions, given.target ?? '') ? definitions[given.target ?? ''] : undefined
      if (meant !== undefined) return valueOf(meant, depth + 1)
      return wrong(
        `target: given ${given.target ?? 'nothing'}; allowed: ${Object.keys(definitions).join(', ') || 'none, there are no definitions'}`,
      )
    }
    if (type === 'object')
      return { type, fields: (given.fields ?? []).map((each) => fieldOf(each, depth + 1)), embedded: isEmbedded }
    if (type === 'array') return { type, element: valueOf(given.element ?? { type: 'json' }, depth + 1), embedded: isEmbedded }
    if (type === 'json') return { type, embedded: isEmbedded }
    if (type === 'timestamp') {
      const formats = [...(given.timeFormats ?? []), ...(given.timeFormat === undefined ? [] : [given.timeFormat])]
      return { type, formats, isEventTime: given.isEventTime ?? false }
    }
    if (type !== 'string') return { type }
    const { indicators = [], validate, isAccountId = false, isEventId = false } = given
    return { type, indicators, allow: validate?.allow ?? null, deny: validate?.deny ?? [], isAccountId, isEventId }
  }
  const fieldOf = (given: FieldKeys, depth: number): FieldSchema => {
    return { name: given.name, from: given.rename?.from ?? given.name, required: given.required, value: valueOf(given, depth) }
  }
  return { name, parser: parserOf(parser), fields: fields.map((each) => fieldOf(each, 0)) }
}

function parserOf(given: SchemaKeys['parser']): LogParser {
  if (given?.native !== undefined) return { kind: 'native', name: given.native.name }
  if (given?.csv !== undefined) {
    const { delimiter, hasHeader, columns, emptyValues, trimSpace, expandFields } = given.csv
    return { kind: 'csv', delimiter, hasHeader, columns: columns ?? null, emptyValues, trimSpace, expandFields }
  }
  if (given?.fastmatch !== undefined) {
    const { match, ...cleaning } = given.fastmatch
    return { kind: 'fastmatch', patterns: match, ...cleaning }
  }
  if (given?.regex !== undefined) {
    const { match, patternDefinitions, ...cleaning } = given.regex
    const pattern = patternOf({ match, patternDefinitions })
    // A wrong one was refused when it was read.
    return { kind: 'regex', pattern: typeof pattern === 'string' ? pattern : '', ...cleaning }
  }
  return { kind: 'json' }
}
