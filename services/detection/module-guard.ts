import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { extname } from 'node:path'
// Imported, since an evaluator process has no globals of Node.
import { fileURLToPath, pathToFileURL, URL } from 'node:url'
import { isInside, isLinked } from './bundle.ts'

/** What the files of detections import and hold, seen while they load. */
export interface ModuleGuard {
  /** Hash of a file and of all it imports inside its bundle. */
  fingerprint(file: string): string
  /** True when a file speaks of detections and no other file imports it, so that it ought to export one. */
  shouldDefine(file: string): boolean
}

const authoring = new URL('./authoring.ts', import.meta.url).href
const largestFile = 1024 * 1024
/** Part of every fingerprint: raised when this engine would judge the same code differently. */
const engineVersion = 'engine-2'

/**
 * From here on, files below the roots may import only `"tripline"` and relative files of their own root; every built-in module,
 * package and address is refused by name. They are read here and run as TypeScript modules whatever lies around them, so that
 * `require` never exists. Others are not touched.
 */
export function guardModules(roots: readonly string[]): ModuleGuard {
  const hashes = new Map<string, string>()
  const imports = new Map<string, Set<string>>()
  const speakers = new Set<string>()
  const rootOf = (url: string | undefined): { root: string; file: string } | null => {
    if (url?.startsWith('file:') !== true) return null
    const file = fileURLToPath(url)
    const root = roots.find((each) => isInside(each, file))
    return root === undefined ? null : { root, file }
  }
  registerHooks({
    resolve(specifier, context, next) {
      const from = rootOf(context.parentURL)
      if (from === null) {
        // The loader itself asks for a file of a bundle, by its full address.
        const format = rootOf(specifier) === null ? null : formatOf(specifier)
        return format === null ? next(specifier, context) : { url: specifier, format, shortCircuit: true }
      }
      if (specifier === 'tripline') return { url: authoring, format: 'module-typescript', shortCircuit: true }
      const file = /^\.\.?\//u.test(specifier) ? fileURLToPath(new URL(specifier, context.parentURL)) : null
      const format = file === null ? null : formatOf(file)
      if (file === null || format === null || !isInside(from.root, file) || isLinked(from.root, file)) {
        throw new Error(
          `import of "${specifier}" is refused; allowed: "tripline" and relative .ts or .json files inside ${from.root}${meant(specifier, from)}`,
        )
      }
      imports.set(from.file, (imports.get(from.file) ?? new Set()).add(file))
      const { importAttributes } = context
      return { url: pathToFileURL(file).href, format, importAttributes, shortCircuit: true }
    },
    load(url, context, next) {
      const inside = rootOf(url)
      if (inside === null) return next(url, context)
      const { file } = inside
      if (statSync(file).size > largestFile) throw new Error(`${file} is too large; allowed: ${largestFile} bytes`)
      const source = readFileSync(file)
      hashes.set(file, createHash('sha256').update(source).digest('hex'))
      const format = formatOf(file)
      if (format === null) throw new Error(`${file} is refused; allowed: .ts and .json files`)
      const text = source.toString('utf8')
      if (/\bdefine(?:Policy|Rule)\b/u.test(text)) speakers.add(file)
      return { format, source: text, shortCircuit: true }
    },
  })
  return {
    fingerprint(file) {
      const closure = new Set([file])
      for (const each of closure) for (const imported of imports.get(each) ?? []) closure.add(imported)
      const hash = createHash('sha256').update(engineVersion)
      for (const each of [...closure].map((each) => hashes.get(each) ?? '').toSorted()) hash.update(each)
      return hash.digest('hex')
    },
    shouldDefine: (file) => speakers.has(file) && !imports.values().some((imported) => imported.has(file)),
  }
}

/** A file of the bundle that was perhaps meant, where only the ending is missing. */
function meant(specifier: string, from: { root: string; file: string }): string {
  if (!/^\.\.?\//u.test(specifier)) return ''
  const name = `${specifier.replace(/\.js$/u, '')}.ts`
  const file = fileURLToPath(new URL(name, pathToFileURL(from.file)))
  return isInside(from.root, file) && existsSync(file) ? `; with its ending: "${name}"` : ''
}

function formatOf(path: string): string | null {
  if (extname(path) === '.ts') return 'module-typescript'
  return extname(path) === '.json' ? 'json' : null
}
