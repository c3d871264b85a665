import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '#store'
import { aFolder, aPolicy, aRule, type Folder } from '../detection/world.ts'
import { aCause } from '../support/alerts.ts'
import { freshFolder } from '../support/database.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('staged and dead detections on the command line', { timeout: 60_000 }, () => {
  let folder: string
  let detections: Folder

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tripline-detections-command-'))
    await freshFolder(join(folder, 'data'))
    detections = await aFolder({
      'trial.ts': aPolicy('Trial', 'return false', { slots: `status: 'Staged',` }),
      'idle.ts': aPolicy('Idle', 'return true', { slots: `status: 'staged',` }),
      'unwatched.ts': aPolicy('Unwatched', 'return false').replace('AWS.S3.Bucket', 'AWS.KMS.Key'),
      'unheard.ts': aRule('Unheard', 'return true').replace('ec2.amazonaws.com', 'aws.ec2'),
      'slip.ts': aRule('Slip', 'return true', { names: ['putBucketACL'] }).replace('ec2.amazonaws.com', 's3.amazonaws.com'),
      'fine.ts': aRule('Fine', 'return true'),
    })
    const config = {
      sources: [{ sqs: { queueUrl: 'http://127.0.0.1:9/queue', region: 'eu-west-1' } }],
      accounts: [{ id: '111111111111', name: 'shop', regions: ['eu-west-1'] }],
      aws: { roleName: 'audit', externalId: 'x-1' },
      resourceTypes: ['AWS.S3.Bucket'],
      detections: [detections.path],
      fallback: 'security',
      store: { folder: join(folder, 'data') },
    }
    await writeFile(join(folder, 'tripline.yaml'), JSON.stringify(config))
    await using store = await openStore(config.store)
    await store.detections.note(['Trial', 'Idle', 'Fine'])
    for (const id of ['b1', 'b2', 'b2']) {
      const finding = await store.findings.open({
        detectionId: 'Trial',
        resource: { accountId: '111111111111', region: 'eu-west-1', type: 'AWS.S3.Bucket', id },
        key: '',
        origin: 'change',
        severity: 'LOW',
        title: 'x',
        context: {},
        causes: [aCause()],
        differences: [],
        staged: true,
      })
      if (id === 'b2' && finding !== null) await store.findings.end(finding.id, 'fixed', null)
    }
  }, 60_000)
  afterAll(async () => {
    await detections[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  async function tripline(
    ...given: readonly string[]
  ): Promise<{ code: number; lines: readonly Record<string, unknown>[]; out: string }> {
    const all = ['services/cli/main.ts', ...given, '--config', join(folder, 'tripline.yaml')]
    return new Promise((resolve) => {
      const child = execFile(process.execPath, all, { cwd: root, env: { PATH: process.env['PATH'] } }, (_, out) => {
        const lines = given.includes('--json')
          ? out
              .trim()
              .split('\n')
              .map((each) => JSON.parse(each) as Record<string, unknown>)
          : []
        resolve({ code: child.exitCode ?? -1, lines, out })
      })
    })
  }

  test('staged says what nobody was told, and where it is noisiest', async () => {
    const { code, lines } = await tripline('staged', '--json')
    expect(code).toBe(0)
    expect(lines).toMatchObject([
      { detection: 'Idle', findings: 0, resources: [] },
      {
        detection: 'Trial',
        findings: 3,
        open: 1,
        resources: [
          { name: 'b2', count: 2 },
          { name: 'b1', count: 1 },
        ],
        actors: [{ name: 'alice', count: 3 }],
      },
      { summary: { staged: 2, findings: 3 } },
    ])
    const { out } = await tripline('staged')
    expect(out).toContain('would have told 3 in a day (3.0 a day), 1 still open')
    expect(out).toContain('Idle\n         has found nothing in a day')
  })

  test('detections --dead names those that cannot match, and why', async () => {
    const { code, lines } = await tripline('detections', '--dead', '--json')
    expect(code).toBe(1)
    const deaths = Object.fromEntries(lines.slice(0, -1).map((each) => [each['detection'], each['dead']]))
    expect(deaths).toEqual({
      Slip: [{ how: 'cannot-match', why: 's3.amazonaws.com has no event putBucketACL, but PutBucketAcl' }],
      Unheard: [{ how: 'cannot-match', why: 'aws.ec2 is no source of CloudTrail; they end in .amazonaws.com' }],
      Unwatched: [
        {
          how: 'cannot-match',
          why: 'none of its resource types is watched (AWS.KMS.Key); see resourceTypes in the configuration',
        },
      ],
    })
    expect(lines.at(-1)).toEqual({ summary: { detections: 6, dead: 3, cannotMatch: 3 } })
  })

  test('silence counts from when a detection is known, and what is open breaks it', async () => {
    const { code, lines } = await tripline('detections', '--dead', '--days', '0', '--json')
    expect(code).toBe(1)
    const silent = lines.filter(({ dead }) => JSON.stringify(dead ?? []).includes('"silent"')).map(({ detection }) => detection)
    expect(silent).toEqual(expect.arrayContaining(['Fine', 'Idle']))
    expect(silent).not.toContain('Trial')
  })
})
