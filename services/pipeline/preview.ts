import { compareSeverity, resourceKey, type Detection, type Finding, type Outcome, type ResourceRef, type Severity } from '#model'
import type { StoredState } from '#store'
import { violationKey } from './essence.ts'
import type { Parts } from './parts.ts'
import { graceEndOf } from './reconcile.ts'

/** A finding of a policy that would open or close, or a verdict that would be unknown. */
export interface Foreseen {
  readonly what: 'opens' | 'closes' | 'unknown'
  readonly detectionId: string
  readonly resource: ResourceRef
  readonly key: string
  readonly severity: Severity
  /** What it is called; why it closes, or why it is not known. */
  readonly title: string
  readonly how: 'retired' | 'fixed' | 'superseded' | null
}

type Needs = Pick<Parts, 'store' | 'evaluator'>

const statesAtOnce = 100
const mostFindings = 1_000_000

/**
 * What would become of the findings of policies if these detections judged what is stored: what they would open and close. Writes nothing,
 * looks at nothing. Rules are about events to come, so nothing is foreseen of them.
 */
export async function* foresee(parts: Needs): AsyncGenerator<Foreseen> {
  const { store, evaluator } = parts
  const detections = new Map(evaluator.detections.map((each) => [each.id, each]))
  const open = new Map<string, Finding[]>()
  for (const finding of await store.findings.list({ kind: 'policy', statuses: ['open'] }, mostFindings)) {
    if (finding.resource === null) continue
    if (!detections.has(finding.detectionId)) yield closing(finding, finding.resource, 'retired')
    else {
      const key = resourceKey(finding.resource)
      open.set(key, [...(open.get(key) ?? []), finding])
    }
  }
  const now = await store.now()
  for (let page = await store.states.page(null, statesAtOnce); page.length > 0;) {
    const judged = await evaluator.judgeResources(page, (ids) => store.states.attributes(ids))
    for (const [place, state] of page.entries()) {
      const known = open.get(resourceKey(state)) ?? []
      for (const outcome of judged[place]?.outcomes ?? []) {
        const detection = detections.get(outcome.detectionId)
        if (detection !== undefined) yield* ofOutcome(state, outcome, detection, known, now)
      }
    }
    const last = page.at(-1)
    page = last === undefined ? [] : await store.states.page(last, statesAtOnce)
  }
}

function* ofOutcome(
  state: StoredState,
  outcome: Outcome,
  detection: Detection,
  known: readonly Finding[],
  now: Date,
): Generator<Foreseen> {
  const { accountId, region, type, id } = state
  const resource = { accountId, region, type, id }
  const own = known.filter(({ detectionId }) => detectionId === outcome.detectionId)
  if (outcome.outcome === 'unknown') {
    const { reason, message } = outcome.failure
    const of = { detectionId: outcome.detectionId, resource, key: '', severity: detection.severity }
    return yield { ...of, what: 'unknown', title: `${reason}: ${message}`, how: null }
  }
  // Whether it is over, only a look would say: nothing that is not confirmed is ended.
  if (outcome.outcome !== 'fail') {
    if (!state.confirmed) return undefined
    for (const finding of own) yield closing(finding, resource, outcome.outcome === 'skipped' ? 'retired' : 'fixed')
    return undefined
  }
  const isHeld = graceEndOf(detection, state.bornAt, now) !== null
  const before = new Map(own.map((finding) => [violationKey(finding.detectionId, finding.key), finding]))
  const still = new Set<Finding>()
  for (const { key, severity, title } of outcome.violations) {
    const milder = before.get(violationKey(outcome.detectionId, key))
    if (milder !== undefined) still.add(milder)
    if (isHeld || (milder !== undefined && compareSeverity(severity, milder.severity) <= 0)) continue
    if (milder !== undefined) yield closing(milder, resource, 'superseded')
    yield { what: 'opens', detectionId: outcome.detectionId, resource, key, severity, title, how: null }
  }
  for (const finding of own) if (!still.has(finding) && state.confirmed) yield closing(finding, resource, 'fixed')
  return undefined
}

function closing({ detectionId, key, severity, title }: Finding, resource: ResourceRef, how: Foreseen['how']): Foreseen {
  return { what: 'closes', detectionId, resource, key, severity, title, how }
}
