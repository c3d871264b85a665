import { isSeen, subjectOf, type Expectation, type JsonObject, type Witness } from '#model'

/** How much of what the events let expect a look has shown. */
export interface Sight {
  /** Everything: the state is as new as the newest event. */
  readonly all: boolean
  /** Something: the state is as new as some event. True also when nothing was expected. */
  readonly some: boolean
  /** What is still to be seen. */
  readonly left: readonly Expectation[]
}

interface Claim {
  readonly expectation: Expectation
  readonly witness: Witness
  readonly seen: boolean
}

/** Event times are whole seconds: events of one second may have happened in either order. */
const sameTimeMs = 1_000

/**
 * What a look shows of what was expected. Of several events on one subject (a value, a tag, the resource's existence) the latest
 * counts, by the events' own time, since they come in any order; an earlier one's evidence is only that the state has moved on.
 * `attributes` null: not found. `changed`: the state differs from what was known.
 */
export function sightOf(expectations: readonly Expectation[], attributes: JsonObject | null, changed: boolean): Sight {
  const claims = expectations.flatMap((expectation) =>
    expectation.witnesses.map((witness): Claim => ({ expectation, witness, seen: isSeen(witness, attributes, changed) })),
  )
  const open = new Set<Claim>()
  for (const group of Map.groupBy(claims, ({ witness }) => subjectOf(witness)).values()) {
    const latest = Math.max(...group.map(timeOf))
    const last = group.filter((claim) => timeOf(claim) > latest - sameTimeMs)
    if (!last.some(({ seen }) => seen)) for (const claim of last) open.add(claim)
  }
  const left = expectations.flatMap((expectation) => {
    const witnesses = [...open].filter((claim) => claim.expectation === expectation).map(({ witness }) => witness)
    return witnesses.length === 0 ? [] : [{ ...expectation, witnesses }]
  })
  return { all: left.length === 0, some: left.length === 0 || claims.some(({ seen }) => seen), left }
}

/**
 * Whether the latest word on the resource's existence is that it was deleted, or created; null when no event says. Of both within a
 * second it may be there: that takes looks to tell, and no harm is done by looking.
 */
export function existenceOf(expectations: readonly Expectation[]): 'gone' | 'present' | null {
  const words = expectations.flatMap(({ cause, witnesses }) =>
    witnesses.flatMap(({ kind }) => (kind === 'gone' || kind === 'present' ? [{ kind, time: Date.parse(cause.time) }] : [])),
  )
  const latest = Math.max(...words.map(({ time }) => time))
  const last = words.filter(({ time }) => time > latest - sameTimeMs)
  return last.find(({ kind }) => kind === 'present')?.kind ?? last[0]?.kind ?? null
}

/** Re-reads of a state that does not show what it should: quickly at first, then every 4 s, 18 looks within a minute in all. */
const quickMs = [300, 700, 1_500, 3_000]
const steadyMs = 4_000
const minuteMs = 60_000

/** The wait before the next look after `looks` unseen ones, the first included; null when it is time to give up. `short`: only the quick ones. */
export function nextLookMs(looks: number, short: boolean): number | null {
  const quick = quickMs[looks]
  if (quick !== undefined) return quick
  const passedMs = quickMs.reduce((sum, ms) => sum + ms, 0) + (looks - quickMs.length + 1) * steadyMs
  return short || passedMs > minuteMs ? null : steadyMs
}

function timeOf({ expectation }: Claim): number {
  return Date.parse(expectation.cause.time)
}
