import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { IngestError } from './ingest-error.ts'
import { limits } from './limits.ts'
import type { LogSchema } from './logs/log-schema.ts'
import { splitterOf } from './split-lines.ts'
import { createSplitter } from './split-records.ts'
import { unpack } from './unpack.ts'

/** One record's text, and where it stands. */
export interface FileRecord {
  readonly file: string
  /** Counted from 0. */
  readonly index: number
  readonly body: string
}

/**
 * The records of CloudTrail files and folders in every form that is delivered or kept: `{"Records":[…]}`, `.json.gz`, NDJSON,
 * lists, EventBridge envelopes; or of a log, line by line where it is text. Streamed, one record at a time. Throws IngestError when a
 * file cannot be read.
 */
export async function* readFiles(paths: readonly string[], log: LogSchema | null = null): AsyncGenerator<FileRecord> {
  for (const path of paths)
    for (const file of await filesIn(path, log === null ? cloudTrailFile : logFile)) yield* readRecords(file, log)
}

const cloudTrailFile = { form: /\.(?:json|ndjson|jsonl)(?:\.gz)?$/i, allowed: '*.json, *.ndjson, *.jsonl, also .gz' }
const logFile = { form: /^[^.].*$/, allowed: 'files of the log, also .gz' }

/** The files that a path means: itself, or what a folder holds by its names, sorted. */
async function filesIn(path: string, { form, allowed }: { form: RegExp; allowed: string }): Promise<readonly string[]> {
  const what = await stat(path).catch((error: unknown) => unreadable(path, error))
  if (!what.isDirectory()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((error: unknown) => unreadable(path, error))
  const files = entries.filter((entry) => entry.isFile() && form.test(entry.name))
  if (files.length === 0) {
    throw new IngestError('unreadable', `${path}: given a folder without such files; allowed: ${allowed}`)
  }
  return files.map((entry) => join(entry.parentPath, entry.name)).toSorted()
}

async function* readRecords(file: string, log: LogSchema | null): AsyncGenerator<FileRecord> {
  const byLine = /\.(?:ndjson|jsonl)(?:\.gz)?$/i.test(file)
  const splitter = log === null ? createSplitter({ byLine, maxLetters: limits.bytes }) : splitterOf(log.parser)
  const decoder = new TextDecoder()
  let index = 0
  try {
    for await (const chunk of unpack(file, createReadStream(file))) {
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

function unreadable(path: string, error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  throw new IngestError('unreadable', `${path}: cannot be read (${code}); allowed: a CloudTrail file or a folder of them`)
}
