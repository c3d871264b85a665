import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEvaluator, type Evaluator } from '#detection'
import { aBody, aFolder, trust, type Folder } from '../world.ts'
import { bombs, escapes, stubborn } from './escapes.ts'
import { aRepository, type PythonDraft } from './world.ts'

const canary = 'canary-7f3a91'
const limitMs = 250
const whole = process.env['TRIPLINE_JOURNEYS'] === 'whole'
let [connections, port] = [0, 0]
const server = createServer((socket) => {
  connections += 1
  socket.destroy()
})
let [outside, folder]: (Folder | undefined)[] = []
let evaluator: Evaluator

const marker = (): string => join(outside?.path ?? '', 'marker')

beforeAll(async () => {
  process.env['TRIPLINE_CANARY'] = canary
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
  outside = await aFolder({ 'secret.txt': canary })
  const known = `FILE, PORT, MARK, HOST = ${JSON.stringify(join(outside.path, 'secret.txt'))}, ${port}, ${JSON.stringify(marker())}, False\ndef os_dir(): return FILE.rsplit("/", 1)[0]\n`
  const asked = (id: string): string => `event.get("eventName") == "${id}"`
  const drafts: Record<string, PythonDraft> = {}
  for (const [id, body] of Object.entries(escapes)) {
    const lines = body.split('\n').map((line) => `    ${line}`)
    drafts[`escape-${id}`] = {
      code: `${known}def attempt():\n${lines.join('\n')}\ngot = ""\ndef rule(event):\n    global got\n    if not ${asked(`escape-${id}`)}: return False\n    try: got = str(attempt())\n    except BaseException as error: got = "refused: " + repr(error)\n    return True\ndef title(event): return got\n`,
    }
  }
  for (const [id, { code }] of Object.entries({ ...bombs, ...stubborn }))
    drafts[`bomb-${id}`] = { code: `def rule(event):\n    if not ${asked(`bomb-${id}`)}: return False\n    ${code}\n` }
  drafts['Peaceful'] = { code: `def rule(event): return ${asked('Peaceful')} and len("x" * 1_000_000) > 0` }
  folder = await aRepository(drafts)
  evaluator = await createEvaluator({ folders: [folder.path], trust, timeoutMs: limitMs, memoryMb: 160, index: false })
})
afterAll(async () => {
  delete process.env['TRIPLINE_CANARY']
  await evaluator[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
  await outside?.[Symbol.asyncDispose]()
  server.close()
})

async function judge(eventName: string) {
  const begun = performance.now()
  const [judged] = await evaluator.judgeBodies([aBody({ eventName })])
  const { matches = [], failures = [] } = judged?.records[0] ?? {}
  return { matches, failures, ms: performance.now() - begun }
}

test(`none of ${Object.keys(escapes).length} ways out reads the canary, connects or leaves a mark, and the next detection is judged`, async () => {
  const got: string[] = []
  for (const id of Object.keys(escapes)) {
    const { matches, failures } = await judge(`escape-${id}`)
    const said = [...matches.map(({ title }) => title), ...failures.map(({ reason, message }) => `${reason} ${message}`)]
    got.push(`${id}: ${said.join(' and ')}`)
  }
  expect(got).toHaveLength(Object.keys(escapes).length)
  expect(got.filter((said) => said.includes(canary))).toEqual([])
  expect(got.filter((said) => said.startsWith('listing') && !said.includes('refused'))).toEqual([])
  expect(existsSync(marker())).toBe(false)
  expect(connections).toBe(0)
  expect((await judge('Peaceful')).matches.map(({ detectionId }) => detectionId)).toEqual(['Peaceful'])
})

describe('what would not end', () => {
  test('is stopped within 300 ms of its limit, named, and the next detection is judged', async () => {
    const wrong: string[] = []
    for (const [id, { ends }] of Object.entries(bombs)) {
      const { failures, ms } = await judge(`bomb-${id}`)
      // A machine that runs other tests beside is slower.
      const inTime = ms < limitMs + (whole ? 300 : 3_000)
      const [{ detectionId, reason } = { detectionId: 'nobody', reason: 'nothing' }] = failures
      if (detectionId !== `bomb-${id}` || !ends.includes(reason) || !inTime)
        wrong.push(`${id}: ${detectionId} ${reason} ${Math.round(ms)} ms`)
    }
    expect(wrong).toEqual([])
    expect((await judge('Peaceful')).matches.map(({ detectionId }) => detectionId)).toEqual(['Peaceful'])
  })

  test.each(Object.entries(whole ? stubborn : {}))('is killed where it cannot be interrupted: %s', async (id, { ends }) => {
    const { failures } = await judge(`bomb-${id}`)
    expect(ends).toContain(failures[0]?.reason)
    expect((await judge('Peaceful')).matches.map(({ detectionId }) => detectionId)).toEqual(['Peaceful'])
  })
})
