import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIntake } from '#pipeline'
import { aRepository } from '../detection/python/world.ts'
import { aRule, type Folder } from '../detection/world.ts'
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
    Summed: {
      code: 'def rule(event): return event.get("eventName") == "RunInstances"',
      spec: { SummaryAttributes: ['requestParameters.name', 'p_any_ip_addresses', 'nothing'] },
    },
  })
  await folder.write(
    'rules/typed.ts',
    aRule('Typed', 'return true', { slots: `summaryAttributes: ['requestParameters.name', 'p_any_ip_addresses', 'nothing'],` }),
  )
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

test('what a rule sums up is told with its alert in both languages, and its repetition tells the counts since', async () => {
  const send = (name: unknown, address: string) =>
    line.send({
      ...aRecord({ source: 'ec2.amazonaws.com', name: 'RunInstances', region: 'eu-west-1', account }),
      requestParameters: { name },
      sourceIPAddress: address,
    })
  const summed = async (status: string) =>
    (await line.store.findings.list({}, 10))
      .filter((each) => each.status === status)
      .map(({ detectionId, summary }) => [detectionId, summary])
  const field = (path: string, ...values: readonly (readonly [string, number])[]) => {
    return { path, values: values.map(([value, count]) => ({ value, count })), others: 0 }
  }
  const both = (summary: readonly object[]) =>
    expect.arrayContaining([
      ['Summed', summary],
      ['Typed', summary],
    ]) as unknown

  await send(['<!channel>', 7, null, '', 7, { not: 'a value' }], '192.0.2.1')
  const first = [field('requestParameters.name', ['7', 1], ['<!channel>', 1]), field('p_any_ip_addresses', ['192.0.2.1', 1])]
  expect(await summed('open')).toEqual(both(first))
  const told = (await line.told()).map((each) => each.kind === 'finding' && [each.detection.id, each.summary])
  expect(told).toEqual(both(first))
  await send(true, '192.0.2.1')
  await send('<!channel>', '192.0.2.2')
  const later = [
    field('requestParameters.name', ['<!channel>', 2], ['7', 1], ['true', 1]),
    field('p_any_ip_addresses', ['192.0.2.1', 2], ['192.0.2.2', 1]),
  ]
  expect(await summed('open')).toEqual(both(later))
  for (const { id } of (await line.store.findings.list({}, 10)).filter((each) => each.summary.length > 0))
    expect((await line.store.alerts.byFinding(id))?.content).toMatchObject({ count: 3, summary: later })
})
