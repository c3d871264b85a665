import type { Covered, GapCause } from '#store'

/** An open gap of an account's region. */
export interface OpenGap {
  readonly id: string
  readonly cause: GapCause
  readonly from: Date
}
/** What a look at the signs of an account's region comes to. */
export interface Listened {
  readonly heardAt: Date | null
  readonly beatAt: Date | null
  /** Silences, oldest first; `until` null: it is silent still. */
  readonly silences: readonly { readonly from: Date; readonly until: Date | null }[]
  /** Open gaps that are over, and the sign that ended them. */
  readonly ended: readonly { readonly id: string; readonly until: Date }[]
}

/** A heartbeat is missing when it is so late: of its interval a fifth, two minutes at most. */
function patienceOf(everyMs: number): number {
  return Math.min(everyMs / 5, 120_000)
}
/** What happened so soon after something was stopped may have been under way already. */
const underWayMs = 120_000
const missingBeats = 2

/**
 * Reads the signs of an account's region in the order of their own times. It is silent when the second heartbeat is missing since the
 * last sign of any kind; heartbeats are due at the last one that came and every `everyMs` after it. Where no heartbeat ever came,
 * silence says nothing.
 */
export function listen(
  { heardAt: heardBefore, beatAt: beatBefore, signs }: Omit<Covered, 'accountId' | 'region'>,
  open: readonly OpenGap[],
  { everyMs, now }: { readonly everyMs: number; readonly now: Date },
): Listened {
  let [heardAt, beatAt] = [heardBefore, beatBefore]
  let left = [...open]
  const silences: { from: Date; until: Date | null }[] = []
  const ended: { id: string; until: Date }[] = []
  const isSilent = (end: number): boolean =>
    heardAt !== null &&
    beatAt !== null &&
    left.every(({ cause }) => cause !== 'silent') &&
    missed(beatAt.getTime(), heardAt.getTime(), end - patienceOf(everyMs), everyMs) >= missingBeats

  for (const { at, beat } of signs.filter((sign) => sign.at <= now)) {
    const over = left.filter((gap) => ends(gap, at, beat))
    for (const { id } of over) ended.push({ id, until: at })
    if (heardAt === null || at > heardAt) {
      if (over.every(({ cause }) => cause !== 'silent') && isSilent(at.getTime())) silences.push({ from: heardAt ?? at, until: at })
      heardAt = at
    }
    left = left.filter((gap) => !over.includes(gap))
    if (beat && (beatAt === null || at > beatAt)) beatAt = at
  }
  if (heardAt !== null && isSilent(now.getTime())) silences.push({ from: heardAt, until: null })
  return { heardAt, beatAt, silences, ended }
}

/** A heartbeat needs neither a trail nor the rule that hands on events: only an event shows that those work again. */
function ends({ cause, from }: OpenGap, at: Date, beat: boolean): boolean {
  return cause === 'silent' ? at > from : !beat && at.getTime() > from.getTime() + underWayMs
}

/** How many heartbeats were due after the last sign and up to the end. */
function missed(beat: number, heard: number, end: number, everyMs: number): number {
  const before = (time: number): number => Math.floor((time - beat) / everyMs)
  return Math.max(0, before(end) - before(heard))
}
