import type { QuarantineRow } from '#store'
import { claim, understand, unjudged, writeEffects, type Effect, type IntakeParts } from './intake.ts'

/** `taken`: all of it is done. `kept`: it stays, and why. `gone`: somebody else settled it meanwhile. */
export interface Retried {
  readonly outcome: 'taken' | 'kept' | 'gone'
  readonly why: string
}

/**
 * Hands a row of the quarantine to intake again. What comes of it and the row's end are one transaction: it is made up for once,
 * whoever tries at the same time. What is still refused stays, with its new reason.
 */
export async function retryQuarantined(parts: Omit<IntakeParts, 'source'>, row: QuarantineRow): Promise<Retried> {
  const refused = refusalOf(parts, row)
  if (refused !== null) return { outcome: 'kept', why: refused }
  const own = { ...parts, source: row.source }
  const { id, body, only } = row
  const message = { id, body, receivedAt: new Date(), ...(only === undefined ? {} : { only }) }
  const understood = await understand(own, [message])
  const done = await parts.store.transaction(async (records) => {
    if (!(await records.quarantine.hold(row.id))) return null
    const fresh = await claim(own, records, understood.effects)
    const made = [...fresh, ...owedOf(row, understood.effects, fresh)]
    // Of a body's other records, what was refused has rows of its own.
    const refusedNow = row.owed === undefined ? understood.quarantined : []
    const left = [...refusedNow, ...made.flatMap((effect) => unjudged(row, effect))]
    await records.quarantine.settle(row.id, left)
    return { left, ...(await writeEffects(own, records, understood.sessions, made)) }
  })
  if (done === null) return { outcome: 'gone', why: 'somebody else settled it meanwhile' }
  if (done.marks) parts.bells.refresh.ring()
  if (done.alerts) parts.bells.deliver.ring()
  const [first] = done.left
  return first === undefined ? { outcome: 'taken', why: '' } : { outcome: 'kept', why: `${first.reason}: ${first.detail}` }
}

/** Why a row cannot be tried again as it is. */
function refusalOf(parts: Pick<IntakeParts, 'evaluator' | 'decode' | 'trust'>, row: QuarantineRow): string | null {
  const { cut, reason, owed, body } = row
  if (cut) return 'only the first 256 KiB of its body were kept, so it cannot be retried; its object or its archive can be replayed'
  if (owed === undefined)
    return reason === 'detection-failed' ? 'an older version kept it without saying which detection owes what' : null
  // Without the detection, or without the event, it would be taken for judged.
  if (parts.evaluator.detections.every(({ id }) => id !== owed.detectionId)) return `detection ${owed.detectionId} is not loaded`
  const { events, rejected } = parts.decode(body, parts.trust)
  if (events.some(({ record }) => record === owed.record)) return null
  const now = rejected.find(({ record }) => record === owed.record) ?? rejected[0]
  return now === undefined ? 'its event is not found' : `${now.reason}: ${now.detail}`
}

/** What a mended detection says of an event whose other effects were written when it came. */
function owedOf({ owed }: QuarantineRow, effects: readonly Effect[], fresh: readonly Effect[]): readonly Effect[] {
  const effect = effects.find(({ record }) => record === owed?.record)
  if (effect === undefined || fresh.includes(effect)) return []
  const ofIt = <Word extends { readonly detectionId: string }>(words: readonly Word[]): readonly Word[] =>
    words.filter(({ detectionId }) => detectionId === owed?.detectionId)
  return [{ ...effect, matches: ofIt(effect.matches), failures: ofIt(effect.failures), touched: [] }]
}
