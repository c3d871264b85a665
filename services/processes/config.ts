import * as z from 'zod'
import { severities } from '#model'
import { ConfigError, readYaml } from '#runtime'

const accountId = z.string().regex(/^\d{12}$/u, 'allowed: 12 digits in quotes')
const url = z.url({ protocol: /^https?$/u, error: 'allowed: an http or https address' })
const name = z.string().min(1).max(200)

const localTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/u, 'allowed: a time from 00:00 to 23:59, in quotes')
const zone = z.string().refine(isZone, 'allowed: a time zone name such as Europe/Berlin')

const account = z.strictObject({
  id: accountId,
  name,
  label: name.nullable().default(null),
  regions: z.array(name).min(1),
})

const team = z.strictObject({
  id: name,
  channel: name,
  owns: z
    .strictObject({ accounts: z.array(accountId).default([]), tags: z.record(z.string(), z.string()).default({}) })
    .default({ accounts: [], tags: {} }),
})

const route = z.strictObject({
  when: z
    .strictObject({
      severity: z.array(z.enum(severities)).optional(),
      detections: z.array(name).optional(),
      teams: z.array(name).optional(),
      accounts: z.array(accountId).optional(),
      labels: z.array(name).optional(),
    })
    .default({}),
  to: z.array(name).min(1),
})

const schema = z.strictObject({
  sources: z
    .array(
      z.strictObject({
        sqs: z.strictObject({
          queueUrl: url,
          region: name.optional(),
          endpoint: url.optional(),
          pollers: z.int().min(1).max(32).default(4),
        }),
      }),
    )
    .min(1),
  accounts: z.array(account).min(1),
  aws: z.strictObject({
    roleName: name.default('TriplineAudit'),
    externalId: z.string().min(2).max(1224),
    endpoint: url.optional(),
  }),
  resourceTypes: z.array(name).min(1).nullable().default(null),
  scans: z
    .strictObject({ daily: localTime.nullable().default('03:00'), timeZone: zone.default('UTC') })
    .prefault({})
    .transform(({ daily, timeZone }) => ({ daily: daily === null ? null : { minutes: minutesOf(daily), timeZone } })),
  detections: z.array(name).min(1).default(['policies', 'rules']),
  teams: z.array(team).default([]),
  routes: z.array(route).default([]),
  fallback: name,
  slack: z.strictObject({ apiUrl: url.optional(), tokenSecret: name.optional() }).default({}),
  store: z.strictObject({ folder: name.default('.tripline/data') }).default({ folder: '.tripline/data' }),
  http: z
    .strictObject({ host: name.default('0.0.0.0'), port: z.int().min(0).max(65_535).default(8080) })
    .default({ host: '0.0.0.0', port: 8080 }),
})

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}

function isZone(timeZone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone }))
  } catch {
    return false
  }
}

/** `tripline.yaml` as written, defaults filled in; docs/configuration.md explains each key. */
export type FileConfig = z.infer<typeof schema>
/** The file and what only the environment gives. */
export type Config = Omit<FileConfig, 'store'> & {
  /** A PostgreSQL address, or a folder of the embedded database; null keeps it in memory. */
  readonly store: { readonly url?: string; readonly folder: string | null }
  readonly slack: FileConfig['slack'] & { readonly token: string | null }
}

/** Reads the file and the environment (`DATABASE_URL`, `SLACK_BOT_TOKEN`). Throws ConfigError naming every mistake with its place. */
export async function readConfig(file: string, environment: NodeJS.ProcessEnv): Promise<Config> {
  const given = await readYaml(file, schema)
  const doubled = given.accounts.map(({ id }) => id).filter((id, index, all) => all.indexOf(id) !== index)
  if (doubled.length > 0)
    throw new ConfigError('invalid', `${file}: accounts: given ${doubled.join(', ')} twice; allowed: each account once`)
  const known = new Set(given.accounts.map(({ id }) => id))
  const strangers = given.teams.flatMap((each) =>
    each.owns.accounts.filter((id) => !known.has(id)).map((id) => `${each.id} owns ${id}`),
  )
  if (strangers.length > 0)
    throw new ConfigError('invalid', `${file}: teams: given ${strangers.join(', ')}; allowed: accounts listed under \`accounts\``)
  const databaseUrl = environment['DATABASE_URL']
  const store = databaseUrl === undefined || databaseUrl === '' ? given.store : { ...given.store, url: databaseUrl }
  return { ...given, store, slack: { ...given.slack, token: environment['SLACK_BOT_TOKEN'] ?? null } }
}
