import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { emptyAccount } from '../../services/processes/demo/account.ts'
import { incidents } from '../../services/processes/demo/incidents.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)
const account = emptyAccount('111122223333', 'acme-prod')

/** As somebody plays it who has real credentials at hand. Fails on any exit code but 0. */
async function demo(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], AWS_PROFILE: 'real', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }
  return run(process.execPath, ['services/cli/main.ts', 'demo', ...args], { cwd: root, env, timeout: 150_000 })
}

describe('the demo', () => {
  let lines: readonly Record<string, unknown>[]
  let text: string
  let html: string
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tripline-demo-'))
    const page = join(folder, 'messages.html')
    // Both wait for Slack's one message a second most of the time.
    const [forMachines, forPeople] = await Promise.all([demo('--json'), demo('--html', page)])
    html = await readFile(page, 'utf8')
    await rm(folder, { recursive: true })
    text = forPeople.stdout
    lines = forMachines.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }, 160_000)

  test('ends with a summary: everything that was expected came, and nothing else', () => {
    const events = incidents.reduce((sum, { copies, calls }) => sum + copies * calls(account).length, 0)
    const { summary } = lines.at(-1) as { summary: Record<string, number> }
    expect(Object.keys(summary)).toEqual(['events', 'refetched', 'alerts', 'expected', 'p50Ms', 'p99Ms', 'maxMs'])
    expect(summary['events']).toBe(events)
    expect(summary['alerts']).toBe(summary['expected'])
    expect(lines).toHaveLength((summary['expected'] ?? 0) + 1)
    expect(summary['refetched']).toBeGreaterThanOrEqual(6)
    expect(summary['p50Ms']).toBeGreaterThan(0)
  })

  test('tells each incident in its team’s channel, and what was there before only as summaries', () => {
    const messages = lines.slice(0, -1)
    expect(messages.every(({ expected }) => expected === true)).toBe(true)
    const firstLook = messages.filter(({ latencyMs }) => latencyMs === null)
    expect(firstLook.every(({ shown }) => String(shown).includes('First look'))).toBe(true)
    const states = messages.map(({ state }) => state)
    expect(states).toContain('resolved')
    expect(new Set(messages.map(({ channel }) => channel)).size).toBeGreaterThanOrEqual(4)
  })

  test('shows people each message with its channel and latency, and as a page', () => {
    expect(html).toMatch(/^<!doctype html>/u)
    for (const shown of [
      '12 replies',
      '12 findings by release-2210 through Terraform',
      'acme-report-07',
      'Reverted: S3 bucket',
      'First look',
    ])
      expect(html).toContain(shown)
    expect(html).not.toMatch(/<script|undefined|\[object/u)
    expect(text).toMatch(/┌─ #payments-alerts · \d+ ms/u)
    expect(text).toMatch(/┌─ #data-alerts · the message turns: resolved · \d+ ms/u)
    expect(text).toContain('0 missing, 0 not expected')
    expect(text).not.toContain('"level"')
  })
})
