import { readdirSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Bundle } from './bundle.ts'
import { isLinked, leadsToFolder } from './bundle.ts'
import { readDefinition, type Loaded } from './definition.ts'
import { describe } from './limits.ts'
import { guardModules } from './module-guard.ts'

/** A file that could not be used, and why. */
export interface Broken {
  readonly file: string
  readonly message: string
}
export interface LoadOptions {
  readonly bundles: readonly Bundle[]
  /** Files not to touch, with the reason: they hung or crashed a loader before. */
  readonly refused: ReadonlyMap<string, string>
  /** Called before a file is loaded. */
  readonly announce: (file: string) => void
}

/** Loads the files of bundles into this process, each for itself: a broken one is named and the others go on. */
export async function loadDetections({ bundles, refused, announce }: LoadOptions): Promise<{ loaded: Loaded[]; broken: Broken[] }> {
  const guard = guardModules(bundles.map(({ root }) => root))
  const loaded: Loaded[] = []
  const broken: Broken[] = []
  const seen = new Set<unknown>()
  const empty: string[] = []
  const winning = new Set(bundles.flatMap((bundle) => (bundle.wins === true ? filesOf(bundle, broken) : [])).toSorted())
  const files = new Set(bundles.flatMap((bundle) => (bundle.wins === true ? [] : filesOf(bundle, broken))).toSorted())
  for (const file of [...winning, ...files]) {
    const reason = refused.get(file)
    if (reason !== undefined) {
      broken.push({ file, message: reason })
      continue
    }
    announce(file)
    try {
      const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
      const fingerprint = guard.fingerprint(file)
      const definitions = Object.values(module).filter(isDefinition)
      if (definitions.length === 0) empty.push(file)
      for (const exported of definitions) {
        // A detection that is exported twice, as by a list of all of them, is one.
        if (seen.has(exported)) continue
        seen.add(exported)
        const detection = readDefinition(exported, { file, fingerprint })
        const twin = loaded.find(({ detection: { id } }) => id === detection.detection.id)
        if (twin === undefined) loaded.push(detection)
        else if (winning.has(file) || !winning.has(twin.detection.file))
          broken.push({
            file,
            message: `id ${twin.detection.id} is taken: ${twin.detection.file} and ${file} both have it; the first is used`,
          })
      }
    } catch (thrown) {
      broken.push({ file, message: `${placeOf(thrown, file)}${describe(thrown)}` })
    }
  }
  // Known only now: a helper of other files exports none, and that is right.
  for (const file of empty) {
    if (guard.shouldDefine(file))
      broken.push({ file, message: 'exports no detection; allowed: export default definePolicy({…}) or defineRule({…})' })
  }
  return { loaded, broken }
}

/** `line 12: `, where the error says at what line of the file it was thrown or stopped being TypeScript. */
function placeOf(thrown: unknown, file: string): string {
  const stack = thrown instanceof Error && typeof thrown.stack === 'string' ? thrown.stack : ''
  const from = [pathToFileURL(file).href, file].map((name) => ({ name, at: stack.indexOf(`${name}:`) })).find(({ at }) => at !== -1)
  const [line] = from === undefined ? [] : (/^\d+/u.exec(stack.slice(from.at + from.name.length + 1)) ?? [])
  return line === undefined ? '' : `line ${line}: `
}

function filesOf({ root, path }: Bundle, broken: Broken[]): readonly string[] {
  if (lstatSync(path).isFile()) return [path]
  const found: string[] = []
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const file = join(path, entry.name)
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    const isLink = entry.isSymbolicLink()
    if (isLink && !entry.name.endsWith('.ts') && !leadsToFolder(file)) continue
    if (isLink || isLinked(root, file)) broken.push({ file, message: 'is a link; allowed: files and folders' })
    else if (entry.isDirectory()) found.push(...filesOf({ root, path: file }, broken))
    else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts') && !entry.name.endsWith('.test.ts')) found.push(file)
  }
  return found
}

function isDefinition(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'kind' in value && (value.kind === 'policy' || value.kind === 'rule')
}
