import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Evaluator } from '#detection'
import { noteRefused } from '#pipeline'
import type { Store } from '#store'
import { readConfig } from '../../services/processes/config.ts'
import { followDetections, type FollowedDetections, type Hear } from '../../services/processes/follow-detections.ts'
import { account, aBody, aFolder, aPolicy, aRule, type Folder } from '../detection/world.ts'
import { freshStore } from '../support/database.ts'
import { aRouter } from '../support/routing.ts'
import { until } from '../support/until.ts'

// A process that runs folders follows what is done to their files.

let [folder, beside]: [Folder, Folder] = [null!, null!]
let store: Store
let followed: FollowedDetections
let following: Promise<void>
const stop = new AbortController()
const heard: string[] = []

beforeAll(async () => {
  folder = await aFolder({ 'rules/one.ts': aRule('One', "if (record.requestID === 'hang') while (true) {}; return true") })
  beside = await aFolder({})
  const file = {
    sources: [{ sqs: { queueUrl: 'http://127.0.0.1:1/queue' } }],
    accounts: [{ id: account, name: 'shop', regions: ['us-east-1'] }],
    aws: { externalId: 'x-1' },
    detections: [folder.path],
    fallback: 'security',
  }
  await beside.write('tripline.yaml', JSON.stringify(file))
  store = await freshStore()
  followed = await followDetections(await readConfig(join(beside.path, 'tripline.yaml'), {}), store)
  const hear: Hear = {
    switched: async ({ detections }) => void heard.push(`switched ${detections.map(({ id }) => id).join()}`),
    async refused(what, broken) {
      await noteRefused({ store, tell: { route: aRouter() } as Parameters<typeof noteRefused>[0]['tell'] }, what, broken)
      heard.push(`refused ${broken.map(({ file: path, message }) => `${path.slice(folder.path.length)} ${message}`).join()}`)
    },
  }
  following = followed.follow(hear, stop.signal)
})
afterAll(async () => {
  stop.abort()
  await following
  await followed[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
  await beside[Symbol.asyncDispose]()
})

const titles = async (own: Record<string, string> = {}): Promise<readonly string[]> => {
  const body = aBody({ eventTime: `${new Date().toISOString().slice(0, 19)}Z`, ...own })
  const [judged] = await followed.evaluators.lend((evaluator: Evaluator) => evaluator.judgeBodies([body]))
  return (judged?.records ?? []).flatMap(({ matches, failures }) => [...matches, ...failures].map(({ detectionId }) => detectionId))
}

test('a half-written file takes nothing away, not even from a process that is replaced; it is told once, and mended it goes live', async () => {
  expect(followed.evaluators.current.bundle).toBeNull()
  const whole = aRule('One', 'return true', { slots: "title: () => 'mended'," })
  await folder.write('rules/one.ts', whole.slice(0, 120))
  await until('the refusal', () => heard.some((each) => each.startsWith('refused /rules/one.ts line ')))
  expect(await titles({ requestID: 'hang' })).toEqual(['One'])
  expect(await titles()).toEqual(['One'])
  await folder.write('rules/one.ts', `${whole.slice(0, 120)} `)
  await folder.write('rules/one.ts', whole.slice(0, 120))
  await folder.write('rules/one.ts', whole)
  await until('the switch', () => heard.includes('switched One'))
  expect(heard.filter((each) => each.startsWith('refused'))).toHaveLength(1)
  const told = await store.deliveries.lease(9, 10_000)
  expect(told.map(({ content }) => content)).toMatchObject([
    { kind: 'note', title: 'The folders of detections were changed and cannot be loaded' },
  ])
})

test('folders that hold no detection any more are not believed', async () => {
  const before = followed.evaluators.current
  await folder.write('rules/one.ts', 'export const nothing = 1\n')
  await until('the refusal', () => heard.some((each) => each.includes('holds no detection any more')))
  expect(followed.evaluators.current).toBe(before)
  expect(await titles()).toEqual(['One'])
})

test('a change goes live without a start, whatever language it is in', async () => {
  await folder.write('rules/two.py', 'def rule(event):\n    return event.get("eventName") == "RunInstances"\n')
  const specification =
    'AnalysisType: rule\nRuleID: Two\nFilename: two.py\nEnabled: true\nSeverity: Low\nLogTypes: [AWS.CloudTrail]\n'
  await folder.write('rules/two.yml', specification)
  await folder.write('rules/one.ts', aPolicy('P', 'return true'))
  await until('the switch', () => heard.includes('switched P,Two'))
  expect(await titles()).toEqual(['Two'])
  expect(followed.evaluators.current.detections.map(({ file }) => file)).toEqual([
    join(folder.path, 'rules/one.ts'),
    join(folder.path, 'rules/two.yml'),
  ])
})
