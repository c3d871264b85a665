import { lstat, mkdir, mkdtemp, readdir, realpath, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { BundleContent } from './bundle-files.ts'

/** A folder that only this process can read, for files that evaluators load. Disposing removes it. */
export interface PrivateFolder extends AsyncDisposable {
  readonly path: string
  /** Writes files, once each, by their paths below it, and folders, also without any. */
  write(files: Iterable<{ readonly path: string; readonly text: string | Uint8Array }>, folders?: readonly string[]): Promise<void>
  /** Says that it is in use, to those who clear away what is old; once an hour is enough. */
  keep(): Promise<void>
}
/** One with the files of a bundle in it. */
export type BundleFolder = Omit<PrivateFolder, 'write'>

const prefix = 'tripline-bundle-'
const forgottenMs = 86_400_000

export async function openPrivateFolder(): Promise<PrivateFolder> {
  await clearForgotten()
  const path = await realpath(await mkdtemp(join(tmpdir(), prefix)))
  const written = new Set([''])
  return {
    path,
    async write(files, folders = []) {
      const made = new Set<string>()
      for (const below of folders) await mkdir(join(path, below), { recursive: true, mode: 0o700 })
      for (const { path: below, text } of files) {
        const file = join(path, below)
        if (!made.has(dirname(file))) await mkdir(dirname(file), { recursive: true, mode: 0o700 })
        made.add(dirname(file))
        await writeFile(file, text, { mode: 0o600, flag: 'wx' })
        written.add(below)
      }
    },
    async keep() {
      const now = new Date()
      for (const below of written) await utimes(join(path, below), now, now)
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

export async function openBundleFolder({ files }: BundleContent): Promise<BundleFolder> {
  const folder = await openPrivateFolder()
  try {
    await folder.write(files)
    return folder
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

/** What processes left behind that were killed. */
async function clearForgotten(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue
    const path = join(tmpdir(), name)
    // Another process may have removed it meanwhile.
    const found = await lstat(path).catch(() => null)
    const mine = found?.isDirectory() === true && found.uid === process.getuid?.()
    if (mine && Date.now() - found.mtimeMs > forgottenMs) await rm(path, { recursive: true, force: true })
  }
}
