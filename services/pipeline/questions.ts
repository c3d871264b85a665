import { compareSeverity, type Finding } from '#model'
import type { Question } from '#store'
import { isUntraced } from './trace.ts'

/** A moment for the record of a session's opening, which mostly comes within seconds of its first use. */
const sessionDelayMs = 5_000

/** What is still to be found out about a finding. Of what no change caused only what is of MEDIUM severity or more is worth a call to AWS. */
export function questionsOf({ id, origin, severity, causes, accountId, region, resource }: Finding): readonly Question[] {
  const about = { findingId: id, severity }
  const session = causes.some(isUntraced)
  const unknown = causes.length === 0 && origin !== 'change' && resource !== null && compareSeverity(severity, 'MEDIUM') >= 0
  return [
    ...(session ? [{ ...about, question: 'session', line: `session ${id}`, delayMs: sessionDelayMs } as const] : []),
    ...(unknown ? [{ ...about, question: 'origin', line: `${accountId} ${region}`, delayMs: 0 } as const] : []),
  ]
}
