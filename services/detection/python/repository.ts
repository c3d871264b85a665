import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { readSeverity, type Severity } from '#model'
import { isLinked } from '../bundle.ts'
import { jsonText } from './json-text.ts'
import { areTexts, isFielded, type Fielded } from './read-fields.ts'
import { notesOn } from './spec-notes.ts'
import { readItems, type Item, type ReadOptions } from './read-items.ts'

/** A folder in Panther's layout, read: nothing of it has run. */
export interface PythonRepository {
  readonly detections: readonly PythonDetection[]
  /** Modules that detections import by their id. */
  readonly globals: readonly PythonModule[]
  readonly dataModels: readonly PythonDataModel[]
  /** What is there and is not run here, each with one line that says why. */
  readonly notRun: readonly NotRun[]
  readonly broken: readonly BrokenItem[]
  /** What authors may not expect: specifications that a whole repository does not read, fields that come to nothing. */
  readonly notes: readonly BrokenItem[]
}

export interface PythonModule {
  readonly id: string
  readonly file: string
  readonly code: string
}

export interface PythonDataModel {
  readonly id: string
  readonly file: string
  readonly enabled: boolean
  readonly logTypes: readonly string[]
  readonly mappings: readonly UdmMapping[]
  readonly module: PythonModule | null
}
/** A name of the data model: the path of a field, or a function of the model's module. */
export type UdmMapping =
  | { readonly name: string; readonly path: string; readonly method?: never }
  | { readonly name: string; readonly method: string; readonly path?: never }

export interface PythonDetection {
  readonly id: string
  readonly kind: 'rule' | 'policy' | 'scheduled_rule'
  /** The file of the specification; that of the code is the module's. */
  readonly file: string
  readonly enabled: boolean
  readonly module: PythonModule
  readonly spec: PythonSpec
  readonly tests: readonly PythonTest[]
  /** The specification as its author gave it, without tests, for filters. */
  readonly slots: Readonly<Record<string, unknown>>
}

export interface PythonSpec {
  /** The id where the author gave none. */
  readonly displayName: string
  readonly severity: Severity
  readonly description: string
  readonly reference: string
  readonly runbook: string
  readonly tags: readonly string[]
  readonly reports: Readonly<Record<string, readonly string[]>>
  /** Destinations by name or id; empty: the routes decide. */
  readonly outputIds: readonly string[]
  readonly status: string
  readonly createdBy: string
  /** Rules. */
  readonly logTypes: readonly string[]
  /** Scheduled rules. */
  readonly scheduledQueries: readonly string[]
  readonly dedupPeriodMinutes: number
  readonly threshold: number
  readonly summaryAttributes: readonly string[]
  /** False: matches are recorded and nobody is told. */
  readonly createAlert: boolean
  /** Policies; empty: all types. */
  readonly resourceTypes: readonly string[]
  /** Policies: patterns of resource ids to leave alone. */
  readonly suppressions: readonly string[]
}

export interface PythonTest {
  readonly name: string
  /** What `rule` or `policy` must return. */
  readonly expected: boolean
  /** The event or resource as JSON text, in which whole numbers are exact and others keep their point. */
  readonly given: string
  readonly mocks: readonly PythonMock[]
  /** Where `destinations` must send to; null: anywhere. */
  readonly destinations: readonly string[] | null
}
/** What stands in a test for a name of the detection's module. */
export interface PythonMock {
  readonly objectName: string
  readonly returnValue: string | boolean
}

export interface NotRun {
  readonly file: string
  readonly id: string
  /** Panther's `AnalysisType`. */
  readonly kind: string
  readonly reason: string
}
export interface BrokenItem {
  /** File, and where known `:line:column`. */
  readonly file: string
  readonly message: string
}

/** Reads a folder (or one specification) in Panther's layout, with the globals and data models that belong to it. */
export function readPythonRepository(path: string, options: ReadOptions = { ignored: [], extraKeys: 'refused' }): PythonRepository {
  const root = resolve(path)
  const { items, broken, notes } = readItems([root, ...helpersOf(root, options.startedIn)], options)
  const unique = new Map<string, Item>()
  for (const item of items) {
    const twin = unique.get(item.id)
    if (twin === undefined) unique.set(item.id, item)
    else broken.push({ file: item.at([]), message: `id ${item.id} is taken by ${twin.file}; allowed: each id once over all items` })
  }
  const reading: Reading = { root, items: unique, broken, notRun: [], notes }
  const detections: PythonDetection[] = []
  const globals: PythonModule[] = []
  const dataModels: PythonDataModel[] = []
  for (const item of unique.values()) {
    if (item.kind === 'rule' || item.kind === 'scheduled_rule' || item.kind === 'policy') {
      const detection = readDetection(item, item.kind, reading)
      if (detection !== null) detections.push(detection)
    } else if (item.kind === 'global') {
      const module = readModule(item, item, reading)
      if (module !== null) globals.push(module)
    } else if (item.kind === 'datamodel') {
      const model = readDataModel(item, dataModels, reading)
      if (model !== null) dataModels.push(model)
    } else reading.notRun.push({ file: item.file, id: item.id, kind: item.kind, reason: reasons[item.kind] })
  }
  return { detections, globals, dataModels, notRun: reading.notRun, broken, notes }
}

const reasons = {
  correlation_rule: 'correlation rules are not supported',
  pack: 'packs are not needed: every item here is used as it is',
  lookup_table: 'lookup tables are not supported',
  saved_query: 'queries are not supported',
  scheduled_query: 'queries are not supported',
  scheduled_prompt: 'prompts are not supported',
} as const

interface Reading {
  readonly root: string
  readonly items: ReadonlyMap<string, Item>
  readonly broken: BrokenItem[]
  readonly notRun: NotRun[]
  readonly notes: BrokenItem[]
}

/** Panther's folders of helpers and models: of this folder, or of the nearest one above that has them, and of where we were started. */
export function helpersOf(root: string, startedIn: string | null = process.cwd()): readonly string[] {
  if (startedIn === null) return []
  const names = ['global_helpers', 'data_models']
  const has = (folder: string): boolean => names.some((name) => isFolder(join(folder, name)))
  let home = isFolder(root) ? root : dirname(root)
  while (!has(home) && dirname(home) !== home) home = dirname(home)
  return [...new Set([home, startedIn])].flatMap((folder) => names.map((name) => join(folder, name))).filter(isFolder)
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function readDetection(item: Item, kind: PythonDetection['kind'], reading: Reading): PythonDetection | null {
  const { id, file } = item
  const base = baseOf(item, reading)
  if (base === null) return null
  const { Tests: _own, ...slots } = { ...base.given, ...item.given }
  const notRun = (reason: string): null => {
    reading.notRun.push({ file, id, kind, reason })
    return null
  }
  if (slots['Detection'] !== undefined) return notRun('simple detections (Detection instead of Filename) are not supported')
  if (!isEmptyFilter(slots['InlineFilters'])) return notRun('InlineFilters are not supported; allowed: none, or the empty All: []')
  const module = readModule(item, base, reading)
  if (module === null) return null
  reading.notes.push(...notesOn(item))
  const tests = testsOf(kind === 'policy' ? 'Resource' : 'Log', item.given['Tests'] ?? base.given['Tests'])
  return { id, kind, file, enabled: slots['Enabled'] === true, module, spec: readSpec(id, slots), tests, slots: plain(slots) }
}

/** The item that has a detection's code: its own, or that of the rule it derives from. */
function baseOf(item: Item, { items, broken }: Reading): Item | null {
  const name = item.given['BaseDetection']
  if (typeof name !== 'string') return item
  const base = items.get(name)
  if (base?.kind === 'rule' && base.given['BaseDetection'] === undefined) return base
  broken.push({
    file: item.at(['BaseDetection']),
    message: `BaseDetection: given ${name}; allowed: the RuleID of a rule with code of its own`,
  })
  return null
}

function isEmptyFilter(filter: unknown): boolean {
  if (filter === undefined || filter === null) return true
  if (Array.isArray(filter)) return filter.every(isEmptyFilter)
  return isFielded(filter) && Object.entries(filter).every(([key, own]) => key === 'All' && isEmptyFilter(own))
}

/** The Python file that an item names, for an item (itself, or one that derives from it). */
function readModule({ id }: Item, { file, given, at }: Item, { root, broken }: Reading): PythonModule | null {
  const name = String(given['Filename'])
  const path = resolve(dirname(file), name)
  const say = (message: string): null => {
    broken.push({ file: at(['Filename']), message: `Filename: given ${name}; ${message}` })
    return null
  }
  const home = isFolder(root) && !relative(root, file).startsWith('..') ? root : dirname(file)
  if (relative(home, path).startsWith('..')) return say('allowed: a file beside the specification')
  if (!existsSync(path)) return say('there is no such file; allowed: a Python file beside the specification')
  if (isLinked(home, path)) return say('is a link; allowed: a file')
  return { id, file: path, code: textOfFile(path) }
}

/** The text of a file, without the mark that some editors begin it with. */
function textOfFile(path: string): string {
  return readFileSync(path, 'utf8').replace(/^\uFEFF/u, '')
}

function readDataModel(item: Item, others: readonly PythonDataModel[], reading: Reading): PythonDataModel | null {
  const { id, file, given } = item
  const logTypes = textsOf(given['LogTypes'])
  const enabled = given['Enabled'] === true
  const twin = others.find((other) => enabled && other.enabled && other.logTypes.some((type) => logTypes.includes(type)))
  if (twin !== undefined) {
    const message = `LogTypes: ${logTypes.join(', ')} have an enabled data model already, ${twin.id}; allowed: one for each log type`
    reading.broken.push({ file: item.at(['LogTypes']), message })
    return null
  }
  const module = given['Filename'] === undefined ? null : readModule(item, item, reading)
  if (module === null && given['Filename'] !== undefined) return null
  const mappings: UdmMapping[] = []
  for (const [index, { Name, Path, Method }] of (given['Mappings'] as readonly Readonly<Record<string, string>>[]).entries()) {
    const name = String(Name)
    if (Path !== undefined) mappings.push({ name, path: Path })
    else if (module === null) {
      reading.broken.push({ file: item.at(['Mappings', index]), message: `${name}: Method without a Filename that defines it` })
      return null
    } else mappings.push({ name, method: String(Method) })
  }
  return { id, file, enabled, logTypes, mappings, module }
}

function readSpec(id: string, slots: Fielded): PythonSpec {
  const { ResourceTypes: types } = slots
  return {
    displayName: textOf(slots['DisplayName'], id),
    severity: readSeverity(textOf(slots['Severity'])) ?? 'INFO',
    description: textOf(slots['Description']),
    reference: textOf(slots['Reference']),
    runbook: textOf(slots['Runbook']),
    tags: textsOf(slots['Tags']),
    reports: reportsOf(slots['Reports']),
    outputIds: textsOf(slots['OutputIds']),
    status: textOf(slots['Status']),
    createdBy: textOf(slots['CreatedBy']),
    logTypes: textsOf(slots['LogTypes']),
    scheduledQueries: textsOf(slots['ScheduledQueries']),
    dedupPeriodMinutes: dedupPeriod(numberOf(slots['DedupPeriodMinutes'], 60)),
    threshold: Math.max(1, numberOf(slots['Threshold'], 1)),
    summaryAttributes: textsOf(slots['SummaryAttributes']),
    createAlert: slots['CreateAlert'] !== false,
    resourceTypes: typeof types === 'string' ? [types] : textsOf(types),
    suppressions: textsOf(slots['Suppressions']),
  }
}

/** As JSON can hold it. */
function plain(slots: Fielded): Fielded {
  return JSON.parse(JSON.stringify(slots, (_key, own: unknown) => (typeof own === 'bigint' ? Number(own) : own))) as Fielded
}

/** 0 is ignored, less than 5 acts as 5. */
function dedupPeriod(minutes: number): number {
  return minutes <= 0 ? 60 : Math.max(5, minutes)
}

function testsOf(event: 'Log' | 'Resource', tests: unknown): readonly PythonTest[] {
  return ((tests ?? []) as readonly Fielded[]).map((test) => ({
    name: textOf(test['Name']),
    expected: test['ExpectedResult'] === true,
    given: jsonText(test[event]),
    mocks: ((test['Mocks'] ?? []) as readonly Fielded[]).flatMap(({ objectName, returnValue }) =>
      typeof objectName === 'string' && (typeof returnValue === 'string' || typeof returnValue === 'boolean')
        ? [{ objectName, returnValue }]
        : [],
    ),
    destinations: areTexts(test['ExpectedDestinations']) ? test['ExpectedDestinations'] : null,
  }))
}

function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}

function textsOf(value: unknown): readonly string[] {
  return areTexts(value) ? value : []
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'bigint' ? Number(value) : otherwise
}

function reportsOf(value: unknown): PythonSpec['reports'] {
  const entries = isFielded(value) ? Object.entries(value) : []
  return Object.fromEntries(entries.map(([name, list]) => [name, (list as readonly unknown[]).map(String)]))
}
