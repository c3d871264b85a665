import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from './error.ts'

/**
 * Takes a data folder for this process, since PGlite does not: a second process on the folder loses acknowledged rows.
 * The lock is the operating system's, held through an SQLite file, so that it ends with the process however that dies and never
 * needs a guess about stale locks. The pid beside it only serves the message.
 */
export function lockFolder(folder: string): Disposable {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new StoreError('unavailable', `Data folder ${folder} cannot be made (${code}); allowed: a folder that may be written`, {
      cause,
    })
  }
  const owner = join(folder, 'owner.json')
  const lock = takeLock(folder, owner)
  writeFileSync(owner, `${JSON.stringify({ pid: process.pid, host: hostname() })}\n`)
  return {
    [Symbol.dispose]() {
      rmSync(owner, { force: true })
      lock.close()
    },
  }
}

function takeLock(folder: string, owner: string): DatabaseSync {
  const lock = new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
  try {
    lock.exec('pragma journal_mode = memory')
    lock.exec('begin exclusive')
    return lock
  } catch (error) {
    lock.close()
    const way = 'stop that process first, or use PostgreSQL (DATABASE_URL), on which commands work beside a running Tripline'
    throw new StoreError('folder-in-use', `Data folder ${folder} is in use by ${readOwner(owner)}: ${way}`, { cause: error })
  }
}

function readOwner(file: string): string {
  try {
    const { pid, host } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; host: string }
    return `process ${pid} on ${host}`
  } catch {
    // The owner is between taking the lock and writing its name.
    return 'another process'
  }
}
