import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { line, type About, type Explanation } from '#alerting'
import { readSeverity, severities, textAt, type FindingAlert, type JsonObject, type Place, type Severity } from '#model'
import { ConfigError } from '#runtime'
import { openStore, type Store } from '#store'
import { readConfig, type Config } from '../processes/config.ts'
import { openDetections } from '../processes/detections.ts'
import { routingOf } from '../processes/routing.ts'
import { placesOf } from '../processes/run.ts'

export interface RouteOptions {
  /** A finding's id, a file, or a resource. */
  readonly what: string
  readonly config: string
  readonly severity?: string
  readonly detection?: string
  readonly at?: string
  readonly json: boolean
}

/** An alert as it would be, and what else routes look at. */
interface Asked {
  readonly alert: FindingAlert
  readonly about: About
}

const most = 20

/** `tripline route`: explains where an alert goes. Changes nothing. Exit code 1 when nothing is known by that name, 2 for misuse. */
export async function routeCommand(options: RouteOptions): Promise<number> {
  const config = await readConfig(options.config, process.env)
  const moment = options.at === undefined ? new Date() : readTime(options.at)
  const { route } = routingOf(config, () => moment)
  const asked = options.what.endsWith('.json') ? await fromSample(config, options) : await fromStore(config, options)
  if (asked === null) {
    process.stderr.write(
      `Nothing is known by ${options.what}. Given a finding's id, a sample (.json), a resource's id, its end, or a name.\n`,
    )
    return 1
  }
  const explained = route.explain(asked.alert, asked.about)
  if (options.json) {
    const { detection, severity, place, title } = asked.alert
    print(JSON.stringify({ alert: { detection: detection.id, severity, title, place }, ...explained }))
    print(JSON.stringify({ summary: { to: explained.to.length } }))
  } else print(wordsOf(asked.alert, explained).join('\n'))
  return 0
}

const sample = z.object({
  resource: z.object({
    accountId: z.string(),
    region: z.string().default('global'),
    type: z.string().nullable().default(null),
    id: z.string().nullable().default(null),
  }),
  attributes: z.record(z.string(), z.json()).nullable().default({}),
  detection: z.string().optional(),
  severity: z.string().optional(),
  destinations: z.array(z.string()).nullable().default(null),
})

async function fromSample(config: Config, options: RouteOptions): Promise<Asked> {
  const file = options.what
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ConfigError('unreadable', `${file}: cannot be read; allowed: the path of a sample`, { cause })
  })
  const given = sample.safeParse(parsed(text))
  if (!given.success) {
    const [issue] = given.error.issues
    throw new ConfigError(
      'invalid',
      `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is no sample'}; allowed: as docs/routing.md says`,
    )
  }
  const { resource, attributes, destinations } = given.data
  const detection = options.detection ?? given.data.detection
  const severity = severityOf(options.severity ?? given.data.severity)
  const about = { attributes: (attributes ?? {}) as JsonObject, destinations }
  const { accountId, region, type, id } = resource
  const ref = type === null || id === null ? null : { accountId, region, type, id }
  const place = placesOf(config).of({ accountId, region }, ref === null ? null : { ref, name: textAt(about.attributes, 'Name') })
  return { alert: imagined(place, detection, severity), about }
}

/** The file as a whole, or its first line: `tripline resource --json` writes more than one. */
function parsed(text: string): unknown {
  for (const part of [text, text.split('\n', 1)[0] ?? '']) {
    try {
      return JSON.parse(part)
    } catch {
      // Not JSON in this form: the next one is tried, and the caller says what is allowed.
    }
  }
  return null
}

async function fromStore(config: Config, options: RouteOptions): Promise<Asked | null> {
  await using store = await openStore(config.store)
  return (await fromFinding(store, config, options)) ?? (await fromResource(store, config, options))
}

async function fromFinding(store: Store, config: Config, { what }: RouteOptions): Promise<Asked | null> {
  const finding = await store.findings.get(what)
  if (finding === null) return null
  const state = finding.resource === null ? null : await store.states.get(finding.resource)
  const attributes = state?.attributes ?? {}
  const ref = finding.resource
  const place = placesOf(config).of(finding, ref === null ? null : { ref, name: textAt(attributes, 'Name') })
  const outcome = state?.verdict?.outcomes.find(({ detectionId }) => detectionId === finding.detectionId)
  const violations = outcome?.outcome === 'fail' ? outcome.violations : []
  const own = violations.find(({ key }) => key === finding.key)?.destinations ?? null
  const alert = alertOf(place, finding.detectionId, finding.severity, finding.title)
  return { alert, about: { attributes, destinations: own ?? (await fixedOf(store, config, finding.detectionId)) } }
}

async function fromResource(store: Store, config: Config, options: RouteOptions): Promise<Asked | null> {
  const found = await store.states.find(options.what, most)
  const exact = found.filter(({ id }) => id === options.what)
  const [state, another] = exact.length === 1 ? exact : found
  if (state === undefined) return null
  if (another !== undefined) {
    const candidates = found.map(({ type, id }) => `${type} ${id}`).join('\n')
    throw new ConfigError('invalid', `${options.what} may be any of these; give more of the id:\n${candidates}`)
  }
  const destinations = options.detection === undefined ? null : await fixedOf(store, config, options.detection)
  const place = placesOf(config).of(state, { ref: state, name: textAt(state.attributes, 'Name') })
  const alert = imagined(place, options.detection, severityOf(options.severity))
  return { alert, about: { attributes: state.attributes, destinations } }
}

/** The destinations that a detection's metadata name; null when it names none. */
async function fixedOf(store: Store, config: Config, id: string): Promise<readonly string[] | null> {
  await using evaluator = await openDetections(config, store)
  const found = evaluator.detections.find((each) => each.id === id)?.destinations ?? []
  return found.length === 0 ? null : found
}

/** An alert with what routes look at. */
function alertOf(place: Place, detection: string, severity: Severity, title: string): FindingAlert {
  return {
    kind: 'finding',
    detection: { id: detection, kind: 'policy', displayName: detection },
    severity,
    title,
    why: '',
    runbook: null,
    reference: null,
    place,
    origin: 'change',
    cause: null,
    differences: [],
    otherDifferences: 0,
    essential: false,
    context: {},
    count: 1,
    unconfirmed: false,
    openedAt: new Date().toISOString(),
    ended: null,
  }
}

/** An alert of no finding, for a resource that may have none. */
function imagined(place: Place, detection = 'any detection', severity: Severity = 'HIGH'): FindingAlert {
  return alertOf(place, detection, severity, `a finding of ${detection}`)
}

function wordsOf(alert: FindingAlert, { ownership, destinations, routes, to }: Explanation): readonly string[] {
  const found = ownership.findIndex(({ owner }) => owner !== null)
  const first = routes.findIndex(({ because }) => because === null)
  const { place } = alert
  const overruled = destinations !== null && to.every(({ because }) => because.startsWith('the detection'))
  return [
    `${alert.severity} ${line(alert.title, 200)}`,
    `${line(place.resourceId ?? 'no resource', 300)}, account ${line(place.accountName, 100)} (${place.accountId}), ${place.region}`,
    '',
    'Owner',
    ...ownership.map(({ kind, because }, index) => {
      const said = index === found ? `${because}: this counts` : because
      return `  by ${kind}: ${line(said, 300)}`
    }),
    ...(found === -1 ? ['  nobody owns it'] : []),
    ...(destinations === null ? [] : ['', 'Detection', `  ${line(destinations, 500)}`]),
    '',
    'Routes',
    ...routes.map(({ number, when, because }, index) => {
      const matches =
        index === first
          ? overruled
            ? 'matches, but the detection goes before it'
            : 'matches: this counts'
          : 'matches, but an earlier one counts'
      return `  ${number} (${line(when, 200)}): ${because === null ? matches : line(because, 300)}`
    }),
    ...(routes.length === 0 ? ['  none'] : []),
    '',
    'It goes to',
    ...to.map((each) => {
      const where = each.destination === each.channel ? each.destination : `${each.channel} (${each.destination})`
      return `  ${line(where, 200)}: ${line(each.because, 300)}`
    }),
    ...(to.length === 0 ? ['  nobody'] : []),
  ]
}

function severityOf(word: string | undefined): Severity | undefined {
  if (word === undefined) return undefined
  const severity = readSeverity(word.toUpperCase())
  if (severity === null) throw new ConfigError('invalid', `severity: given ${word}; allowed: ${severities.join(', ')}`)
  return severity
}

function readTime(text: string): Date {
  const time = new Date(text)
  if (/^\d{4}-\d\d-\d\d/u.test(text) && !Number.isNaN(time.getTime())) return time
  throw new ConfigError('invalid', `--at: given ${text}; allowed: a time as 2026-11-21T14:00:00Z`)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
