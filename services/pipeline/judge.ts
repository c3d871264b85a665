import { describeError, roomLogger, sleep } from '#runtime'
import { resourceKey, type Difference, type Finding, type Origin, type Outcome } from '#model'
import type { Untold } from '#alerting'
import type { Judged, Records, StoredState, Wish } from '#store'
import { mayBeHeld } from './held.ts'
import type { Evaluator } from '#detection'
import type { Live, Parts } from './parts.ts'
import { note } from './notes.ts'
import { counts, judgedAs, reconcile, turnMessage, type Why } from './reconcile.ts'

const log = roomLogger('pipeline')

type Needs = Pick<Parts, 'store' | 'evaluator' | 'inventory' | 'tell' | 'places' | 'bells' | 'observe'>

/** A verdict that was under way when a looked-up resource changed is written after the change and heard of half a minute later. */
const echoMs = 60_000
const mostLookedUp = 100
const statesAtOnce = 100
const untoldAtOnce = 200

/**
 * Judging is not fetching: re-evaluates stored states whose detections changed or whose time has come, closes findings of removed
 * detections as retired, and tells what no change caused as one summary a team.
 */
export async function runJudge(parts: Live<Needs>, options: { pollMs: number }, stop: AbortSignal): Promise<void> {
  let retired: Retired | null = null
  while (!stop.aborted) {
    try {
      const judged = await parts.evaluators.lend(async (evaluator) => {
        const lent = { ...parts, evaluator }
        // What counts is judged by those who run it; this process will within seconds.
        if (!(await counts(lent, parts.store))) return 'outdated'
        retired = await retireNow(lent, retired)
        // Asked first: what the last look of a scan made due is judged before the scan is told.
        const busyAccounts = await parts.store.scans.busyAccounts()
        const some = await judgeDue(lent)
        if (some === 'nothing') await summarise(lent, busyAccounts)
        return some
      })
      if (judged === 'some') continue
    } catch (error) {
      log.error({ error: describeError(error) }, 'judging failed, trying again')
    }
    await sleep(options.pollMs, stop)
  }
}

/** For which detections findings were retired, and when that is done again. */
interface Retired {
  readonly by: Evaluator
  readonly againAt: number
}

/** What a process opens that runs other detections (folders that are replaced there later, a bundle that it cannot load) ends by then. */
const retireEveryMs = 60_000
/** Soon after a switch, where others follow within seconds. */
const everywhereMs = 15_000
const retiredAtOnce = 100

async function retireNow(parts: Needs, done: Retired | null): Promise<Retired> {
  const { evaluator } = parts
  const again = done?.by === evaluator
  if (again && performance.now() < done.againAt) return done
  while ((await retireSome(parts)) === retiredAtOnce) parts.bells.deliver.ring()
  parts.bells.deliver.ring()
  return { by: evaluator, againAt: performance.now() + (again ? retireEveryMs : everywhereMs) }
}

/** How many were retired. A few at a time: their resources are held until they are. */
async function retireSome(parts: Needs): Promise<number> {
  // A detection whose file is broken is not removed: its findings stay until it can be loaded again.
  if (parts.evaluator.broken.length > 0) return 0
  const living = parts.evaluator.detections.map(({ id }) => id)
  const told = parts.evaluator.detections.filter(({ staged }) => !staged).map(({ id }) => id)
  const { bundle } = parts.evaluator
  return parts.store.transaction(async (records) => {
    // Only what counts retires: a process that comes late to a newer bundle would take that one's findings for those of removed detections.
    if (bundle !== null && !(await records.bundles.isActive(bundle.activation))) return 0
    await records.detections.note(living)
    await records.findings.promote(told)
    // A bundle was looked at before it was uploaded.
    const meant = (bundle?.number ?? 0) > 0
    if (!meant && parts.evaluator.detections.every(({ kind }) => kind !== 'policy')) {
      await noteNoPolicies(parts, records)
      return 0
    }
    const retired = await records.findings.retire(living, retiredAtOnce)
    for (const finding of retired) await turnMessage(parts, records, finding, { how: 'retired', cause: null })
    return retired.length
  })
}

/** A folder that is empty, or is another than was meant, looks as if every policy had been removed. */
async function noteNoPolicies(parts: Needs, records: Records): Promise<void> {
  const open = await records.findings.count({ kind: 'policy', statuses: ['open'] })
  if (open === 0) return
  await note(parts, records, 'no-policies', {
    title: `No policy is loaded, and ${open} ${open === 1 ? 'finding' : 'findings'} of policies ${open === 1 ? 'is' : 'are'} open`,
    text: 'Nothing is judged, and nothing is retired: the folders of detections may not be those that were meant.',
  })
}

interface JudgedState {
  readonly state: StoredState
  readonly outcomes: readonly Outcome[]
}

/** `outdated`: other detections count by now than this process runs, and what was lent is given back to those who run them. */
type Round = 'some' | 'nothing' | 'outdated'

async function judgeDue(parts: Needs): Promise<Round> {
  const { store, evaluator } = parts
  const fingerprints = new Map(parts.inventory.types.map((type) => [type, evaluator.fingerprint(type)]))
  const shapes = new Map(parts.inventory.types.map((type) => [type, parts.inventory.shape(type)]))
  const judgedBy = evaluator.bundle?.activation ?? null
  const due = await store.states.due(statesAtOnce, 30_000, { fingerprints, otherwise: evaluator.fingerprint(''), shapes, judgedBy })
  if (due.length === 0) return 'nothing'
  const now = await store.now()
  const outgrown = due.filter((state) => {
    const shape = shapes.get(state.type)
    // What a grace held is told with what made it so, which a look finds out.
    return shape !== undefined && (shape !== state.shape || mayBeHeld(state, now))
  })
  await fetchAnew(parts, outgrown)
  const states = due.filter((state) => !outgrown.includes(state))
  const judgements = await evaluator.judgeResources(states, (ids) => store.states.attributes(ids))
  const judged = states.map((state, index) => ({ state, outcomes: judgements[index]?.outcomes ?? [] }))
  const rest = await writeUneventful(parts, judged, fingerprints)
  for (const [place, { state, outcomes }] of rest.entries()) {
    if (await write(parts, state, fingerprints, outcomes)) continue
    await store.states.giveBack(rest.slice(place).map((each) => each.state))
    return 'outdated'
  }
  return 'some'
}

/** What passes and has nothing open is nobody's news: written in one statement. Answers the rest. */
async function writeUneventful(
  parts: Needs,
  judged: readonly JudgedState[],
  fingerprints: ReadonlyMap<string, string>,
): Promise<readonly JudgedState[]> {
  const now = await parts.store.now()
  const passing = judged.filter(({ outcomes }) => outcomes.every(({ outcome }) => outcome === 'pass' || outcome === 'skipped'))
  const verdicts = passing.map(({ state, outcomes }) => ({ state, judged: verdictOf(parts, state, fingerprints, outcomes, now) }))
  const written = await parts.store.states.judgedUneventful(verdicts)
  const done = new Set(passing.filter((_, place) => written.has(place)))
  return judged.filter((each) => !done.has(each))
}

/** A type that is watched no more is asked for by the hash that stands for all such: by any other it would be due for ever. */
function verdictOf(
  parts: Needs,
  state: StoredState,
  fingerprints: ReadonlyMap<string, string>,
  outcomes: readonly Outcome[],
  now: Date,
): Judged {
  const evaluatedWith = fingerprints.get(state.type) ?? parts.evaluator.fingerprint('')
  return { ...judgedAs(parts, state, outcomes, now, state.verdict), evaluatedWith }
}

/** Where the policy itself wanted the finding to be told, as its verdict says. */
function ownDestinations(state: StoredState | null, { detectionId, key }: Finding): readonly string[] | null {
  const outcome = state?.verdict?.outcomes.find((each) => each.detectionId === detectionId)
  const violations = outcome?.outcome === 'fail' ? outcome.violations : []
  return violations.find((violation) => violation.key === key)?.destinations ?? null
}

/** States of an older shape, and new ones that a grace may hold, are fetched anew, which is no change, and judged then. They stay leased, so that they come again if that fails. */
async function fetchAnew(parts: Needs, states: readonly StoredState[]): Promise<void> {
  const wishes = states.map(({ accountId, region, type, id }): Wish => {
    return { ref: { accountId, region, type, id }, class: 'scan', expectation: null, scanId: null, delayMs: 0 }
  })
  if (wishes.length === 0) return
  await parts.store.marks.wish(wishes)
  parts.bells.refresh.ring()
}

/** False: findings would change by detections that no longer count. */
async function write(
  parts: Needs,
  state: StoredState,
  fingerprints: ReadonlyMap<string, string>,
  outcomes: readonly Outcome[],
): Promise<boolean> {
  const { bundle } = parts.evaluator
  const done = await parts.store.transaction(async (records) => {
    const current = await records.states.lock(state)
    // A fetch was faster: it judged the newer state with the same detections.
    if (current === null || current.gone || current.number !== state.number) return { news: false }
    if (bundle !== null && (current.judgedBy ?? 0) > bundle.activation) return { news: false }
    const { bornAt, confirmed } = current
    const why = state.evaluatedWith === fingerprints.get(state.type) ? await whyAgain(records, state) : becauseOf('detection')
    const occasion = { ...why, before: state.verdict, bornAt, confirmed, newlyConfirmed: false }
    const reconciled = await reconcile(parts, records, { ...state, fetchedAt: await records.now() }, outcomes, occasion)
    if (reconciled === null) return null
    await records.states.judged(state, state.number, verdictOf(parts, state, fingerprints, outcomes, await records.now()))
    return reconciled
  })
  if (done?.news === true) parts.bells.deliver.ring()
  return done !== null
}

/** With the same detections a verdict changes by what it looked up, which has changed or was seen for the first time, or by time. */
async function whyAgain(records: Records, state: StoredState): Promise<Why> {
  const ids = (state.verdict?.outcomes ?? []).flatMap((outcome) => ('lookedUp' in outcome ? outcome.lookedUp : []))
  if (ids.length === 0) return becauseOf('time')
  const since = new Date((state.judgedAt?.getTime() ?? echoMs) - echoMs)
  const changes = await records.versions.since([...new Set(ids)].slice(0, mostLookedUp), since)
  const news = changes.filter(({ kind }) => kind !== 'first' && kind !== 'reshaped')
  if (news.length === 0) return becauseOf(changes.length > 0 ? 'baseline' : 'time')
  const differences = news.flatMap(({ ref, differences: those }) =>
    those.map((each): Difference => ({ ...each, path: `${ref.id} ${each.path}` })),
  )
  return { origin: 'change', causes: news.flatMap(({ causes }) => causes), differences }
}

function becauseOf(origin: Origin): Why {
  return { origin, causes: [], differences: [] }
}

/** One summary a team, of the accounts where nothing more is to come from a running scan. */
async function summarise(parts: Needs, busyAccounts: readonly string[]): Promise<void> {
  const told = await parts.store.transaction(async (records) => {
    if (!(await counts(parts, records))) return false
    const all: string[] = []
    const findings = untold(parts, records, busyAccounts, all)
    for (const { content, to, findingIds } of await parts.tell.summaries(findings, parts.tell.route)) {
      // Routes may split findings over channels: the channels belong to the key, or one channel's summary would pass for another's.
      const channels = to
        .map(({ destination, channel }) => `${destination}:${channel}`)
        .toSorted()
        .join(',')
      const key = `summary:${channels}:${content.origin}:${findingIds.toSorted()[0]}`
      const alertId = await records.alerts.create({ findingId: null, key, content, to })
      await records.findings.told(findingIds, alertId)
    }
    await records.findings.told(all, null)
    return all.length > 0
  })
  if (told) parts.bells.deliver.ring()
}

/**
 * What no summary has told yet, page by page; the ids go into `all`. Findings whose detection is not loaded here wait for it: its file may
 * be broken, or a newer version runs beside this one; so do those whose detection is staged again. Nobody is told of a detection that makes
 * no alerts.
 */
async function* untold(parts: Needs, records: Records, busyAccounts: readonly string[], all: string[]): AsyncGenerator<Untold> {
  const { bundle, detections: loaded } = parts.evaluator
  const detections = new Map(loaded.filter(({ staged }) => !staged).map((detection) => [detection.id, detection]))
  const among = { detectionIds: [...detections.keys()], busyAccounts, judgedBy: bundle?.activation ?? null }
  for (let last: string | null = null; ; last = all.at(-1) ?? null) {
    const page: readonly Finding[] = await records.findings.untold(among, last, untoldAtOnce)
    const states = await records.states.among(page.flatMap(({ resource }) => resource ?? []))
    const byKey = new Map(states.map((state) => [resourceKey(state), state]))
    for (const finding of page) {
      all.push(finding.id)
      const detection = detections.get(finding.detectionId)
      if (detection === undefined || !detection.createAlert || finding.resource === null) continue
      const state = byKey.get(resourceKey(finding.resource)) ?? null
      const name = state?.attributes['Name']
      const place = parts.places.of(finding.resource, { ref: finding.resource, name: typeof name === 'string' ? name : null })
      yield { finding, detection, place, attributes: state?.attributes ?? {}, destinations: ownDestinations(state, finding) }
    }
    if (page.length < untoldAtOnce) return
  }
}
