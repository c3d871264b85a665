import { lstatSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { DetectionError } from './errors.ts'

/** A folder of detections: `root` bounds what its files may import, `path` (root or below) is what is loaded. Real paths, no links. */
export interface Bundle {
  readonly root: string
  readonly path: string
  /** Its detections replace those of others with the same id. */
  readonly wins?: boolean
}

/**
 * Bundles for paths as a person gives them. A folder is its own root; a file or folder below one named `policies` or `rules`
 * belongs to that one, so that a single detection can be loaded with its helpers.
 */
export function openBundles(paths: readonly string[]): readonly Bundle[] {
  return paths.map((given) => {
    const path = realPath(given)
    const isFolder = lstatSync(path).isDirectory()
    return { root: rootAbove(path) ?? (isFolder ? path : dirname(path)), path }
  })
}

function realPath(given: string): string {
  try {
    return realpathSync(resolve(given))
  } catch (cause) {
    throw new DetectionError(
      'unreadable',
      `detections ${given}: no such file or folder; allowed: a file or a folder of detections`,
      {
        cause,
      },
    )
  }
}

/** The folder named `policies` or `rules` that a path lies in, the innermost. */
export function rootAbove(path: string): string | null {
  let found: string | null = null
  for (let here = path; dirname(here) !== here; here = dirname(here)) {
    if (basename(here) === 'policies' || basename(here) === 'rules') found ??= here
  }
  return found
}

/** True for the folder itself and everything below it. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '' || (!isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`))
}

/** True when a path below `root` goes over a symbolic link, or is not there. */
export function isLinked(root: string, path: string): boolean {
  let here = root
  for (const part of relative(root, path).split(sep)) {
    here = join(here, part)
    if (lstatSync(here, { throwIfNoEntry: false })?.isSymbolicLink() !== false) return true
  }
  return false
}

/** Of a link: detections may lie behind it, as far as one may look. One to a file matters by its own name only. */
export function leadsToFolder(link: string): boolean {
  try {
    return statSync(link, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return extname(link) === ''
  }
}
