import type { DetectionFailure, OperatorNote } from '#model'
import type { Records } from '#store'
import type { Parts } from './parts.ts'

/** Tells the operators once an hour and cause. The key makes it once, whoever asks. */
export async function note(
  parts: Pick<Parts, 'tell'>,
  records: Records,
  cause: string,
  content: Omit<OperatorNote, 'kind'>,
): Promise<void> {
  const hour = (await records.now()).toISOString().slice(0, 13)
  const whole: OperatorNote = { kind: 'note', ...content }
  await records.alerts.create({
    findingId: null,
    key: `note:${cause}:${hour}`,
    content: whole,
    to: parts.tell.route(whole),
  })
}

/** A detection that could not judge is unknown, and its owner hears of it. */
export async function noteFailures(
  parts: Pick<Parts, 'tell' | 'observe'>,
  records: Records,
  failures: readonly DetectionFailure[],
): Promise<void> {
  const byCause = new Map(failures.map((failure) => [`${failure.detectionId}:${failure.reason}`, failure]))
  for (const failure of failures) parts.observe.detectionFailed(failure.detectionId, failure.reason)
  for (const [cause, { detectionId, reason, message }] of byCause) {
    await note(parts, records, `detection:${cause}`, {
      title: `Detection ${detectionId} could not judge (${reason})`,
      text: `${message}. What it did not judge is unknown, never passed; events are kept in quarantine.`,
    })
  }
}
