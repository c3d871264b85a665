import { compareStates, type Cause, type Outcome, type Resource, type Verdict } from '#model'
import type { StoredState, Version } from '#store'
import { findEssence, violationKey, violationKeys, type Essence } from './essence.ts'
import type { Parts } from './parts.ts'
import { graceEndOf } from './reconcile.ts'

/** No grace is longer than an hour; what it held is looked for a while longer. */
const youthMs = 2 * 3_600_000
/** A resource changes so often at most while it is built. */
const mostVersions = 100

/** A new resource with failing verdicts that may have waited for their grace to end: nobody may have been told of them. */
export function mayBeHeld(state: Pick<StoredState, 'bornAt' | 'verdict'> | null, now: Date): boolean {
  if (state === null || state.bornAt === null || now.getTime() - state.bornAt.getTime() > youthMs) return false
  return state.verdict?.outcomes.some(({ outcome }) => outcome === 'fail') ?? false
}

/**
 * Failing verdicts whose grace is over now and that nobody was told of, with what made each: of all that happened since the resource was
 * created the differences that matter and the events that wrote them; the creation itself where it was so from the beginning.
 */
export async function heldOver(
  parts: Pick<Parts, 'store' | 'evaluator' | 'inventory'>,
  known: StoredState | null,
  resource: Resource,
  outcomes: readonly Outcome[],
): Promise<Essence> {
  if (known === null || !mayBeHeld(known, resource.fetchedAt)) return new Map()
  const open = await parts.store.findings.openOf(resource)
  const told = new Set(open.map(({ detectionId, key }) => violationKey(detectionId, key)))
  const held = heldOf(parts, known, resource, outcomes, told)
  if (held.length === 0) return new Map()
  const life = lifeOf(await parts.store.versions.list(resource, mostVersions))
  const birth = life[0]
  const start: Essence = new Map(violationKeys(held).map((key) => [key, { differences: [], causes: birth?.causes ?? [] }]))
  if (birth?.attributes === null || birth === undefined) return start
  const comparison = compareStates(birth.attributes, resource.attributes, parts.inventory.volatile(resource.type))
  const found = await findEssence(parts, { resource, comparison, before: null, outcomes: held, events: [] })
  const written = [...found].map(([key, { differences }]) => {
    const paths = new Set(differences.map(({ path }) => path))
    const causes = life
      .filter((version) => version.differences.some(({ path }) => paths.has(path)))
      .flatMap((version) => version.causes)
    return [key, { differences, causes: causes.length > 0 ? causes : causesOf(life) }] as const
  })
  return new Map([...start, ...written])
}

/** The failing outcomes, with only those violations that were failing before, that nobody was told of, and that wait no more. */
function heldOf(
  { evaluator }: Pick<Parts, 'evaluator'>,
  known: StoredState,
  resource: Resource,
  outcomes: readonly Outcome[],
  told: ReadonlySet<string>,
): readonly Outcome[] {
  const failed = new Set(violationKeys(outcomesOf(known.verdict)))
  return outcomes.flatMap((outcome): Outcome[] => {
    const detection = evaluator.detections.find(({ id }) => id === outcome.detectionId)
    if (outcome.outcome !== 'fail' || detection === undefined) return []
    if (graceEndOf(detection, known.bornAt, resource.fetchedAt) !== null) return []
    const violations = outcome.violations.filter(({ key }) => {
      const each = violationKey(outcome.detectionId, key)
      return failed.has(each) && !told.has(each)
    })
    return violations.length === 0 ? [] : [{ ...outcome, violations }]
  })
}

function outcomesOf(verdict: Verdict | null): readonly Outcome[] {
  return verdict?.outcomes ?? []
}

/** The versions of the present life, oldest first. */
function lifeOf(newestFirst: readonly Version[]): readonly Version[] {
  const birth = newestFirst.findIndex(({ kind }) => kind === 'created' || kind === 'first')
  return newestFirst.slice(0, birth === -1 ? undefined : birth + 1).toReversed()
}

function causesOf(versions: readonly Version[]): readonly Cause[] {
  return versions.flatMap(({ causes }) => causes)
}
