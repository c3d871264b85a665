import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '#store'
import { startSlackServer, type SlackServer } from '../../services/processes/demo/slack-server.ts'
import { aJudgement, aLook, aState } from '../contracts/store-builders.ts'
import { aCause } from '../support/alerts.ts'
import { freshFolder } from '../support/database.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const ledger = { accountId: '111122223333', region: 'eu-west-1', type: 'AWS.S3.Bucket', id: 'arn:aws:s3:::ledger' }

describe('route, group and check on the command line', { timeout: 120_000 }, () => {
  let folder: string
  let slack: SlackServer
  let findingId: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tripline-route-'))
    await freshFolder(join(folder, 'data'))
    slack = await startSlackServer({ channels: ['payments', 'security', 'night'] })
    const config = {
      sources: [{ sqs: { queueUrl: 'http://127.0.0.1:9/queue', region: 'eu-west-1', endpoint: 'http://127.0.0.1:9' } }],
      accounts: [{ id: '111122223333', name: 'shop', label: 'prod', ou: 'Root/Prod', regions: ['eu-west-1'] }],
      aws: { roleName: 'audit', externalId: 'x-1', endpoint: 'http://127.0.0.1:9' },
      resourceTypes: ['AWS.S3.Bucket'],
      detections: [join(root, 'policies/aws/s3')],
      groups: { ledgers: { names: ['ledger*'], tags: { team: 'payments' } }, nobody: { names: ['none'] } },
      policies: { 'No.Such.Policy': { groups: ['ledgers'] } },
      destinations: { siem: { webhook: { url: 'https://localhost:9/' } } },
      teams: [
        { id: 'payments', channel: 'payments', owns: { groups: ['ledgers'], accounts: ['111122223333'] } },
        { id: 'others', channel: 'gone', owns: { accounts: ['111122223333'] } },
      ],
      routes: [
        { when: { severity: ['CRITICAL'], groups: ['nobody'] }, to: ['security'] },
        { when: { hours: { timeZone: 'Europe/Berlin', from: '20:00', to: '06:00' } }, to: ['night'] },
        { when: { severity: ['HIGH', 'CRITICAL'] }, to: ['team', 'siem'] },
      ],
      fallback: 'security',
      slack: { apiUrl: slack.url },
      store: { folder: join(folder, 'data') },
    }
    await writeFile(join(folder, 'tripline.yaml'), JSON.stringify(config))
    const sample = { resource: { accountId: '111122223333' }, severity: 'low', destinations: ['nix'] }
    await writeFile(join(folder, 'sample.json'), JSON.stringify(sample))
    await using store = await openStore({ folder: join(folder, 'data') })
    const attributes = { Name: 'ledger', Tags: { team: 'payments' } }
    await store.states.put(aState(1, { ...ledger, attributes }), aJudgement(1), aLook())
    for (const [index, name] of ['ledger-2', 'ledger-3', 'photos'].entries()) {
      const state = aState(index + 2, { id: `arn:aws:s3:::${name}`, attributes: { ...attributes, Name: name } })
      await store.states.put(state, aJudgement(index + 2), aLook({ eventId: state.id }))
    }
    const finding = await store.findings.open({
      detectionId: 'AWS.S3.Bucket.PublicRead',
      resource: ledger,
      key: '',
      origin: 'change',
      severity: 'HIGH',
      title: 'ledger is public',
      context: {},
      causes: [aCause()],
      differences: [],
    })
    findingId = finding?.id ?? ''
  }, 60_000)
  afterAll(async () => {
    await slack.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function tripline(...given: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const all = ['services/cli/main.ts', ...given, '--config', join(folder, 'tripline.yaml')]
    const environment = {
      PATH: process.env['PATH'],
      AWS_ACCESS_KEY_ID: 'testing',
      AWS_SECRET_ACCESS_KEY: 'testing',
      SLACK_BOT_TOKEN: slack.token,
      WEBHOOK_KEY_SIEM: 'a key',
    }
    return new Promise((resolve) => {
      const child = execFile(process.execPath, all, { cwd: root, env: environment }, (_, out, err) =>
        resolve({ code: child.exitCode ?? -1, out, err }),
      )
    })
  }

  test('a finding is explained step by step', async () => {
    const { code, out } = await tripline('route', findingId, '--at', '2026-11-20T12:00:00Z')
    expect(out.split('\n')).toEqual([
      'HIGH ledger is public',
      'arn:aws:s3:::ledger, account shop (111122223333), eu-west-1',
      '',
      'Owner',
      '  by tags: no team owns it by its tags',
      '  by groups: team payments owns group ledgers: this counts',
      '  by accounts: team payments owns account shop (111122223333), before others who owns it too',
      '  by ous: no team owns it by its ous',
      '',
      'Routes',
      '  1 (severity CRITICAL, groups nobody): severity is HIGH, not CRITICAL',
      '  2 (mon, tue, wed, thu, fri 20:00 to 06:00 (Europe/Berlin)): it is not mon, tue, wed, thu, fri 20:00 to 06:00 (Europe/Berlin)',
      '  3 (severity HIGH or CRITICAL): matches: this counts',
      '',
      'It goes to',
      '  payments (slack): route 3 (severity HIGH or CRITICAL); team payments owns group ledgers',
      '  siem: route 3 (severity HIGH or CRITICAL)',
      '',
    ])
    expect(code).toBe(0)
  })

  test('a resource by its name, at night and for another severity', async () => {
    const { out } = await tripline('route', 'photos', '--severity', 'critical', '--at', '2026-11-20T22:00:00Z', '--json')
    const [explained, summary] = out
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>)
    expect(explained).toMatchObject({
      to: [{ channel: 'night' }],
      routes: [{ because: 'it is not in group nobody' }, { because: null }, {}],
    })
    expect(summary).toEqual({ summary: { to: 1 } })
  })

  test('a sample whose destinations lead nowhere', async () => {
    const { out } = await tripline('route', join(folder, 'sample.json'), '--at', '2026-11-20T12:00:00Z')
    expect(out).toContain('the detection names nix, of which nothing is known: the routes decide')
    expect(out).toContain('payments (slack): team payments owns account shop (111122223333)')
  })

  test('what is not known is code 1, what is not allowed code 2', async () => {
    expect((await tripline('route', 'nothing-of-that-name')).code).toBe(1)
    expect((await tripline('route', 'photos', '--severity', 'awful')).code).toBe(2)
    expect((await tripline('route', join(folder, 'none.json'))).code).toBe(2)
    expect((await tripline('group', 'none')).code).toBe(2)
  })

  test('a group lists its members, and says when there are more', async () => {
    const all = await tripline('group', 'ledgers')
    expect(all.out.split('\n').filter(Boolean)).toEqual([
      '111122223333 eu-west-1 AWS.S3.Bucket arn:aws:s3:::ledger',
      '111122223333 eu-west-1 AWS.S3.Bucket arn:aws:s3:::ledger-2',
      '111122223333 eu-west-1 AWS.S3.Bucket arn:aws:s3:::ledger-3',
    ])
    const { out } = await tripline('group', 'ledgers', '--limit', '2', '--json')
    const lines = out.trim().split('\n')
    expect(lines).toHaveLength(3)
    expect(JSON.parse(lines[2] ?? '{}')).toEqual({ summary: { group: 'ledgers', members: 2, more: true, looked: 3 } })
    expect((await tripline('group', 'nobody')).err).toContain('0 members')
  })

  test('check warns of two owners and of a scope of no policy, and finds the channel that is not there', async () => {
    const { out, code } = await tripline('check')
    expect(out).toContain(
      'warn account 111122223333 has two owners: teams.0.owns.accounts.0 and teams.1.owns.accounts.0: payments is told, others is not',
    )
    expect(out).toContain('warn policies.No.Such.Policy: there is no such policy')
    expect(out).toMatch(/ok +Slack channel payments of slack: is there/u)
    expect(out).toMatch(/FAIL Slack channel gone of slack: is not there/u)
    expect(out).toMatch(/ok +destination siem: its key is there/u)
    expect(code).toBe(1)
  })
})
