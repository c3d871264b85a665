import { createHash } from 'node:crypto'
import type { DetectionFailure, OperatorNote } from '#model'
import { TriplineError } from '#runtime'
import type { ActiveBundle, Records } from '#store'
import type { Parts } from './parts.ts'

/** Tells the operators once an hour and cause; false when they have heard it. The key makes it once, whoever asks. */
export async function note(
  parts: Pick<Parts, 'tell'>,
  records: Records,
  cause: string,
  content: Omit<OperatorNote, 'kind'>,
): Promise<boolean> {
  const hour = (await records.now()).toISOString().slice(0, 13)
  const whole: OperatorNote = { kind: 'note', ...content }
  const alert = { findingId: null, key: `note:${cause}:${hour}`, content: whole, to: parts.tell.route(whole) }
  return (await records.alerts.create(alert)) !== null
}

/** A detection that could not judge is unknown, and its owner hears of it. */
export async function noteFailures(
  parts: Pick<Parts, 'tell' | 'observe'>,
  records: Records,
  failures: readonly DetectionFailure[],
  of: 'events' | 'resources',
): Promise<void> {
  const byCause = new Map(failures.map((failure) => [`${failure.detectionId}:${failure.reason}`, failure]))
  for (const failure of failures) parts.observe.detectionFailed(failure.detectionId, failure.reason)
  const kept = of === 'events' ? 'the events are kept in quarantine' : 'open findings stay open, and it is asked again'
  for (const [cause, { detectionId, reason, message }] of byCause) {
    await note(parts, records, `detection:${cause}`, {
      title: `Detection ${detectionId} could not judge (${reason})`,
      text: `${message}. What it did not judge is unknown, never passed; ${kept}.`,
    })
  }
}

const mostFiles = 10

/** Files of detections that cannot be loaded: told once, whoever finds them, and anew when they are others. */
export async function noteBroken(
  parts: Pick<Parts, 'tell' | 'store'>,
  broken: readonly { readonly file: string; readonly message: string }[],
): Promise<void> {
  if (broken.length === 0) return
  const content: OperatorNote = {
    kind: 'note',
    title: `${broken.length} ${broken.length === 1 ? 'detection is' : 'detections are'} not loaded`,
    text: [...linesOf(broken), 'They judge nothing until they are mended; the others go on.'].join('\n'),
  }
  const digest = createHash('sha256').update(JSON.stringify(broken)).digest('hex').slice(0, 32)
  await parts.store.transaction(async (records) => {
    await records.alerts.create({ findingId: null, key: `note:not-loaded:${digest}`, content, to: parts.tell.route(content) })
  })
}

/** A bundle that counts, or what the folders hold by now, and cannot be loaded: told once, whichever process finds it. */
export async function noteRefused(
  parts: Pick<Parts, 'tell' | 'store'>,
  refused: { readonly bundle: ActiveBundle } | { readonly digest: string },
  broken: readonly { readonly file: string; readonly message: string }[],
): Promise<void> {
  const isBundle = 'bundle' in refused
  const mend = isBundle
    ? 'See `tripline bundles`, and go back with `tripline rollback`.'
    : 'Mend the files: nothing else is to be done.'
  const content: OperatorNote = {
    kind: 'note',
    title: isBundle
      ? `Bundle ${refused.bundle.number} of detections cannot be loaded`
      : 'The folders of detections were changed and cannot be loaded',
    text: [...linesOf(broken), `What ran before goes on. ${mend}`].join('\n'),
  }
  const key = isBundle ? `note:bundle:${refused.bundle.activation}` : `note:folders:${refused.digest}`
  await parts.store.transaction(async (records) => {
    await records.alerts.create({ findingId: null, key, content, to: parts.tell.route(content) })
  })
}

function linesOf(broken: readonly { readonly file: string; readonly message: string }[]): readonly string[] {
  const lines = broken.slice(0, mostFiles).map(({ file, message }) => `${file}: ${message}`)
  return broken.length > mostFiles ? [...lines, `and ${broken.length - mostFiles} more`] : lines
}

/** Why something failed, without what was attempted: a note's title says that. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const reason: unknown = Reflect.get(error, 'reason')
  return (error instanceof TriplineError && typeof reason === 'string' ? reason : `${error.name}: ${error.message}`).slice(0, 500)
}
