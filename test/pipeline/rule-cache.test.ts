import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIntake } from '#pipeline'
import { aRepository } from '../detection/python/world.ts'
import type { Folder } from '../detection/world.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { aRecord } from '../support/records.ts'

const account = '111111111111'
let line: InnerLine
let folder: Folder

beforeAll(async () => {
  folder = await aRepository({
    Third: {
      code: `
from panther_detection_helpers.caching import add_to_string_set, get_string_set, increment_counter
def rule(event):
    add_to_string_set("seen", event.get("eventID"), 3600)
    return increment_counter("calls") >= 3
def title(event): return f"{len(get_string_set('seen'))} calls"
def description(event): return "Said of this one."
`,
      spec: { Description: 'Said of all.' },
    },
  })
  line = await startInnerLine({
    endpoint: 'http://127.0.0.1:9',
    accounts: [{ id: account, regions: ['eu-west-1'] }],
    types: ['AWS.S3.Bucket'],
    folders: [folder.path],
    workers: [],
  })
})
afterAll(async () => {
  await line[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

test('what rules remember is kept with the event: one that comes again changes nothing, and each is counted once', async () => {
  const intake = createIntake({ ...line.parts, source: 'queue' })
  const record = () => aRecord({ source: 'kms.amazonaws.com', name: 'ListAliases', region: 'eu-west-1', account })
  const send = (one: object) => intake([{ id: 'one', body: JSON.stringify(one), receivedAt: new Date() }])
  const [first, second, third] = [record(), record(), record()]
  const calls = async () => (await line.store.ruleCache.since(null)).entries.find(([key]) => key === 'calls')?.[1]?.[1]

  for (const one of [first, first, second, first, second]) await send(one)
  expect(await calls()).toBe(2)
  expect(await line.told()).toEqual([])
  await send(third)
  expect(await line.told()).toMatchObject([{ title: '3 calls', why: 'Said of this one.' }])
  expect(await calls()).toBe(3)
})
