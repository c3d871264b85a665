import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anEnvelope, aRecord } from '../support/records.ts'

const root = join(import.meta.dirname, '../..')
const account = '111111111111'
const stopped = aRecord({
  account,
  source: 'cloudtrail.amazonaws.com',
  name: 'StopLogging',
  request: { name: 'main' },
  time: new Date(0),
})
const harmless = aRecord({ account, source: 's3.amazonaws.com', name: 'PutObject', request: { bucketName: 'b-1' } })

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tripline-replay-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function write(name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}

function replay(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['services/cli/main.ts', 'replay', ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, stderr, lines: stdout.split('\n').filter(Boolean) }
}

const json = (lines: readonly string[]): readonly unknown[] => lines.map((line): unknown => JSON.parse(line))

test.each<[string, () => Promise<string>]>([
  ['a CloudTrail file', () => write('a.json', JSON.stringify({ Records: [stopped, harmless] }))],
  ['a packed CloudTrail file', () => write('a.json.gz', gzipSync(JSON.stringify({ Records: [stopped, harmless] })))],
  ['NDJSON', () => write('a.ndjson', `${JSON.stringify(stopped)}\n${JSON.stringify(harmless)}\n`)],
  ['EventBridge envelopes', () => write('b.json', JSON.stringify([anEnvelope(stopped), anEnvelope(harmless)]))],
])('%s is replayed through the rules, from any account and any time', async (_, file) => {
  const { status, lines } = replay(await file(), '--json')
  expect(json(lines)).toEqual([
    {
      detection: 'AWS.CloudTrail.Stopped',
      severity: expect.any(String) as string,
      title: expect.stringContaining('main') as string,
      dedup: expect.any(String) as string,
      eventId: stopped['eventID'],
      eventTime: '1970-01-01T00:00:00.000Z',
      account,
      region: 'us-east-1',
    },
    {
      summary: {
        events: 2,
        rejected: 0,
        matches: 1,
        failures: 0,
        notRun: 0,
        seconds: expect.any(Number) as number,
        eventsPerSecond: expect.any(Number) as number,
      },
    },
  ])
  expect(status).toBe(1)
})

test('without a match there is nothing to say and the exit code is 0', async () => {
  const { status, lines } = replay(await write('calm.json', JSON.stringify(harmless)), '--json')
  expect(status).toBe(0)
  expect(json(lines)).toMatchObject([{ summary: { events: 1, rejected: 0, matches: 0 } }])
})

test('what is rejected is counted and named, and the rest is replayed', async () => {
  const file = await write('mixed.ndjson', `${JSON.stringify(harmless)}\nnot json\n{"hello":"world"}\n${JSON.stringify(stopped)}\n`)
  const { status, stderr, lines } = replay(file, '--json')
  expect(status).toBe(1)
  expect(json(lines).at(-1)).toMatchObject({ summary: { events: 2, rejected: 2, matches: 1 } })
  expect(stderr).toContain(`${file}#1: not-json`)
  expect(stderr).toContain(`${file}#2: not-an-event`)
})

test('a folder of other things is rejected without a line for each', async () => {
  const file = await write('other.ndjson', '{"hello":"world"}\n'.repeat(30))
  const { stderr, status } = replay(file)
  expect(stderr.match(/^rejected: /gmu)).toHaveLength(21)
  expect(stderr).toContain('0 events, 30 rejected')
  expect(status).toBe(1)
})

test('people read lines in which text from outside cannot steer the terminal', async () => {
  const record = { ...stopped, requestParameters: { name: 'ma\u001b[31m\u202ein' } }
  const { stderr, lines } = replay(await write('hostile.json', JSON.stringify(record)))
  expect(lines.join('\n')).toContain('AWS.CloudTrail.Stopped')
  for (const letter of ['\u001b', '\u202e']) expect(lines.join('\n')).not.toContain(letter)
  expect(stderr).toMatch(/1 event, 0 rejected, 1 match in/)
})

test('a file that is not there is a misuse, named', () => {
  const { status, stderr, lines } = replay('/nowhere/x.json', '--json')
  expect(status).toBe(2)
  expect(stderr).toContain('/nowhere/x.json: cannot be read (ENOENT)')
  expect(lines).toEqual([])
})

test('a folder of detections that is not there is a misuse, named', async () => {
  const { status, stderr } = replay(await write('calm.json', JSON.stringify(harmless)), '--detections', '/nowhere')
  expect(status).toBe(2)
  expect(stderr).toContain('--detections: given /nowhere')
})
