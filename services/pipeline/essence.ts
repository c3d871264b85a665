import { setTimeout as after } from 'node:timers/promises'
import { roomLogger } from '#runtime'
import type { Cause, Comparison, Difference, FindingAlert, JsonObject, Outcome, Resource, Verdict } from '#model'
import type { LookUp } from '#detection'
import { minimalSets, type Trial } from './minimal-sets.ts'
import type { Parts } from './parts.ts'
import { writersOf, type Writer } from './writers.ts'

const log = roomLogger('pipeline')

/** What mattered of a change, by violation (`violationKey`). */
export type Essence = ReadonlyMap<string, Told>
interface Told {
  /** The smallest set of differences whose return makes the violation go away. */
  readonly differences: readonly Difference[]
  /** The events that wrote these. */
  readonly causes: readonly Cause[]
}
/** What a finding shows of a change. */
export interface Shown extends Told, Pick<FindingAlert, 'essential' | 'otherDifferences'> {}

/** A changed resource, as it was judged. */
export interface Changed {
  readonly resource: Resource
  readonly comparison: Comparison
  /** What was said of the state before. */
  readonly before: Verdict | null
  readonly outcomes: readonly Outcome[]
  readonly events: readonly Writer[]
}

/** Alerts wait for no more than this. */
const mostMs = 200
const mostTrials = 300
/** JSON that is sent to the evaluator, in characters. */
const mostLetters = 8_000_000
/** What is shown where it is not known what mattered. */
const mostShown = 20

/**
 * The difference that matters: each changed value is put back and the failing policies are run again; the smallest set whose return makes
 * a violation go away is its essence. Asks about violations that are new. What is not found within its time is left out.
 */
export async function findEssence(parts: Pick<Parts, 'store' | 'evaluator'>, changed: Changed): Promise<Essence> {
  const { comparison, resource, events } = changed
  const { differences, revert } = comparison
  const targets = newViolations(changed)
  if (differences.length === 0 || targets.length === 0) return new Map()
  const over = new AbortController()
  const trial = tryingOut(parts, changed, targets, over.signal)
  const letters = JSON.stringify(resource.attributes).length
  const search = minimalSets(differences.length, targets.length, trial, Math.min(mostTrials, Math.floor(mostLetters / letters)))
  try {
    const found = await Promise.race([search, after(mostMs, null, { signal: over.signal })])
    const essence = new Map<string, Told>()
    for (const [index, { detectionId, key }] of targets.entries()) {
      const places = found?.[index] ?? []
      const shown = differences.filter((_, place) => places.includes(place))
      if (shown.length === 0) continue
      essence.set(violationKey(detectionId, key), {
        differences: shown,
        causes: writersOf(events, shown, resource.attributes, revert),
      })
    }
    return essence
  } catch (error) {
    log.warn({ resource: resource.id, error: error instanceof Error ? error.message : 'unknown' }, 'what mattered was not found')
    return new Map()
  } finally {
    over.abort()
    // One that lost the race still ends, by the abort; nobody waits for it.
    search.catch(() => null)
  }
}

interface Target {
  readonly detectionId: string
  readonly key: string
}

/** Violations that were none before: only they open findings. */
function newViolations({ outcomes, before }: Changed): readonly Target[] {
  const known = new Set(violationKeys(before?.outcomes ?? []))
  return outcomes.flatMap(violationsOf).filter(({ detectionId, key }) => !known.has(violationKey(detectionId, key)))
}

function violationsOf(outcome: Outcome): readonly Target[] {
  if (outcome.outcome !== 'fail') return []
  return outcome.violations.map(({ key }) => ({ detectionId: outcome.detectionId, key }))
}

/** Judges the resource with differences put back, by the failing policies only. What cannot be judged does not pass. */
function tryingOut(
  { evaluator, store }: Pick<Parts, 'store' | 'evaluator'>,
  { resource, comparison: { differences, revert } }: Changed,
  targets: readonly Target[],
  over: AbortSignal,
): Trial {
  const only = [...new Set(targets.map(({ detectionId }) => detectionId))]
  const lookUp = remembered((ids) => store.states.attributes(ids))
  return async (sets) => {
    over.throwIfAborted()
    const states = sets.map((places): Resource => {
      const back = new Set(differences.filter((_, place) => places.includes(place)))
      return { ...resource, attributes: revert(back) }
    })
    const judged = await evaluator.judgeResources(states, lookUp, only)
    return judged.map(({ outcomes }) => (target) => {
      const { detectionId, key } = targets[target] ?? { detectionId: '', key: '' }
      const outcome = outcomes.find((each) => each.detectionId === detectionId)
      if (outcome === undefined || outcome.outcome === 'unknown') return false
      return outcome.outcome !== 'fail' || outcome.violations.every((violation) => violation.key !== key)
    })
  }
}

/** Other resources are read once. */
function remembered(lookUp: LookUp): LookUp {
  const known = new Map<string, JsonObject | null>()
  return async (ids) => {
    const missing = ids.filter((id) => !known.has(id))
    const read = missing.length === 0 ? new Map<string, JsonObject>() : await lookUp(missing)
    for (const id of missing) known.set(id, read.get(id) ?? null)
    return new Map(ids.flatMap((id) => pairOf(id, known.get(id))))
  }
}

function pairOf(id: string, attributes: JsonObject | null | undefined): readonly (readonly [string, JsonObject])[] {
  return attributes === null || attributes === undefined ? [] : [[id, attributes]]
}

/** What a finding shows: what mattered, or else all that changed, cut. */
export function shownOf(
  occasion: { readonly essence?: Essence; readonly differences: readonly Difference[]; readonly causes: readonly Cause[] },
  detectionId: string,
  key: string,
): Shown {
  const told = occasion.essence?.get(violationKey(detectionId, key))
  const shown = told ?? { differences: occasion.differences.slice(0, mostShown), causes: occasion.causes }
  return { ...shown, essential: told !== undefined, otherDifferences: occasion.differences.length - shown.differences.length }
}

/** One text for a violation of a policy, or a finding of it. */
export function violationKey(detectionId: string, key: string): string {
  return JSON.stringify([detectionId, key])
}

/** All that outcomes object to. */
export function violationKeys(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.flatMap(violationsOf).map(({ detectionId, key }) => violationKey(detectionId, key))
}
