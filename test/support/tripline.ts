import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A process of `tripline run`. */
export interface Tripline {
  readonly pid: number
  readonly log: () => string
  /** Where its HTTP endpoints listen; waits for them. Throws when the process ends. */
  address(): Promise<string>
  /** Resolves once everything runs. Throws when the process ends. */
  running(): Promise<void>
  /** SIGKILL, as a crash. */
  kill(): Promise<void>
  /** SIGTERM; the exit code. */
  end(): Promise<number | null>
}

/** Starts `tripline run` as users do. Its environment holds nothing else. */
export function startTripline(file: string, environment: NodeJS.ProcessEnv, given: readonly string[] = []): Tripline {
  const child = spawn(process.execPath, ['services/cli/main.ts', 'run', '--config', file, ...given], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      AWS_ACCESS_KEY_ID: 'testing',
      AWS_SECRET_ACCESS_KEY: 'testing',
      AWS_REGION: 'us-east-1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const said = (what: string, pattern: RegExp): Promise<string> =>
    until(
      what,
      () => {
        if (child.exitCode !== null) throw new Error(`tripline ended with ${child.exitCode}: ${text}`)
        return pattern.exec(text)?.[1] ?? null
      },
      60_000,
    )
  const gone = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    }
    return child.exitCode
  }
  return {
    pid: child.pid ?? 0,
    log: () => text,
    address: () => said('a running tripline', /"address":"([^"]+)"/u),
    running: async () => void (await said('a running tripline', /"msg":"(tripline runs)"/u)),
    kill: async () => void (await gone('SIGKILL')),
    end: () => gone('SIGTERM'),
  }
}
