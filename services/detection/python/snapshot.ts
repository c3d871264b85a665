import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnSnapshot } from '../child-process.ts'
import { makeSnapshot, modulesOfOurs } from './interpreter.ts'

// Python's memory just after its start, in a file beside the packages, named by all that it was made of: a process that reads it need
// not start Python anew. Evaluators write nothing, and what makes it runs no detection. Without it Python starts as ever.

const packages = fileURLToPath(new URL('../../../node_modules/', import.meta.url))
const digestBytes = 32
const longestMs = 60_000
const mostKept = 3
const [suffix, unfinished] = ['.snapshot', '.part']
let known: string | null = null

/** Where the snapshot of this Python and these modules of ours is, or would be. */
export function snapshotPath(): string {
  known ??= join(realpathSync(packages), '.cache/tripline', `python-${digestOf(sources()).toString('hex').slice(0, 32)}${suffix}`)
  return known
}

function sources(): string {
  const texts = [
    process.version,
    readFileSync(join(packages, 'pyodide/package.json'), 'utf8'),
    readFileSync(new URL('interpreter.ts', import.meta.url), 'utf8'),
    JSON.stringify(modulesOfOurs()),
  ]
  return texts.join('\0')
}

/** Has one made beside, where there is none and one can be kept; nobody waits for it. */
export function orderSnapshot(path: string): void {
  if (existsSync(path)) return
  try {
    mkdirSync(dirname(path), { recursive: true })
    if (!claim(`${path}${unfinished}`)) return
  } catch {
    // A system that keeps nothing starts Python anew each time.
    return
  }
  spawnSnapshot(path)
}

/** The snapshot; null where there is none. What is not whole is refused. */
export function readSnapshot(path: string): Uint8Array | null {
  if (!existsSync(path)) return null
  const content = readFileSync(path)
  const bytes = content.subarray(digestBytes)
  if (!digestOf(bytes).equals(content.subarray(0, digestBytes)))
    throw new RangeError(`${path} is not what was written; it may be removed`)
  return bytes
}

/** The process that makes a snapshot. */
export async function takeSnapshot(path: string): Promise<void> {
  const bytes = await makeSnapshot()
  const part = `${path}${unfinished}`
  writeFileSync(part, Buffer.concat([digestOf(bytes), bytes]))
  renameSync(part, path)
  const folder = dirname(path)
  const kept = readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .map((name) => ({ file: join(folder, name), at: statSync(join(folder, name)).mtimeMs }))
    .toSorted((one, other) => other.at - one.at)
  for (const { file } of kept.slice(mostKept)) rmSync(file, { force: true })
}

/** False where another process makes it. */
function claim(part: string): boolean {
  try {
    writeFileSync(part, '', { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
    // One that was killed over it never ends.
    if (Date.now() - statSync(part).mtimeMs > longestMs) rmSync(part, { force: true })
    return false
  }
}

function digestOf(content: string | Uint8Array): Buffer {
  return createHash('sha256').update(content).digest()
}
