import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEvaluator, type Evaluator } from '#detection'
import { compareStates, textAt, type JsonObject, type Resource } from '#model'
import { openStore, type Store } from '#store'
import type { Figure } from '../../services/cli/bench-command.ts'
import { findEssence } from '../../services/pipeline/essence.ts'
import { identity } from '../fixtures/changes/identity.ts'
import { network } from '../fixtures/changes/network.ts'
import type { RecordedChange } from '../fixtures/changes/recorded-change.ts'
import { storage } from '../fixtures/changes/storage.ts'

const rounds = 30
const shipped = fileURLToPath(new URL('../../policies', import.meta.url))
const recorded = [...network, ...storage, ...identity].filter(({ policy }) => policy.startsWith('AWS.'))

/**
 * What finding the difference that matters adds to an event: over the recorded changes under shipped policies, the time of the search, as a
 * ratio of judging the changed resource once, in one run.
 */
export async function bench(): Promise<{ name: string; figures: Figure[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'tripline-essence-'))
  await using evaluator = await createEvaluator({
    folders: [shipped],
    trust: { accounts: ['111111111111'], regions: null, times: 'any' },
  })
  await using store = await openStore({ folder })
  const [judging, finding]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds + 2; round += 1) {
    for (const change of recorded) {
      const { judgeMs, findMs } = await once({ evaluator, store }, change)
      if (round < 2) continue
      judging.push(judgeMs)
      finding.push(findMs)
    }
  }
  await rm(folder, { recursive: true, force: true })
  const [judge, find, slow] = [middle(judging, 0.5), middle(finding, 0.5), middle(finding, 0.99)]
  const of = `judging it once (${judge.toFixed(2)} ms; ${cpus()[0]?.model ?? 'unknown'})`
  return {
    name: 'essence',
    figures: [
      {
        name: `the difference that matters, median of ${finding.length} (${find.toFixed(2)} ms)`,
        value: find / judge,
        unit: '×',
        of,
      },
      { name: `the same, 99th of 100 (${slow.toFixed(2)} ms)`, value: slow / judge, unit: '×', of, aim: 'at most 200 ms' },
    ],
  }
}

async function once(parts: { evaluator: Evaluator; store: Store }, { type, before, after }: RecordedChange) {
  const resource = resourceOf(type, after)
  const startedAt = performance.now()
  const [judged] = await parts.evaluator.judgeResources([resource], async () => await Promise.resolve(new Map()))
  const judgedAt = performance.now()
  const comparison = compareStates(before, after)
  await findEssence(parts, { resource, comparison, before: null, outcomes: judged?.outcomes ?? [], events: [] })
  return { judgeMs: judgedAt - startedAt, findMs: performance.now() - judgedAt }
}

function resourceOf(type: string, attributes: JsonObject): Resource {
  const id = textAt(attributes, 'ResourceId') ?? type
  return { accountId: '111111111111', region: 'eu-west-1', type, id, number: 1, shape: 1, attributes, fetchedAt: new Date() }
}

function middle(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * share)] ?? 0
}
