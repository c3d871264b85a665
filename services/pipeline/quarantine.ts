import type { BatchHandler, RejectReason } from '#ingest'
import type { QuarantineRow } from '#store'
import { claim, createIntake, understand, unjudged, writeEffects, type Effect, type IntakeParts } from './intake.ts'
import { reasonOf } from './notes.ts'
import type { Live } from './parts.ts'

/** `taken`: all of it is done. `kept`: it stays, and why. `gone`: somebody else settled it meanwhile. */
export interface Retried {
  readonly outcome: 'taken' | 'kept' | 'gone'
  readonly why: string
}

/**
 * Hands a row of the quarantine to intake again. What comes of it and the row's end are one transaction: it is made up for once,
 * whoever tries at the same time. What is still refused stays, with its new reason.
 * `reads` is what turns notifications of its source into the records of their objects.
 */
export async function retryQuarantined(
  parts: Live<Omit<IntakeParts, 'source'>>,
  row: QuarantineRow,
  reads: ((handle: BatchHandler) => BatchHandler) | null = null,
): Promise<Retried> {
  if (!row.cut && notices.has(row.reason)) return retryNotice(parts, row, reads)
  return parts.evaluators.lend((evaluator) => retryItem({ ...parts, evaluator }, row))
}

async function retryItem(parts: Omit<IntakeParts, 'source'>, row: QuarantineRow): Promise<Retried> {
  const refused = refusalOf(parts, row)
  if (refused !== null) return { outcome: 'kept', why: refused }
  const own = { ...parts, source: row.source }
  const { id, body, only } = row
  const message = { id, body, receivedAt: new Date(), ...(only === undefined ? {} : { only }) }
  const understood = await understand(own, [message])
  const settling = parts.store.transaction(async (records) => {
    if (!(await records.quarantine.hold(row.id))) return null
    const fresh = await claim(own, records, understood.effects)
    const made = [...fresh, ...owedOf(row, understood.effects, fresh)]
    // Of a body's other records, what was refused has rows of its own.
    const refusedNow = row.owed === undefined ? understood.quarantined : []
    const left = [...refusedNow, ...made.flatMap((effect) => unjudged(row, effect))]
    await records.quarantine.settle(row.id, left)
    return { left, ...(await writeEffects(own, records, understood.sessions, made)) }
  })
  const done = await settling.finally(() => parts.evaluator.settled(understood.tickets))
  if (done === null) return gone
  if (done.marks) parts.bells.refresh.ring()
  if (done.alerts) parts.bells.deliver.ring()
  const [first] = done.left
  return first === undefined ? { outcome: 'taken', why: '' } : { outcome: 'kept', why: `${first.reason}: ${first.detail}` }
}

/** Of these the body is the notification of an object. */
const notices: ReadonlySet<string> = new Set<RejectReason>([
  'not-a-notification',
  'object-missing',
  'object-denied',
  'object-unreadable',
  'object-too-large',
])

/** The object is read anew; its records meet their inbox keys, and the row ends after them. */
async function retryNotice(
  parts: Live<Omit<IntakeParts, 'source'>>,
  { id, source, body }: QuarantineRow,
  reads: ((handle: BatchHandler) => BatchHandler) | null,
): Promise<Retried> {
  if (reads === null) return { outcome: 'kept', why: `${source} is no s3 source of the configuration` }
  const intake = createIntake({ ...parts, source })
  const left: { source: string; reason: string; detail: string; body: string }[] = []
  const read = reads(async (messages) => {
    for (const { refused } of messages) if (refused !== undefined) left.push({ source, ...refused, body })
    return intake(messages.filter(({ refused }) => refused === undefined))
  })
  try {
    await read([{ id, body, receivedAt: new Date() }])
  } catch (error) {
    return { outcome: 'kept', why: reasonOf(error) }
  }
  if (!(await parts.store.quarantine.settle(id, left))) return gone
  const [first] = left
  return first === undefined ? { outcome: 'taken', why: '' } : { outcome: 'kept', why: `${first.reason}: ${first.detail}` }
}

const gone: Retried = { outcome: 'gone', why: 'somebody else settled it meanwhile' }

/** Why a row cannot be tried again as it is. */
function refusalOf(parts: Pick<IntakeParts, 'evaluator' | 'decode' | 'trust'>, row: QuarantineRow): string | null {
  const { cut, reason, owed, body, only } = row
  if (cut) return 'only the first 256 KiB of its body were kept, so it cannot be retried; its object or its archive can be replayed'
  if (owed === undefined)
    return reason === 'detection-failed' ? 'an older version kept it without saying which detection owes what' : null
  // Without the detection, or without the event, it would be taken for judged.
  if (parts.evaluator.detections.every(({ id }) => id !== owed.detectionId)) return `detection ${owed.detectionId} is not loaded`
  const { events, rejected } = parts.decode(body, parts.trust, only?.carries)
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
  return [{ ...effect, matches: ofIt(effect.matches), failures: ofIt(effect.failures), touched: [], writes: [] }]
}
