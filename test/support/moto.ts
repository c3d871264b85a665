import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { existsSync, mkdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'

const version = '5.2.1'
const root = fileURLToPath(new URL('../..', import.meta.url))
const venv = join(root, '.venv')
const python = join(venv, 'bin', 'python')
/** The images of others that moto knows: its own hundreds make the first call to EC2 and each listing slow. */
const images = join(root, 'test/fixtures/moto-images.json')
const stamp = join(venv, `moto-${version}`)
const lock = join(venv, 'installing')
/** An installer that has held the lock for longer than this was killed. */
const staleMs = 300_000

/** A running moto server: AWS over HTTP, one world of its own. */
export interface Moto {
  /** `http://127.0.0.1:12345`, for the `endpoint` of any client. */
  readonly endpoint: string
  /** Forgets everything in all accounts. */
  reset(): Promise<void>
  stop(): Promise<void>
}

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
}

/** Whether moto can run here; `why` says what is missing. */
type MotoInstalled = { readonly ready: true } | { readonly ready: false; readonly why: string }

/** Puts moto into `.venv` unless it is there. Safe to call from several processes: the others wait for the first. */
export function installMoto(): MotoInstalled {
  if (existsSync(stamp)) return { ready: true }
  if (spawnSync('python3', ['--version']).status !== 0) return { ready: false, why: 'python3 is not on the PATH' }
  mkdirSync(venv, { recursive: true })
  while (!takeLock()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  try {
    return existsSync(stamp) ? { ready: true } : install()
  } finally {
    rmdirSync(lock)
  }
}

/**
 * For describe blocks: `describe.runIf(needMoto('the title'))('the title', …)`. True when moto can run. Where it cannot, a laptop skips, by name
 * and loudly; CI fails.
 */
export function needMoto(name = 'the tests against moto'): boolean {
  const installed = installMoto()
  if (installed.ready) return true
  if (process.env['CI'] === 'true') throw new Error(`CI must run ${name}, but moto cannot start: ${installed.why}`)
  process.stderr.write(`\nSKIPPED: ${name} did not run, because moto cannot start: ${installed.why}\n\n`)
  return false
}

/** Starts a moto server on a port of its own. It ends with `stop`, or with this process however that ends. */
export async function startMoto(): Promise<Moto> {
  const installed = installMoto()
  if (!installed.ready) throw new Error(`moto cannot start: ${installed.why}`)
  const child = spawn(python, ['-c', launcher, '-H', '127.0.0.1', '-p', '0'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: {
      ...process.env,
      MOTO_AMIS_PATH: images,
      MOTO_IAM_LOAD_MANAGED_POLICIES: 'true',
      MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS: 'false',
      PYTHONUNBUFFERED: '1',
    },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const endpoint = await address(child)
  child.unref()
  return {
    endpoint,
    async reset() {
      const answer = await fetch(`${endpoint}/moto-api/reset`, { method: 'POST', signal: AbortSignal.timeout(10_000) })
      if (!answer.ok) throw new Error(`moto did not reset: HTTP ${answer.status}`)
    },
    async stop() {
      child.ref()
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Credentials of an account on moto, for tests that make resources there. Any twelve digits will do. */
export async function credentialsOf(endpoint: string, accountId: string): Promise<Credentials> {
  const sts = new STSClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' } })
  const answer = await sts.send(
    new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${accountId}:role/tests`, RoleSessionName: 'tests', ExternalId: 'tests' }),
  )
  sts.destroy()
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = answer.Credentials ?? {}
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined)
    throw new Error(`moto gave no credentials for account ${accountId}`)
  return { accessKeyId, secretAccessKey, sessionToken }
}

/**
 * Ends the server when our end of its stdin closes, so that a killed test run leaves nothing behind. Adds the one call that our
 * fetchers make and moto does not know; on the base class, since importing moto's EC2 would take a second.
 */
const launcher = `
import os, sys, threading
def watch():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
from moto.core.responses import ActionResult, BaseResponse
BaseResponse.describe_stale_security_groups = lambda self: ActionResult({"StaleSecurityGroupSet": []})
from moto.server import main
main(sys.argv[1:])
`

/** The address that the server prints once it listens. */
function address(child: ChildProcessByStdio<Writable, null, Readable>): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => fail('did not listen within 60 s'), 60_000)
    const fail = (what: string): void => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`moto ${what}: ${text.slice(-2000)}`))
    }
    const onExit = (): void => fail('ended before it listened')
    const onText = (chunk: Buffer): void => {
      text += chunk.toString()
      const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(text)
      if (found?.[1] === undefined) return
      clearTimeout(timer)
      child.off('exit', onExit)
      child.stderr.off('data', onText)
      child.stderr.resume()
      resolve(found[1])
    }
    child.once('exit', onExit)
    child.once('error', (error) => fail(`did not start (${error.message})`))
    child.stderr.on('data', onText)
  })
}

function takeLock(): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    if (lockAgeMs() > staleMs) rmdirSync(lock)
    return false
  }
}

function lockAgeMs(): number {
  return Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
}

function install(): MotoInstalled {
  process.stderr.write(`installing moto ${version} into ${dirname(stamp)} (once)\n`)
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ['python3', ['-m', 'venv', venv]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `moto[server]==${version}`]],
  ]
  for (const [command, args] of steps) {
    const done = spawnSync(command, args, { encoding: 'utf8' })
    if (done.status !== 0) return { ready: false, why: `${command} ${args.join(' ')} failed: ${done.stderr.slice(-500)}` }
  }
  writeFileSync(stamp, '')
  return { ready: true }
}
