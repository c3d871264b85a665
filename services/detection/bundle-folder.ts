import { lstat, mkdtemp, readdir, realpath, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeFiles, type BundleContent } from './bundle-files.ts'

/** The files of one bundle in a folder of this process alone. Disposing removes it. */
export interface BundleFolder extends AsyncDisposable {
  readonly path: string
  /** Says that it is in use, to those who clear away what is old; once an hour is enough. */
  keep(): Promise<void>
}

const prefix = 'tripline-bundle-'
const forgottenMs = 86_400_000

export async function openBundleFolder(content: BundleContent): Promise<BundleFolder> {
  await clearForgotten()
  const path = await realpath(await mkdtemp(join(tmpdir(), prefix)))
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true })
  try {
    await writeFiles(content, path)
  } catch (error) {
    await remove()
    throw error
  }
  return {
    path,
    async keep() {
      const now = new Date()
      for (const file of ['', ...content.files.map((each) => each.path)]) await utimes(join(path, file), now, now)
    },
    [Symbol.asyncDispose]: remove,
  }
}

/** What processes left behind that were killed. */
async function clearForgotten(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue
    const path = join(tmpdir(), name)
    const found = await lstat(path).catch(() => null)
    const mine = found?.isDirectory() === true && found.uid === process.getuid?.()
    if (mine && Date.now() - found.mtimeMs > forgottenMs) await rm(path, { recursive: true, force: true })
  }
}
