import { describeError, roomLogger, sleep } from '#runtime'
import { resourceKey, type Difference, type Finding, type Origin, type Outcome } from '#model'
import type { Untold } from '#alerting'
import type { Judged, Records, StoredState, Wish } from '#store'
import { mayBeHeld } from './held.ts'
import type { Evaluator } from '#detection'
import type { Live, Parts } from './parts.ts'
import { note } from './notes.ts'
import { judgedAs, reconcile, turnMessage, type Why } from './reconcile.ts'

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
        retired = await retireOnce(lent, retired)
        // Asked first: what the last look of a scan made due is judged before the scan is told.
        const busyAccounts = await parts.store.scans.busyAccounts()
        const count = await judgeDue(lent)
        if (count === 0) await summarise(lent, busyAccounts)
        return count
      })
      if (judged > 0) continue
    } catch (error) {
      log.error({ error: describeError(error) }, 'judging failed, trying again')
    }
    await sleep(options.pollMs, stop)
  }
}

/** For which detections findings were retired, and when that is done once more; null: it is done. */
interface Retired {
  readonly by: Evaluator
  readonly againAt: number | null
}

/** By then every process runs the new detections: what one opened meanwhile for a removed one is retired too. */
const everywhereMs = 15_000

async function retireOnce(parts: Needs, done: Retired | null): Promise<Retired> {
  const { evaluator } = parts
  const again = done?.by === evaluator
  if (again && (done.againAt === null || performance.now() < done.againAt)) return done
  await retire(parts)
  const live = !again && evaluator.bundle !== null
  return { by: evaluator, againAt: live ? performance.now() + everywhereMs : null }
}

async function retire(parts: Needs): Promise<void> {
  // A detection whose file is broken is not removed: its findings stay until it can be loaded again.
  if (parts.evaluator.broken.length > 0) return
  const living = parts.evaluator.detections.map(({ id }) => id)
  const told = parts.evaluator.detections.filter(({ staged }) => !staged).map(({ id }) => id)
  const { bundle } = parts.evaluator
  await parts.store.transaction(async (records) => {
    // Only what counts retires: a process that comes late to a newer bundle would take that one's findings for those of removed detections.
    if (bundle !== null && !(await records.bundles.isActive(bundle.activation))) return
    await records.detections.note(living)
    await records.findings.promote(told)
    // A bundle was looked at before it was uploaded.
    const meant = (bundle?.number ?? 0) > 0
    if (!meant && parts.evaluator.detections.every(({ kind }) => kind !== 'policy')) return noteNoPolicies(parts, records)
    for (const finding of await records.findings.retire(living))
      await turnMessage(parts, records, finding, { how: 'retired', cause: null })
  })
  parts.bells.deliver.ring()
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

async function judgeDue(parts: Needs): Promise<number> {
  const { store, evaluator } = parts
  const fingerprints = new Map(parts.inventory.types.map((type) => [type, evaluator.fingerprint(type)]))
  const shapes = new Map(parts.inventory.types.map((type) => [type, parts.inventory.shape(type)]))
  const judgedBy = evaluator.bundle?.activation ?? null
  const due = await store.states.due(statesAtOnce, 30_000, { fingerprints, otherwise: evaluator.fingerprint(''), shapes, judgedBy })
  if (due.length === 0) return 0
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
  for (const { state, outcomes } of rest) await write(parts, state, fingerprints, outcomes)
  return due.length
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

async function write(
  parts: Needs,
  state: StoredState,
  fingerprints: ReadonlyMap<string, string>,
  outcomes: readonly Outcome[],
): Promise<void> {
  const { bundle } = parts.evaluator
  const told = await parts.store.transaction(async (records) => {
    const current = await records.states.lock(state)
    // A fetch was faster: it judged the newer state with the same detections.
    if (current === null || current.gone || current.number !== state.number) return false
    if (bundle !== null && (current.judgedBy ?? 0) > bundle.activation) return false
    const { bornAt, confirmed } = current
    const why = state.evaluatedWith === fingerprints.get(state.type) ? await whyAgain(records, state) : becauseOf('detection')
    const occasion = { ...why, before: state.verdict, bornAt, confirmed, newlyConfirmed: false }
    const { news } = await reconcile(parts, records, { ...state, fetchedAt: await records.now() }, outcomes, occasion)
    await records.states.judged(state, state.number, verdictOf(parts, state, fingerprints, outcomes, await records.now()))
    return news
  })
  if (told) parts.bells.deliver.ring()
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
 * be broken, or a newer version runs beside this one. Nobody is told of a detection that makes no alerts.
 */
async function* untold(parts: Needs, records: Records, busyAccounts: readonly string[], all: string[]): AsyncGenerator<Untold> {
  const detections = new Map(parts.evaluator.detections.map((detection) => [detection.id, detection]))
  const among = { detectionIds: [...detections.keys()], busyAccounts }
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
