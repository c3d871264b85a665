import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fits } from '#runtime'
import { leadsToFolder } from '../bundle.ts'
import { idFields, isFielded, isItemKind, mistakesOf, normalise, type Fielded, type ItemKind } from './read-fields.ts'
import { NotADocument, readDocument } from './read-document.ts'
import type { BrokenItem } from './repository.ts'

/** One specification that is well-formed. */
export interface Item {
  readonly kind: ItemKind
  readonly id: string
  readonly file: string
  /** Its fields under the names we use. */
  readonly given: Fielded
  /** Names the place of a field for a message. */
  readonly at: (path: readonly (string | number)[]) => string
}
export interface ReadOptions {
  /** Paths (`*` is anything) below the folder that are not read. */
  readonly ignored: readonly string[]
  readonly extraKeys: 'refused' | 'ignored'
  /** Where `global_helpers` and `data_models` may lie besides; by default the folder that we were started in. Null: what is read stands by itself. */
  readonly startedIn?: string | null
}
interface Found {
  readonly items: Item[]
  readonly broken: BrokenItem[]
  /** Specifications that a whole repository does not read, as samples in a folder of templates. */
  readonly notes: BrokenItem[]
  /** Python files that lie where items are. */
  readonly codes: string[]
}

/** Reads all specifications of folders and files, each file once. */
export function readItems(paths: readonly string[], options: ReadOptions): Found {
  const found: Found = { items: [], broken: [], notes: [], codes: [] }
  const files = new Set(paths.flatMap((path) => specificationsIn(path, options.ignored, found)))
  for (const file of files) readItem(file, options, found)
  noteUnnamed(found)
  return found
}

function readItem(file: string, { extraKeys }: ReadOptions, { items, broken, notes }: Found): void {
  const [text, kind] = [readFileSync(file, 'utf8').replace(/^\uFEFF/u, ''), file.endsWith('.json') ? 'json' : 'yaml'] as const
  // Other tools keep what they call JSON beside detections, with comments in it.
  if (kind === 'json' && !text.includes('"AnalysisType"')) return
  let document
  try {
    document = readDocument(text, kind)
  } catch (error) {
    if (error instanceof NotADocument) broken.push({ file: `${file}:${error.place}`, message: error.message })
    else throw error
    return
  }
  const { value, place } = document
  if (!isFielded(value)) return
  if (value['AnalysisType'] === undefined) {
    // Files of other tools are none of ours; an item whose kind is misspelled is.
    const ids = [...new Set(Object.values(idFields))].filter((key) => value[key] !== undefined)
    if (ids.length === 1 && value['Filename'] !== undefined)
      broken.push({ file: `${file}:${place([])}`, message: `AnalysisType is missing, though it has ${ids[0]} and Filename` })
    return
  }
  const at = (path: readonly (string | number)[]): string => `${file}:${place(path)}`
  const analysis = value['AnalysisType']
  if (!isItemKind(analysis)) {
    const given = JSON.stringify(analysis)
    broken.push({
      file: at(['AnalysisType']),
      message: `AnalysisType: given ${given}; allowed: ${Object.keys(idFields).join(', ')}`,
    })
    return
  }
  const isOurs =
    analysis === 'rule' ||
    analysis === 'scheduled_rule' ||
    analysis === 'policy' ||
    analysis === 'global' ||
    analysis === 'datamodel'
  const given = isOurs ? normalise(analysis, value) : value
  const all = isOurs ? mistakesOf(analysis, given) : []
  const mistakes = all.filter(({ extra }) => extra !== true || extraKeys === 'refused')
  for (const { path, message } of all.filter((each) => !mistakes.includes(each)))
    notes.push({ file: at(path), message: message.replace(/; allowed: .*/u, ': is ignored') })
  for (const { path, message } of mistakes) broken.push({ file: at(path), message })
  const id = given[idFields[analysis]]
  if (typeof id !== 'string') {
    if (mistakes.length === 0) broken.push({ file: at([]), message: `${idFields[analysis]} is missing` })
  } else if (mistakes.length === 0) items.push({ kind: analysis, id, file, given, at })
}

/** In a whole repository, the folders that hold items; in any other folder everything is read. */
const foldersOfItems = [
  './',
  '*rules*',
  '*policies*',
  '*queries*',
  '*lookup_tables*',
  '*data_models*',
  '*/global_helpers',
  '*/packs',
  '*scheduled_prompts*',
]
const marksOfRoots = new Set(['rules', 'policies', 'queries', 'lookup_tables', 'data_models', 'global_helpers', 'packs'])

function specificationsIn(path: string, ignored: readonly string[], found: Found): readonly string[] {
  if (lstatSync(path).isFile()) return [path]
  const isRoot = readdirSync(path, { withFileTypes: true }).some((entry) => entry.isDirectory() && marksOfRoots.has(entry.name))
  const walk = (folder: string): readonly string[] => {
    const files: string[] = []
    const isRead = !isRoot || foldersOfItems.some((pattern) => fits(pattern, `./${relative(path, folder)}`))
    const entries = readdirSync(folder, { withFileTypes: true }).toSorted((one, other) => (one.name < other.name ? -1 : 1))
    for (const entry of entries) {
      const file = join(folder, entry.name)
      const way = relative(path, file)
      if (isLeftOut(entry.name) || ignored.some((pattern) => fits(pattern, way) || fits(pattern, file))) continue
      // A link in place of code is named with the item that wants it; what else is linked is nobody's.
      if (entry.isSymbolicLink()) {
        const matters = isSpecification(entry.name) || (isRead && leadsToFolder(file))
        if (matters) found.broken.push({ file, message: 'is a link; allowed: files and folders' })
      } else if (entry.isDirectory()) files.push(...walk(file))
      else if (isRoot && isRead && isCode(entry.name)) found.codes.push(file)
      else if (isSpecification(entry.name)) {
        if (isRead) files.push(file)
        else if (readFileSync(file, 'utf8').includes('AnalysisType'))
          found.notes.push({ file, message: 'stands in no folder that holds items in a repository; name it as a path to read it' })
      }
    }
    return files
  }
  return walk(path)
}

/** Whoever forgets a specification, or misspells a name in it, learns it here. */
function noteUnnamed({ items, broken, notes, codes }: Found): void {
  const named = new Set(items.map(({ file, given }) => join(dirname(file), String(given['Filename']))))
  const inDoubt = new Set(broken.map(({ file }) => file.replace(/\.\w+(?::\d+:\d+)?$/u, '')))
  for (const file of codes)
    if (!named.has(file) && !inDoubt.has(file.slice(0, -'.py'.length)))
      notes.push({ file, message: 'no specification names it, so it is not read' })
}

/** Code of an item; not that of a package or of tests of its own. */
function isCode(name: string): boolean {
  return name.endsWith('.py') && !/^(?:__init__|conftest|test_.*|.*_tests?)\.py$/u.test(name)
}

function isSpecification(name: string): boolean {
  return /\.(?:y.*ml|json)$/u.test(name)
}

function isLeftOut(name: string): boolean {
  return (
    name.startsWith('.') || ['__pycache__', 'node_modules', 'dependabot.yml', 'package.json', 'package-lock.json'].includes(name)
  )
}
