import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fits } from '#runtime'
import { leadsToFolder } from './bundle.ts'
import { DetectionError } from './errors.ts'

/** A file of a bundle, whatever language it is in. */
export interface ContentFile {
  /** Below the bundle's folder, with `/` between. */
  readonly path: string
  readonly text: string
  readonly digest: string
}
/** What a bundle is: its files, by path. Equal digest, equal files. */
export interface BundleContent {
  readonly digest: string
  readonly files: readonly ContentFile[]
}

const endings = ['.ts', '.py', '.json', '.yml', '.yaml']
export const leftOut: ReadonlySet<string> = new Set([
  'node_modules',
  '__pycache__',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
])
const mostFiles = 5_000
const mostFileBytes = 1024 * 1024
const mostBytes = 20 * 1024 * 1024
const mostDepth = 16
const mostPathLetters = 400

/**
 * Reads the files of a folder that may belong to detections, but those that fit a pattern in `ignored`. Refused, each by name: links, names
 * that a system could read otherwise, what is no text, too much of anything.
 */
export async function readBundle(folder: string, ignored: readonly string[] = []): Promise<BundleContent> {
  const found = await lstat(folder).catch(() => null)
  if (found?.isDirectory() !== true)
    throw new DetectionError('unreadable', `${folder}: given what is no folder; allowed: a folder of detections`)
  const files: ContentFile[] = []
  const refused: string[] = []
  let bytes = 0
  for await (const { path, isLink } of pathsIn(folder, '', ignored)) {
    if (files.length === mostFiles) throw refusal(folder, `given more than ${mostFiles} files; allowed: ${mostFiles}`)
    try {
      if (isLink) throw refusal(path, 'is a link; allowed: files and folders')
      const content = await readWhole(folder, path)
      bytes += content.length
      files.push(fileOf(path, content))
    } catch (error) {
      if (!(error instanceof DetectionError) || error.code !== 'refused') throw error
      refused.push(error.message)
    }
    if (bytes > mostBytes) throw refusal(path, `given more than ${mostBytes} bytes in all; allowed: ${mostBytes}`)
  }
  if (refused.length > 0) throw new DetectionError('refused', refused.join('\n'))
  return contentOf(files)
}

/** The same without some of its files. */
export function withoutFiles({ files }: BundleContent, paths: ReadonlySet<string>): BundleContent {
  return contentOf(files.filter(({ path }) => !paths.has(path)))
}

/** What a bundle's files come to, after they were kept elsewhere: checked as when they were read. Throws where one was changed. */
export function restoreBundle(files: readonly { readonly path: string; readonly text: string }[], digest: string): BundleContent {
  const content = contentOf(files.map(({ path, text }) => fileOf(path, Buffer.from(text))))
  if (content.digest === digest) return content
  throw new DetectionError(
    'unreadable',
    `the bundle was changed where it is kept: its digest is ${content.digest}; expected ${digest}`,
  )
}

function fileOf(path: string, content: Buffer): ContentFile {
  checkPath(path)
  const text = content.toString('utf8')
  // A database's text holds no NUL, and what is decoded otherwise would not be the same file again.
  if (text.includes('\0') || !Buffer.from(text).equals(content)) throw refusal(path, 'given what is no UTF-8 text; allowed: text')
  return { path, text, digest: createHash('sha256').update(content).digest('hex') }
}

function contentOf(unsorted: readonly ContentFile[]): BundleContent {
  const files = unsorted.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const hash = createHash('sha256')
  const seen = new Map<string, string>()
  for (const { path, digest } of files) {
    // On some systems these are one file.
    const plain = path.normalize('NFC').toLowerCase()
    const twin = seen.get(plain)
    if (twin !== undefined)
      throw refusal(path, `differs from ${twin} only in the case of its letters; allowed: names that differ everywhere`)
    seen.set(plain, path)
    hash.update(`${digest} ${path}\n`)
  }
  return { digest: hash.digest('hex'), files }
}

async function* pathsIn(
  folder: string,
  below: string,
  ignored: readonly string[],
): AsyncGenerator<{ readonly path: string; readonly isLink: boolean }> {
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.name.startsWith('.') || leftOut.has(entry.name) || ignored.some((pattern) => fits(pattern, path))) continue
    if (entry.isDirectory()) yield* pathsIn(folder, path, ignored)
    else if (entry.isSymbolicLink()) {
      if (isSource(entry.name) || leadsToFolder(join(folder, path))) yield { path, isLink: true }
    } else if (isSource(entry.name) && entry.isFile()) yield { path, isLink: false }
  }
}

export function isSource(name: string): boolean {
  return endings.some((ending) => name.endsWith(ending)) && !name.endsWith('.d.ts') && !name.endsWith('.test.ts')
}

/** Letters, digits and a few signs: no path leads out of a folder, and none is another one elsewhere. */
function checkPath(path: string): void {
  const parts = path.split('/')
  const isPlain = parts.every((part) => /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}_.@+= -]{0,119}$/u.test(part) && !/[. ]$/u.test(part))
  if (isPlain && parts.length <= mostDepth && path.length <= mostPathLetters) return
  const allowed = `letters, digits and _ . @ + = - in names, ${mostDepth} folders deep, ${mostPathLetters} characters`
  throw refusal(JSON.stringify(path.slice(0, mostPathLetters)), `given such a path; allowed: ${allowed}`)
}

/** Opened without following a link that took the file's place meanwhile. */
async function readWhole(folder: string, path: string): Promise<Buffer> {
  await using file = await open(join(folder, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (cause: unknown) => {
      throw new DetectionError('unreadable', `${path}: cannot be read; allowed: a file that can be`, { cause })
    },
  )
  const { size } = await file.stat()
  if (size > mostFileBytes) throw refusal(path, `given ${size} bytes; allowed: ${mostFileBytes} a file`)
  const content = await file.readFile()
  if (content.length > mostFileBytes) throw refusal(path, `given ${content.length} bytes; allowed: ${mostFileBytes} a file`)
  return content
}

function refusal(what: string, words: string): DetectionError {
  return new DetectionError('refused', `${what}: ${words}`)
}
