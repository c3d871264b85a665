import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { readBundle, type Evaluator } from '#detection'
import type { Store } from '#store'
import { readConfig, type Config } from '../../services/processes/config.ts'
import { openDetections } from '../../services/processes/detections.ts'
import { followDetections, type Refused } from '../../services/processes/follow-detections.ts'
import { aRepository } from '../detection/python/world.ts'
import { account, aBody, aFolder, aPolicy, aRule, type Folder } from '../detection/world.ts'
import { freshStore } from '../support/database.ts'
import { until } from '../support/until.ts'

const act = { by: 'ada', origin: null, message: null, forced: false }

describe('a process that follows bundles', () => {
  let temporary: Folder
  let own: Folder
  let store: Store
  let config: Config
  const heard: string[] = []
  let stop = new AbortController()

  beforeAll(async () => {
    // Of its own, so that no other test's folders lie in it.
    temporary = await aFolder({})
    vi.stubEnv('TMPDIR', temporary.path)
    own = await aFolder({ 'a.ts': aPolicy('Own', 'return true'), 'both.ts': aPolicy('Both', 'return true') })
    store = await freshStore()
    const file = {
      sources: [{ sqs: { queueUrl: 'http://127.0.0.1:1/queue' } }],
      accounts: [{ id: account, name: 'shop', regions: ['us-east-1'] }],
      aws: { externalId: 'x-1' },
      detections: [own.path, 'bundle'],
      fallback: 'security',
    }
    await own.write('tripline.yaml', JSON.stringify(file))
    config = await readConfig(join(own.path, 'tripline.yaml'), {})
  })
  afterEach(() => {
    stop.abort()
    stop = new AbortController()
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await own[Symbol.asyncDispose]()
    await temporary[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
  })

  /** Past the tests of an upload, as from a machine that can load more than this one. */
  async function add(files: Readonly<Record<string, string>>): Promise<number> {
    await using folder = await aFolder(files)
    const { digest, files: content } = await readBundle(folder.path)
    return (await store.bundles.add({ digest, files: content, detections: [] }, act)).number
  }
  const hear = {
    switched: async ({ bundle }: Evaluator) => void heard.push(`switched ${bundle?.number}`),
    refused: async (what: Refused, broken: Evaluator['broken']) =>
      void heard.push(
        `refused ${'bundle' in what ? what.bundle.number : 'folders'}: ${broken.map(({ file, message }) => `${file} ${message}`).join()}`,
      ),
  }
  const idsOf = ({ detections }: Evaluator): readonly string[] => detections.map(({ id }) => id).toSorted()
  const folders = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('tripline-bundle-'))

  test('runs its folders with the bundle, whose detections replace those of the same id; a batch that has begun ends on the old', async () => {
    await using followed = await followDetections(config, store)
    const { evaluators } = followed
    expect(evaluators.current.bundle).toEqual({ number: 0, activation: 0, overdue: false })
    const following = followed.follow(hear, stop.signal)
    const before = evaluators.current
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const batch = evaluators.lend(async (evaluator) => {
      await held
      await evaluator.judgeBodies(['{}'])
      return evaluator
    })
    const number = await add({ 'rule.ts': aRule('Rule', 'return true'), 'both.ts': aPolicy('Both', 'return false') })
    await until('the switch', () => heard.includes(`switched ${number}`))
    const { current } = evaluators
    expect(idsOf(current)).toEqual(['Both', 'Own', 'Rule'])
    expect(current.broken).toEqual([])
    expect(current.detections.find(({ id }) => id === 'Both')?.file).toBe(`bundle ${number}: both.ts`)
    letGo()
    expect(await batch).toBe(before)
    stop.abort()
    await following
    // Nobody has it any more: it was closed.
    await expect(before.judgeBodies(['{}'])).rejects.toMatchObject({ code: 'closed' })
    expect(await evaluators.lend(async (evaluator) => evaluator)).toBe(current)
  })

  test('keeps what it runs where a bundle has a file that cannot be loaded, says which, and takes the next', async () => {
    await using followed = await followDetections(config, store)
    const following = followed.follow(hear, stop.signal)
    const before = followed.evaluators.current.bundle?.number
    const bad = await add({ 'bad.ts': 'export default 1 +', 'good.ts': aRule('Good', 'return true') })
    await until('the refusal', () => heard.some((each) => each.startsWith(`refused ${bad}: bundle ${bad}: bad.ts`)))
    expect(followed.evaluators.current.bundle).toMatchObject({ number: before, overdue: true })
    const next = await add({ 'good.ts': aRule('Good', 'return true') })
    await until('the switch', () => heard.includes(`switched ${next}`))
    expect(idsOf(followed.evaluators.current)).toEqual(['Both', 'Good', 'Own'])
    expect(followed.evaluators.current.bundle?.overdue).toBe(false)
    await store.bundles.goBack(0, act)
    await until('the folders', () => heard.includes('switched 0'))
    expect(idsOf(followed.evaluators.current)).toEqual(['Both', 'Own'])
    stop.abort()
    await following
  })

  test('without the index Python rules are asked about events that they cannot match', async () => {
    await using python = await aRepository({
      Never: { code: 'def rule(event): return event["nothing"] == 1 and event.get("eventName") == "Never"' },
    })
    const without = { ...config, detections: [python.path], followsBundles: false }
    await using followed = await followDetections(without, store, { index: false })
    const body = aBody({ eventTime: `${new Date().toISOString().slice(0, 19)}Z` })
    const [judged] = await followed.evaluators.current.judgeBodies([body])
    expect(judged?.records[0]?.failures).toMatchObject([{ detectionId: 'Never', reason: 'threw' }])
  })

  test('starts on its folders where the bundle was changed in the database, and what is missing there is called broken', async () => {
    const digest = createHash('sha256').update('x').digest('hex')
    await store.bundles.add({ digest, files: [{ path: 'a.ts', text: 'x', digest }], detections: [] }, act)
    const { number } = await store.bundles.active()
    await using followed = await followDetections(config, store)
    expect(idsOf(followed.evaluators.current)).toEqual(['Both', 'Own'])
    expect(followed.evaluators.current.broken).toMatchObject([{ file: `bundle ${number}` }])
    expect(followed.evaluators.current.bundle?.overdue).toBe(true)
    await expect(openDetections(config, store)).rejects.toThrow('was changed where it is kept')
    // Only what is run lies there.
    expect(await folders()).toHaveLength(1)
  })
})
