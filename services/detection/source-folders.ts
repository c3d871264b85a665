import { createHash } from 'node:crypto'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isInside, rootAbove } from './bundle.ts'
import { isSource, leftOut } from './bundle-files.ts'
import { DetectionError } from './errors.ts'
import type { Broken } from './load.ts'
import { helpersOf } from './python/repository.ts'

/** What folders of detections hold at one moment, whatever becomes of them afterwards. */
export interface FoldersContent {
  /** Equal digest, equal content. */
  readonly digest: string
  /** What the folders looked like from outside when they were read. */
  readonly stamp: FolderStamp
  /** The folders by their real paths. */
  readonly folders: readonly string[]
  /** What is named as a single file is not read here: it is loaded from where it lies. */
  readonly apart: readonly string[]
  /** Their files and those that they may use of folders around them, by real paths of their folders. */
  readonly files: readonly { readonly path: string; readonly content: Uint8Array }[]
  /** Links that lead elsewhere. */
  readonly broken: readonly Broken[]
}
/** Names, sizes and times of files: as long as it stays the same nothing was changed. */
export interface FolderStamp {
  readonly text: string
  readonly files: number
}

interface Found {
  readonly path: string
  readonly stamp: string
}

const mostFiles = 20_000
const mostBytes = 200 * 1024 * 1024
const mostDepth = 32

export async function readFolders(given: readonly string[]): Promise<FoldersContent> {
  const { found, ...content } = await survey(given)
  const files: { path: string; content: Buffer }[] = []
  const hash = createHash('sha256')
  let bytes = 0
  for (const { path } of found) {
    const content = await readFile(path)
    bytes += content.length
    if (bytes > mostBytes) throw tooMuch(path, `${mostBytes} bytes`)
    hash.update(`${createHash('sha256').update(content).digest('hex')} ${path}\n`)
    files.push({ path, content })
  }
  hash.update(JSON.stringify([content.folders, content.apart, content.broken]))
  return { ...content, digest: hash.digest('hex'), files }
}

export async function stampOf(given: readonly string[]): Promise<FolderStamp> {
  return (await survey(given)).stamp
}

async function survey(given: readonly string[]) {
  const [folders, apart]: [string[], string[]] = [[], []]
  const [found, broken] = [new Map<string, Found>(), new Map<string, Broken>()]
  for (const each of given) {
    const path = await realpath(resolve(each)).catch((cause: unknown) => {
      throw new DetectionError('unreadable', `detections ${each}: no such file or folder; allowed: a .ts file or a folder`, {
        cause,
      })
    })
    if (!(await stat(path)).isDirectory()) {
      apart.push(path)
      continue
    }
    folders.push(path)
    for (const root of [rootAbove(path) ?? path, ...helpersOf(path)])
      await walk(root, { root, found, broken, seen: new Set(), depth: 0 })
  }
  const all = [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const hash = createHash('sha256').update(JSON.stringify([folders, [...broken.keys()].toSorted()]))
  for (const { path, stamp } of all) hash.update(`${path} ${stamp}\n`)
  return { folders, apart, found: all, broken: [...broken.values()], stamp: { text: hash.digest('hex'), files: all.length } }
}

interface Walk {
  readonly root: string
  readonly found: Map<string, Found>
  readonly broken: Map<string, Broken>
  /** Folders by their real paths: no link leads into one twice. */
  readonly seen: Set<string>
  readonly depth: number
}

/** Links inside a folder are followed: a mounted config map is made of them, and is replaced by another one at a stroke. */
async function walk(folder: string, { root, found, broken, seen, depth }: Walk): Promise<void> {
  const real = await realpath(folder)
  if (seen.has(real) || depth > mostDepth) return
  seen.add(real)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('.') || leftOut.has(entry.name)) continue
    if (entry.isDirectory()) await walk(path, { root, found, broken, seen, depth: depth + 1 })
    else if (entry.isSymbolicLink()) {
      const target = await realpath(path).catch(() => null)
      const kind = target === null ? null : await stat(target).catch(() => null)
      // What leads nowhere may have been a folder: its detections are not to go in silence.
      const isWanted = isSource(entry.name) || (kind === null ? !entry.name.includes('.') : kind.isDirectory())
      if (target === null || kind === null || !isInside(root, target)) {
        if (isWanted)
          broken.set(path, {
            file: path,
            message: `is a link that leads nowhere in ${root}; allowed: files, folders, and links to them`,
          })
      } else if (kind.isDirectory()) await walk(path, { root, found, broken, seen, depth: depth + 1 })
      else if (isWanted) found.set(path, { path, stamp: stampFor(target, kind) })
    } else if (entry.isFile() && isSource(entry.name)) found.set(path, { path, stamp: stampFor(path, await stat(path)) })
    if (found.size > mostFiles) throw tooMuch(root, `${mostFiles} files`)
  }
}

function stampFor(
  path: string,
  { size, mtimeMs, ctimeMs, ino }: { size: number; mtimeMs: number; ctimeMs: number; ino: number },
): string {
  return `${dirname(path)} ${size} ${mtimeMs} ${ctimeMs} ${ino}`
}

function tooMuch(what: string, most: string): DetectionError {
  return new DetectionError('refused', `${what}: given more than ${most} of detections; allowed: ${most}`)
}
