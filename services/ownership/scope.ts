import { createHash } from 'node:crypto'
import type { Evaluator } from '#detection'
import { canonical, textAt, type Json, type Outcome, type Resource } from '#model'
import type { Groups } from './groups.ts'

/**
 * The same evaluator, but policies that are scoped to groups look only at their members: of other resources they say that they were
 * skipped. What defines the scope is part of the fingerprint, so that a change of it has states judged again.
 */
export function scopePolicies(evaluator: Evaluator, scopes: ReadonlyMap<string, readonly string[]>, groups: Groups): Evaluator {
  if (scopes.size === 0) return evaluator
  const known = new Map<string, string>()
  const accounts = [...groups.accounts.values()].map(({ id, label, ou }) => [id, label, ou])
  const definition = (names: readonly string[]): Json =>
    names.map((name) => (groups.groups.find((group) => group.name === name)?.is ?? null) as Json)
  const scopeOf = (resourceType: string): Json =>
    evaluator.detections
      .filter(({ id, kind, resourceTypes }) => kind === 'policy' && scopes.has(id) && looksAt(resourceTypes, resourceType))
      .map(({ id }) => [id, definition(scopes.get(id) ?? [])])
  return {
    detections: evaluator.detections,
    bundle: evaluator.bundle,
    broken: evaluator.broken,
    notRun: evaluator.notRun,
    notes: evaluator.notes,
    fingerprint(type) {
      const found = known.get(type)
      if (found !== undefined) return found
      const scope = scopeOf(type) as readonly Json[]
      const plain = evaluator.fingerprint(type)
      const made = scope.length === 0 ? plain : hash(canonical([plain, scope, accounts]))
      known.set(type, made)
      return made
    },
    judgeBodies: (bodies, carried) => evaluator.judgeBodies(bodies, carried),
    settled: (tickets) => evaluator.settled(tickets),
    async judgeResources(resources, lookUp, only) {
      const judged = await evaluator.judgeResources(resources, lookUp, only)
      return judged.map(({ ref, outcomes }, index) => {
        const resource = resources[index]
        return { ref, outcomes: resource === undefined ? outcomes : outcomes.map((each) => within(each, resource)) }
      })
    },
    [Symbol.asyncDispose]: () => evaluator[Symbol.asyncDispose](),
  }

  function within(outcome: Outcome, resource: Resource): Outcome {
    const names = scopes.get(outcome.detectionId)
    if (names === undefined) return outcome
    const { accountId, region, type, id, attributes } = resource
    const subject = { accountId, region, type, id, name: textAt(attributes, 'Name'), attributes }
    if (names.some((name) => groups.isIn(name, subject))) return outcome
    return { detectionId: outcome.detectionId, outcome: 'skipped' }
  }
}

function looksAt(resourceTypes: readonly string[], type: string): boolean {
  return resourceTypes.length === 0 || resourceTypes.includes(type)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
