import type { Outcome, ResourceRef, Verdict } from '#model'
import type { Records } from '#store'
import { violationKey } from './essence.ts'
import type { Occasion, Why } from './reconcile.ts'

// A policy that cannot judge leaves the changes of that time unaccounted for: the first verdict it can give again is about them.

/** A resource changes so often at most that is told of. */
const mostVersions = 100

/** What a new verdict adds to remember from where on its unknown outcomes leave the resource unjudged. */
export function unjudgedSince(outcomes: readonly Outcome[], before: Verdict | null): Pick<Verdict, 'unjudgedSince'> {
  const unknown = outcomes.filter(({ outcome }) => outcome === 'unknown')
  if (unknown.length === 0) return {}
  return { unjudgedSince: Object.fromEntries(unknown.map(({ detectionId }) => [detectionId, sinceOf(detectionId, before)])) }
}

function sinceOf(detectionId: string, before: Verdict | null): number {
  if (before === null) return 0
  return wasUnknown(detectionId, before) ? firstUnjudged(detectionId, before) : before.number + 1
}

/** Verdicts of older versions do not say it: then it is the state that was judged. */
function firstUnjudged(detectionId: string, { number, unjudgedSince: since }: Verdict): number {
  return Object.entries(since ?? {}).find(([id]) => id === detectionId)?.[1] ?? number
}

function wasUnknown(detectionId: string, { outcomes }: Verdict): boolean {
  return outcomes.some((each) => each.detectionId === detectionId && each.outcome === 'unknown')
}

/**
 * Why a detection says what it says of a violation. Where it could not judge before, the changes of the resource since its last verdict come
 * first: none of them was told. What is known to have mattered of the change at hand stands as it is. What it says for the first time, and
 * would have said before the change, is not about that.
 */
export async function whyOf(
  records: Pick<Records, 'versions'>,
  resource: ResourceRef,
  detectionId: string,
  key: string,
  occasion: Why & Pick<Occasion, 'before' | 'standing'>,
): Promise<Why> {
  const { before, essence, standing } = occasion
  const violation = violationKey(detectionId, key)
  if (essence?.has(violation) === true) return occasion
  if (standing?.has(violation) === true) return { origin: 'detection', causes: [], differences: [] }
  if (before === null || !wasUnknown(detectionId, before)) return occasion
  const since = firstUnjudged(detectionId, before)
  const newestFirst = await records.versions.list(resource, mostVersions)
  const gone = newestFirst.findIndex(({ kind }) => kind === 'gone')
  const changes = newestFirst
    .slice(0, gone === -1 ? undefined : gone)
    .filter(({ number, kind }) => number >= since && kind !== 'first' && kind !== 'reshaped')
    .toReversed()
  if (changes.length === 0) return occasion
  return {
    origin: 'change',
    causes: [...changes.flatMap(({ causes }) => causes), ...occasion.causes],
    differences: [...changes.flatMap(({ differences }) => differences), ...occasion.differences],
  }
}
