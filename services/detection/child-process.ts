import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Bundle } from './bundle.ts'

export interface ChildOptions {
  /** The largest heap. */
  readonly memoryMb: number
  /** The program: the evaluator, where left out. */
  readonly entry?: string
  /** The Python evaluator: its interpreter does not start where intrinsics are frozen. */
  readonly python?: boolean
}

const evaluator = fileURLToPath(new URL('../processes/evaluator.ts', import.meta.url))
const pythonEvaluator = fileURLToPath(new URL('../processes/python-evaluator.ts', import.meta.url))
const services = fileURLToPath(new URL('..', import.meta.url))
const repository = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Starts an evaluator process: no environment, no network, no children, no writing; it may read our own code, its packages and the
 * bundles. Never `--allow-worker`: a nested worker is outside the permission model. Its own session, so that a Ctrl-C meant for
 * us does not reach it; it ends when its input does.
 */
export function spawnChild(bundles: readonly Bundle[], options: ChildOptions): ChildProcess {
  const { memoryMb, python = false, entry = python ? pythonEvaluator : evaluator } = options
  const readable = [services, `${repository}package.json`, `${repository}node_modules`]
  // Packages may be a link to those of another copy: what is asked for is the link, what is read is behind it.
  const allowed = new Set([...readable, ...readable.map((path) => realpathSync(path)), ...bundles.map(({ root }) => root)])
  const flags = [
    '--permission',
    ...[...allowed].map((path) => `--allow-fs-read=${path}`),
    '--disallow-code-generation-from-strings',
    '--no-experimental-sqlite',
    // Beside Python's memory, that of JavaScript stays small: what a batch leaves is swept earlier.
    ...(python ? ['--max-semi-space-size=16'] : ['--frozen-intrinsics']),
    '--no-addons',
    '--no-warnings',
    `--max-old-space-size=${memoryMb}`,
  ]
  return spawn(process.execPath, [...flags, entry], { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], detached: true })
}

/** Processor time that a process has used, in milliseconds; infinite where the system does not tell. */
export function cpuMsOf(pid: number | undefined): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name, in brackets, may hold spaces; user and system time are the 12th and 13th field after it, in hundredths.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return Infinity
  }
}
