import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openStore } from '#store'
import { bundlesCommand, rollbackCommand } from '../../services/cli/bundles-command.ts'
import { uploadCommand, type UploadOptions } from '../../services/cli/upload-command.ts'
import { aJudgement, aLook } from '../contracts/store-builders.ts'
import { account, aBucket, aFolder, aPolicy, aRule, type Folder } from '../detection/world.ts'

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly lines: readonly Record<string, unknown>[]
}

describe('upload, bundles and rollback on the command line', { timeout: 120_000 }, () => {
  const tests = (expected: boolean): string => `tests: [{ name: 'a bucket', expected: ${expected}, resource: {} }],`
  let folder: string
  let good: Folder
  let config: string

  beforeAll(async () => {
    vi.stubEnv('DATABASE_URL', '')
    folder = await mkdtemp(join(tmpdir(), 'tripline-upload-'))
    good = await aFolder({
      'policies/new.ts': aPolicy('New', `return resource.Name !== 'exports'`, { slots: tests(true) }),
      'policies/fixed.ts': aPolicy('Fixed', 'return true'),
      'rules/rule.ts': aRule('Rule', 'return true'),
    })
    config = await configured('tripline.yaml', ['bundle'])
    await using store = await openStore({ folder: join(folder, 'data') })
    const ledger = aBucket({ Name: 'ledger' }, 'arn:aws:s3:::ledger')
    for (const bucket of [aBucket(), ledger]) await store.states.put(bucket, aJudgement(1), aLook({ eventId: bucket.id }))
    for (const detectionId of ['Gone', 'Fixed']) {
      const { accountId, region, type, id } = ledger
      const resource = { accountId, region, type, id }
      const said = { severity: 'HIGH', title: detectionId, context: {}, causes: [], differences: [] } as const
      await store.findings.open({ detectionId, resource, key: '', origin: 'change', ...said })
    }
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await good[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  async function configured(name: string, detections: readonly string[]): Promise<string> {
    const file = join(folder, name)
    const given = {
      sources: [{ sqs: { queueUrl: 'http://127.0.0.1:1/queue' } }],
      accounts: [{ id: account, name: 'shop', regions: ['us-east-1'] }],
      aws: { externalId: 'x-1' },
      detections,
      fallback: 'security',
      store: { folder: join(folder, 'data') },
    }
    await writeFile(file, JSON.stringify(given))
    return file
  }

  /** What a command says, without another process. */
  async function said(work: () => Promise<number>): Promise<Said> {
    const [out, err]: [string[], string[]] = [[], []]
    const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0)
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0)
    try {
      const code = await work()
      const lines = out.join('').startsWith('{') ? out.join('').trim().split('\n') : []
      return { code, out: out.join(''), err: err.join(''), lines: lines.map((text) => JSON.parse(text) as Record<string, unknown>) }
    } finally {
      stdout.mockRestore()
      stderr.mockRestore()
    }
  }
  const upload = (path: string, options: Partial<UploadOptions> = {}): Promise<Said> =>
    said(() => uploadCommand({ folder: path, config, force: false, dryRun: false, by: 'ada', json: true, ...options }))

  test('a dry run says which findings would open and close over what is stored, and writes nothing', async () => {
    const { code, lines } = await upload(good.path, { dryRun: true })
    expect(code).toBe(0)
    expect(lines.slice(0, -1)).toMatchObject([
      {
        detection: 'Fixed',
        opens: 0,
        closes: 1,
        findings: [{ what: 'closes', how: 'fixed', resource: { id: 'arn:aws:s3:::ledger' } }],
      },
      { detection: 'Gone', opens: 0, closes: 1, findings: [{ how: 'retired' }] },
      {
        detection: 'New',
        opens: 1,
        closes: 0,
        findings: [{ what: 'opens', severity: 'LOW', resource: { id: 'arn:aws:s3:::exports' } }],
      },
    ])
    expect(lines.at(-1)).toMatchObject({
      summary: { uploaded: false, opens: 1, closes: 2, unknown: 0, new: ['Fixed', 'New', 'Rule'], testsFailed: 0, detections: 3 },
    })
    const people = await upload(good.path, { dryRun: true, json: false })
    expect(people.out).toContain('New: opens 1, closes 0, unknown 0\n    opens')
    expect(people.err).toContain('would open 1, close 2')
    await using store = await openStore({ folder: join(folder, 'data') })
    expect(await store.bundles.list(1)).toEqual([])
    expect(await store.findings.list({ statuses: ['open'] }, 9)).toHaveLength(2)
  })

  test('a failing test, an invalid item, and nothing to upload are refused; forced, what is invalid is left out', async () => {
    await using failing = await aFolder({ 'a.ts': aPolicy('A', 'return true', { slots: tests(false) }) })
    expect(await upload(failing.path)).toMatchObject({ code: 1, err: expect.stringContaining('1 test failed') as string })
    await using broken = await aFolder({
      'a.ts': aPolicy('A', 'return true'),
      'lib/b.ts': 'import "node:fs"; export const rule = 1 // defineRule',
    })
    const refused = await upload(broken.path)
    expect(refused.lines).toMatchObject([{ invalid: 'lib/b.ts' }, { summary: { uploaded: false, invalid: 1 } }])
    expect(refused.err).toContain('1 item invalid; `--force` uploads all the same, without what is invalid')
    const rest = await upload(broken.path, { force: true, dryRun: true })
    expect(rest.lines[0]).toMatchObject({ invalid: 'lib/b.ts' })
    expect(rest.lines.at(-1)).toMatchObject({ summary: { invalid: 1, files: 1, detections: 1, new: ['A'] } })
    await using empty = await aFolder({ 'README.md': '' })
    expect((await upload(empty.path)).err).toContain('there is no detection in it')
    await expect(upload(good.path, { config: await configured('other.yaml', ['shipped']) })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('allowed: `detections: [shipped, bundle]`') as string,
    })

    expect((await upload(failing.path, { force: true, message: 'later' })).lines.at(-1)).toMatchObject({
      summary: { uploaded: true, bundle: 1, testsFailed: 1 },
    })
    expect((await upload(good.path, { by: 'bob\u001B[2J' })).lines.at(-1)).toMatchObject({
      summary: { bundle: 2, added: true, activated: true, new: ['Fixed', 'New', 'Rule'], removed: ['A'] },
    })
    expect((await upload(good.path, { json: false })).out).toContain('has the same content and counts already')
  })

  test('what was uploaded is listed with who did it, and rolled back', async () => {
    const bundles = (json: boolean, history = false) => said(() => bundlesCommand({ config, history, limit: 9, json }))
    const rollback = (number?: number) =>
      said(() => rollbackCommand({ config, by: 'eve', json: true, ...(number === undefined ? {} : { number }) }))
    expect((await bundles(true)).lines).toMatchObject([
      { bundle: { number: 2, by: 'bob\u001B[2J', origin: good.path, detections: 3, files: 3, active: true, forced: false } },
      { bundle: { number: 1, by: 'ada', message: 'later', detections: 1, active: false, forced: true } },
      { summary: { bundles: 2, active: 2, followed: true } },
    ])
    expect((await rollback()).lines).toEqual([{ summary: { active: 1, switched: true } }])
    expect((await rollback(7)).code).toBe(1)
    const people = await bundles(false)
    expect(people.out).toMatch(/^ {4}2 {2}.*\n.*bob.*\n\* {3}1 {2}.*1 detection in 1 file.*\n.*by ada from .*, forced: later\n$/u)
    expect(people.out).not.toContain('\u001B')
    expect((await bundles(false, true)).out.split('\n').map((text) => text.slice(26))).toMatchObject([
      'rollback to bundle 1 by eve',
      expect.stringContaining('upload to bundle 2 by bob') as string,
      expect.stringContaining('upload to bundle 1 by ada') as string,
      '',
    ])
  })
})
