import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '#store'
import { freshFolder } from '../support/database.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const account = '111111111111'
const noon = new Date('2026-11-21T12:00:00Z')
const one = new Date('2026-11-21T13:00:00Z')

describe('gaps on the command line', { timeout: 60_000 }, () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tripline-gaps-command-'))
    await freshFolder(join(folder, 'data'))
    const config = {
      sources: [{ sqs: { queueUrl: 'http://127.0.0.1:9/queue', region: 'eu-west-1' } }],
      accounts: [{ id: account, name: 'shop', regions: ['eu-west-1', 'us-east-1', 'ap-south-1'] }],
      aws: { roleName: 'audit', externalId: 'x-1' },
      fallback: 'security',
      store: { folder: join(folder, 'data') },
    }
    await writeFile(join(folder, 'tripline.yaml'), JSON.stringify(config))
    await using store = await openStore(config.store)
    await store.coverage.hear([
      { accountId: account, region: 'eu-west-1', at: noon, beat: true },
      { accountId: account, region: 'us-east-1', at: noon, beat: false },
    ])
    const common = { accountId: account, detail: '', cause: 'silent' } as const
    await store.gaps.open({ ...common, region: 'us-east-1', from: noon, until: one })
    await store.gaps.open({ ...common, region: 'eu-west-1', from: noon, until: null })
  }, 60_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  function tripline(...given: readonly string[]): Promise<{ code: number; out: string }> {
    const all = ['services/cli/main.ts', ...given, '--config', join(folder, 'tripline.yaml')]
    const env = { PATH: process.env['PATH'], HOME: folder, AWS_REGION: 'us-east-1' }
    return new Promise((resolve) => {
      const child = execFile(process.execPath, all, { cwd: root, env }, (_, out) => resolve({ code: child.exitCode ?? -1, out }))
    })
  }

  test('open ones come first, then those that are over, then who never sent a heartbeat', async () => {
    const { code, out } = await tripline('gaps', '--json')
    const lines = out
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>)
    expect(code).toBe(1)
    expect(lines).toMatchObject([
      { account, region: 'eu-west-1', cause: 'silent', from: noon.toISOString(), until: null, fill: 'filling', read: 0, scans: [] },
      { account, region: 'us-east-1', from: noon.toISOString(), until: one.toISOString() },
      { account, region: 'us-east-1', heartbeat: 'never', lastHeard: noon.toISOString() },
      { account, region: 'ap-south-1', heartbeat: 'never', lastHeard: null },
      { summary: { gaps: 2, open: 1, neverHeard: 2 } },
    ])
  })

  test('people read the same, and check names who was never heard', async () => {
    const [{ out }, checked] = [await tripline('gaps'), await tripline('check')]
    expect(out.split('\n')[0]).toBe(`open     shop (${account}) eu-west-1: silent, since ${noon.toISOString()}`)
    expect(out).toContain(`never    shop (${account}) ap-south-1: no heartbeat and no event ever came`)
    const said = checked.out.split('\n').find((line) => line.startsWith('warn heartbeats'))
    expect(said).toContain(`${account} us-east-1 (no heartbeat ever came, the last event on ${noon.toISOString()})`)
    expect(said).toContain(`${account} ap-south-1 (no heartbeat and no event ever came)`)
    expect(said).not.toContain('eu-west-1')
  })
})
