import type { Expected } from './incidents/incident.ts'

/** A message that must come, and since when it is owed. */
export interface Wanted {
  readonly channel: string
  /** Texts that it shows; an id stands at the end of a line. */
  readonly shows: readonly string[]
  readonly state: Expected['state']
  /** Epoch milliseconds at which its event was handed to the queue; null for what no event brings. */
  readonly sentAt: number | null
}
/** A version of a message as it arrived at Slack. */
export interface Arrival {
  readonly channel: string
  /** As the team sees it, without colour. */
  readonly shown: string
  readonly edits: number
  /** Epoch milliseconds. */
  readonly at: number
}

/** Keeps what is owed and what came. Each arrival pays one debt; one that pays none is surplus. */
export interface Score {
  want(wanted: Wanted): void
  /** The debt that the arrival pays; null when it was not owed; `on the way` for the head of a thread that still counts up. */
  arrived(arrival: Arrival): Wanted | 'on the way' | null
  readonly missing: readonly Wanted[]
  readonly surplus: readonly Arrival[]
  readonly came: number
  readonly wanted: number
}

export function createScore(): Score {
  let missing: readonly Wanted[] = []
  const surplus: Arrival[] = []
  let came = 0
  let wanted = 0
  return {
    want(each) {
      missing = [...missing, each]
      wanted += 1
    },
    arrived(arrival) {
      const paid = missing.find((each) => fits(each, arrival)) ?? null
      if (paid === null && missing.some((each) => isOnTheWay(each, arrival))) return 'on the way'
      came += 1
      if (paid === null) surplus.push(arrival)
      else missing = missing.filter((each) => each !== paid)
      return paid
    },
    get missing() {
      return missing
    },
    surplus,
    get came() {
      return came
    },
    get wanted() {
      return wanted
    },
  }
}

function fits(wanted: Wanted, arrival: Arrival): boolean {
  const state = wanted.state === 'detail' ? 'new' : wanted.state
  if (wanted.channel !== arrival.channel || state !== stateOf(arrival)) return false
  return wanted.shows.every((text) => arrival.shown.includes(text))
}

/** The head of a thread follows its findings as they come. */
function isOnTheWay(wanted: Wanted, arrival: Arrival): boolean {
  return wanted.state === 'thread' && wanted.channel === arrival.channel && stateOf(arrival) === 'thread'
}

/** New, counted up, made the parent of several, or turned to its end, as a reader would tell. */
export function stateOf({ edits, shown }: Pick<Arrival, 'edits' | 'shown'>): Expected['state'] {
  if (edits === 0) return 'new'
  if (shown.includes('each finding is in the thread')) return 'thread'
  return /^✅ (?:Resolved|Reverted|Resource gone): /mu.test(shown) ? 'resolved' : 'repeated'
}

/** Percentiles of the measured latencies, in ms. */
export function percentiles(latencies: readonly number[]): { p50Ms: number; p99Ms: number; maxMs: number } {
  const sorted = latencies.toSorted((a, b) => a - b)
  const share = (part: number): number => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0
  return { p50Ms: share(0.5), p99Ms: share(0.99), maxMs: sorted.at(-1) ?? 0 }
}
