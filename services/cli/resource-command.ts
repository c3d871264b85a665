import { differencesInWords, line } from '#alerting'
import { textAt, type Cause, type Finding, type Outcome } from '#model'
import { ConfigError } from '#runtime'
import { openStore, type Store, type StoredState, type Version } from '#store'
import { readConfig } from '../processes/config.ts'

export interface ResourceOptions {
  readonly id: string
  readonly config: string
  readonly at?: string
  readonly asTest: boolean
  readonly json: boolean
}

/** How many candidates, versions and findings are shown. */
const most = 20

/** `tripline resource`: what is known of one resource. Exit code 1 when there is none, 2 when several are meant. */
export async function resourceCommand(options: ResourceOptions): Promise<number> {
  const at = options.at === undefined ? null : readTime(options.at)
  const { store: where } = await readConfig(options.config, process.env)
  await using store = await openStore(where)
  const found = await store.states.find(options.id, most)
  const exact = found.filter(({ id }) => id === options.id)
  const [state, another] = exact.length === 1 ? exact : found
  if (state === undefined) {
    const alike = await store.states.search(options.id, most)
    const hint = alike.length === 0 ? 'none has it in its id or name' : 'these have it in their id or name'
    process.stderr.write(`No resource is known by ${options.id}; allowed: an id, its end after a / or :, or a name; ${hint}\n`)
    candidates(alike, options.json)
    return 1
  }
  if (another !== undefined) {
    process.stderr.write(`${options.id} may be any of these; give more of the id:\n`)
    candidates(found, options.json)
    return 2
  }
  if (at === null && !options.asTest) return await show(store, state, options.json)
  return await past(store, state, at ?? (await store.now()), options)
}

/** Resources that may be meant. */
function candidates(states: readonly StoredState[], json: boolean): void {
  for (const each of states) print(json ? JSON.stringify({ candidate: refOf(each) }) : `${each.type} ${line(each.id, 300)}`)
  if (json) print(JSON.stringify({ summary: { candidates: states.length } }))
}

/** The state at a time, as JSON or as a test resource. */
async function past(store: Store, state: StoredState, at: Date, { asTest, json }: ResourceOptions): Promise<number> {
  const version = await store.versions.at(state, at)
  if (version === null || version.attributes === null) {
    const what = version === null ? 'was not known' : 'was gone'
    process.stderr.write(`${state.id} ${what} at ${at.toISOString()}.\n`)
    if (json) print(JSON.stringify({ summary: { versions: 0 } }))
    return 1
  }
  const since = version.at.toISOString()
  if (asTest) {
    const name = line(textAt(version.attributes, 'Name') ?? state.id, 100)
    const test = { name: `${name} as of ${since}`, expected: true, resource: version.attributes }
    process.stderr.write('`expected` is what the policy should say of it: set it.\n')
    print(JSON.stringify(json ? { test } : test, null, json ? undefined : 2))
    if (json) print(JSON.stringify({ summary: { versions: 1 } }))
  } else if (json) {
    print(JSON.stringify({ resource: refOf(state), number: version.number, since, attributes: version.attributes }))
    print(JSON.stringify({ summary: { versions: 1 } }))
  } else {
    process.stderr.write(`${state.id} as it was at ${at.toISOString()}, since ${since}:\n`)
    print(JSON.stringify(version.attributes, null, 2))
  }
  return 0
}

async function show(store: Store, state: StoredState, json: boolean): Promise<number> {
  const [versions, findings] = [await store.versions.list(state, most), await store.findings.of(state, most)]
  if (json) {
    const { gone, confirmed, unread, fetchedAt, attributes, verdict } = state
    print(
      JSON.stringify({ resource: refOf(state), gone, confirmed, unread, fetchedAt, attributes, outcomes: verdict?.outcomes ?? [] }),
    )
    for (const { ref: _, ...version } of versions) print(JSON.stringify({ version }))
    for (const finding of findings) print(JSON.stringify({ finding }))
    print(JSON.stringify({ summary: { versions: versions.length, findings: findings.length } }))
    return 0
  }
  const lines = [
    `${state.type} ${state.id}`,
    `account ${state.accountId}, ${state.region}`,
    ...stateWords(state),
    '',
    'Policies',
    ...list((state.verdict?.outcomes ?? []).map(outcomeWords)),
    '',
    'Findings, newest first',
    ...list(findings.map(findingWords)),
    '',
    'Changes, newest first',
    ...list(versions.flatMap(versionWords)),
  ]
  print(lines.join('\n'))
  return 0
}

function stateWords({ gone, confirmed, unread, fetchedAt }: StoredState): readonly string[] {
  const seen = fetchedAt.toISOString()
  const found = gone ? [`gone, last looked for ${seen}`] : [`there, last seen ${seen}`]
  if (!confirmed) found.push('unconfirmed: an event said something that AWS has not shown; the next scan looks again')
  if (unread !== null) found.push(`cannot be read since ${unread.since.toISOString()} (${unread.cause}): its state now is unknown`)
  return found
}

function outcomeWords(outcome: Outcome): string {
  if (outcome.outcome === 'pass') return `pass     ${outcome.detectionId}`
  if (outcome.outcome === 'unknown') return `unknown  ${outcome.detectionId}: ${line(outcome.failure.message, 200)}`
  if (outcome.outcome === 'skipped') return `skipped  ${outcome.detectionId}: the resource is in none of its groups`
  return `fail     ${outcome.detectionId}: ${outcome.violations.map(({ title }) => line(title, 200)).join('; ')}`
}

function findingWords({ status, severity, title, openedAt, endedAt, causes }: Finding): string {
  const end = endedAt === null ? '' : `, ended ${endedAt.toISOString()}`
  return `${status.padEnd(8)} ${severity} ${line(title, 200)}: since ${openedAt.toISOString()}${end}${byWhom(causes)}`
}

function versionWords({ at, kind, differences, causes }: Version): readonly string[] {
  const changes = differencesInWords(differences).map(
    ({ what, before, after }) => `         ${what}: ${before || 'nothing'} → ${after || 'nothing'}`,
  )
  return [`${at.toISOString()} ${kind}${byWhom(causes)}`, ...changes]
}

function byWhom(causes: readonly Cause[]): string {
  const last = causes.at(-1)
  return last === undefined ? '' : `, by ${line(last.actor.name, 100)} (${line(last.name, 60)})`
}

function list(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ['  none'] : lines.map((each) => `  ${each}`)
}

function refOf({ accountId, region, type, id }: StoredState): object {
  return { accountId, region, type, id }
}

function readTime(text: string): Date {
  const time = new Date(text)
  if (/^\d{4}-\d\d-\d\d/u.test(text) && !Number.isNaN(time.getTime())) return time
  throw new ConfigError('invalid', `--at: given ${text}; allowed: a time as 2026-11-21T14:00:00Z`)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
