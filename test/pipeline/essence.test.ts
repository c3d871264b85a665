import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { differencesInWords } from '#alerting'
import { createEvaluator, type Evaluator } from '#detection'
import { compareStates, textAt, type Difference, type JsonObject, type Outcome, type Resource } from '#model'
import type { Store } from '#store'
import { findEssence, shownOf } from '../../services/pipeline/essence.ts'
import { aJudgement, aLook } from '../contracts/store-builders.ts'
import { aFolder, aPolicy, trust } from '../detection/world.ts'
import { identity } from '../fixtures/changes/identity.ts'
import { network } from '../fixtures/changes/network.ts'
import type { RecordedChange } from '../fixtures/changes/recorded-change.ts'
import { services } from '../fixtures/changes/services.ts'
import { storage } from '../fixtures/changes/storage.ts'
import { freshStore } from '../support/database.ts'

const shipped = fileURLToPath(new URL('../../policies', import.meta.url))
const recorded = [...network, ...storage, ...identity, ...services]
const made = (index: number): string => `Recorded.${index}`
const detectionOf = (change: RecordedChange): string =>
  change.policy.startsWith('AWS.') ? change.policy : made(recorded.indexOf(change))

let [evaluator, store]: [Evaluator | null, Store | null] = [null, null]
const written = await aFolder(
  Object.fromEntries(
    recorded.flatMap(({ policy, type }, index) => {
      if (policy.startsWith('AWS.')) return []
      const text = `import { definePolicy } from 'tripline'
export default definePolicy({
  id: '${made(index)}', severity: 'HIGH', description: 'Of a recorded change.', resourceTypes: ['${type}'],
  evaluate: (resource: any, others: any) => { ${policy} },
})
`
      return [[`recorded-${index}.ts`, text] as const]
    }),
  ),
)

beforeAll(async () => {
  evaluator = await createEvaluator({ folders: [shipped, written.path], trust })
  store = await freshStore()
}, 60_000)

afterAll(async () => {
  await evaluator?.[Symbol.asyncDispose]()
  await store?.[Symbol.asyncDispose]()
  await written[Symbol.asyncDispose]()
})

let number = 0
const state = (type: string, id: string, attributes: JsonObject): Resource => {
  number += 1
  return { accountId: '111111111111', region: 'eu-west-1', type, id, number, shape: 1, attributes, fetchedAt: new Date() }
}

/** What is shown of a change. */
async function shown({ type, before, after, others }: RecordedChange, detectionId: string, key = '') {
  if (evaluator === null || store === null) throw new Error('not started')
  const open = { evaluator, store }
  for (const [id, attributes] of Object.entries(others ?? {})) {
    await store.states.put(state('AWS.Test.Other', id, attributes), aJudgement(number), aLook({ eventId: id }))
  }
  const judge = async (attributes: JsonObject) => {
    const resource = state(type, textAt(attributes, 'ResourceId') ?? type, attributes)
    const [judged] = await open.evaluator.judgeResources([resource], (ids) => open.store.states.attributes(ids))
    return { resource, outcomes: judged?.outcomes ?? [] }
  }
  const is = await judge(after)
  const comparison = compareStates(before, after)
  const essence = await findEssence(open, { ...is, comparison, before: null, events: [] })
  return {
    ...shownOf({ essence, differences: comparison.differences, causes: [] }, detectionId, key),

    is: is.outcomes,
  }
}

const sentences = (differences: readonly Difference[]): readonly string[] =>
  differencesInWords(differences).map(({ what, before, after }) => `${what}: ${before} → ${after}`)

describe(`what mattered of ${recorded.length} recorded changes is what a person wrote down beforehand`, () => {
  test.each(recorded)('$title', async (change) => {
    const detectionId = detectionOf(change)
    const found = await shown(change, detectionId, change.key)
    const paths = found.differences.map(({ path }) => path).toSorted()
    expect(outcomeOf(found.is, detectionId)).toBe('fail')
    expect(found.essential).toBe(change.cause !== null)
    // Where nothing that changed is the cause, all that changed is shown.
    expect([found.differences.length, found.otherDifferences]).toEqual(
      change.cause === null ? [change.noise, 0] : [found.differences.length, change.noise],
    )
    expect(change.cause?.paths ?? paths).toEqual(paths)
    expect(sentences(found.differences)).toEqual(expect.arrayContaining([...(change.cause?.words ?? [])]))
  })
})

const outcomeOf = (outcomes: readonly Outcome[], id: string): string | undefined =>
  outcomes.find(({ detectionId }) => detectionId === id)?.outcome

describe('what mattered is left open', () => {
  const bucket = (own: JsonObject): Resource =>
    state('AWS.S3.Bucket', 'arn:aws:s3:::b', { Name: 'b', Grants: null, Policy: null, ...own })
  const before = { Name: 'b', Versioning: 'Enabled', MFADelete: 'Enabled' }
  const failing = (detectionId: string) =>
    ({
      detectionId,
      outcome: 'fail',
      violations: [{ key: '', title: '', severity: 'LOW', dedup: '', context: {} }],
      validUntil: null,
      lookedUp: [],
    }) as const
  const open = (): Store => {
    if (store === null) throw new Error('not started')
    return store
  }

  test('of a violation that there was before: no finding is opened for it', async () => {
    if (evaluator === null) throw new Error('not started')
    const resource = bucket({ Grants: null })
    const outcomes = [failing('AWS.S3.Bucket.PublicRead')]
    const changed = { resource, comparison: compareStates(before, resource.attributes), outcomes, events: [] }
    const asked: number[] = []
    const counted: Evaluator = {
      ...evaluator,
      judgeResources: async (resources, lookUp, only) => {
        asked.push(resources.length)
        return (await evaluator?.judgeResources(resources, lookUp, only)) ?? []
      },
    }
    expect((await findEssence({ evaluator: counted, store: open() }, { ...changed, before: { number: 1, outcomes } })).size).toBe(0)
    expect(asked).toEqual([])
    await findEssence({ evaluator: counted, store: open() }, { ...changed, before: null })
    expect(asked.length).toBeGreaterThan(0)
  })

  test('where a policy hangs on what is put back: the alert waits for a fifth of a second, and the next is judged', async () => {
    const hangs = aPolicy('Hangs', `if (resource.Versioning === 'Enabled') for (;;); return false`)
    await using own = await aFolder({ 'hangs.ts': hangs })
    await using slow = await createEvaluator({ folders: [own.path], trust, timeoutMs: 1_000 })
    const resource = bucket({ Versioning: 'Suspended', MFADelete: 'Disabled' })
    const comparison = compareStates(before, resource.attributes)
    const startedAt = performance.now()
    const essence = await findEssence(
      { evaluator: slow, store: open() },
      { resource, comparison, before: null, outcomes: [failing('Hangs')], events: [] },
    )
    expect(performance.now() - startedAt).toBeLessThan(600)
    expect(shownOf({ essence, differences: comparison.differences, causes: [] }, 'Hangs', '')).toMatchObject({
      essential: false,
      otherDifferences: 0,
      differences: comparison.differences,
    })
    const [judged] = await slow.judgeResources([bucket({})], async (ids) => await open().states.attributes(ids))
    expect(judged?.outcomes).toMatchObject([{ outcome: 'fail' }])
  }, 30_000)

  test('of a huge resource, and what changed is cut', async () => {
    if (evaluator === null) throw new Error('not started')
    const many = (value: number): JsonObject =>
      Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`k${index}`, `${value}`.padEnd(2_000, 'x')] as const))
    const resource = bucket({ Tags: many(1) })
    const comparison = compareStates({ ...before, Tags: many(2) }, resource.attributes)
    const essence = await findEssence(
      { evaluator, store: open() },
      { resource, comparison, before: null, outcomes: [failing('AWS.S3.Bucket.PublicRead')], events: [] },
    )
    const { differences, otherDifferences, essential } = shownOf(
      { essence, differences: comparison.differences, causes: [] },
      'x',
      '',
    )
    expect([differences.length, otherDifferences, essential]).toEqual([20, comparison.differences.length - 20, false])
  })
})
