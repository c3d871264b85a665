import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { IngestError } from './ingest-error.ts'
import { limits } from './limits.ts'
import { createSplitter } from './split-records.ts'

/** One record's text, and where it stands. */
export interface FileRecord {
  readonly file: string
  /** Counted from 0. */
  readonly index: number
  readonly body: string
}

/** A file may unpack to a hundred times its size, or to so much whatever its size. */
const gzip = { ratio: 100, freeBytes: 16 * 1024 * 1024, mostBytes: 2 * 1024 * 1024 * 1024 } as const

/**
 * The records of CloudTrail files and folders in every form that is delivered or kept: `{"Records":[…]}`, `.json.gz`, NDJSON,
 * lists, EventBridge envelopes. Streamed, one record at a time. Throws IngestError when a file cannot be read.
 */
export async function* readFiles(paths: readonly string[]): AsyncGenerator<FileRecord> {
  for (const path of paths) for (const file of await filesIn(path)) yield* readRecords(file)
}

/** The files that a path means: itself, or what a folder holds by its names, sorted. */
async function filesIn(path: string): Promise<readonly string[]> {
  const what = await stat(path).catch((error: unknown) => unreadable(path, error))
  if (!what.isDirectory()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((error: unknown) => unreadable(path, error))
  const files = entries.filter((entry) => entry.isFile() && /\.(?:json|ndjson|jsonl)(?:\.gz)?$/i.test(entry.name))
  if (files.length === 0) {
    throw new IngestError('unreadable', `${path}: given a folder without such files; allowed: *.json, *.ndjson, *.jsonl, also .gz`)
  }
  return files.map((entry) => join(entry.parentPath, entry.name)).toSorted()
}

async function* readRecords(file: string): AsyncGenerator<FileRecord> {
  const byLine = /\.(?:ndjson|jsonl)(?:\.gz)?$/i.test(file)
  const splitter = createSplitter({ byLine, maxLetters: limits.bytes })
  const decoder = new TextDecoder()
  let index = 0
  try {
    for await (const chunk of bytesOf(file, await isGzip(file))) {
      for (const body of splitter.push(decoder.decode(chunk, { stream: true }))) {
        yield { file, index, body }
        index += 1
      }
    }
  } catch (error) {
    if (error instanceof IngestError) throw error
    unreadable(file, error)
  }
  for (const body of [...splitter.push(decoder.decode()), ...splitter.end()]) {
    yield { file, index, body }
    index += 1
  }
}

async function isGzip(file: string): Promise<boolean> {
  await using handle = await open(file)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
}

async function* bytesOf(file: string, packed: boolean): AsyncGenerator<Buffer> {
  const source = createReadStream(file)
  if (!packed) return yield* source
  let [before, after] = [0, 0]
  source.on('data', (chunk) => (before += chunk.length))
  const unpacked = createGunzip()
  source.on('error', (error) => unpacked.destroy(error))
  try {
    for await (const chunk of source.pipe(unpacked) as AsyncIterable<Buffer>) {
      after += chunk.length
      if (after > gzip.mostBytes || (after > gzip.freeBytes && after > before * gzip.ratio)) {
        throw new IngestError(
          'gzip-bomb',
          `${file}: ${before} bytes unpack to more than ${after}; allowed: ${gzip.ratio} times as many`,
        )
      }
      yield chunk
    }
  } finally {
    source.destroy()
    unpacked.destroy()
  }
  return undefined
}

function unreadable(path: string, error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  throw new IngestError('unreadable', `${path}: cannot be read (${code}); allowed: a CloudTrail file or a folder of them`)
}
