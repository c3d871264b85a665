import * as z from 'zod'
import { readYaml } from '#runtime'
import { peopleKeys } from './config-people.ts'
import { accountId, localTime, misfits, name, ou, routingKeys, url, zone } from './config-routing.ts'

const account = z.strictObject({
  id: accountId,
  name,
  label: name.nullable().default(null),
  ou: ou.nullable().default(null),
  regions: z.array(name).min(1),
})

const keys = z.strictObject({
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
    .strictObject({ daily: localTime.nullable().prefault('03:00'), timeZone: zone.default('UTC') })
    .prefault({})
    .transform(({ daily, timeZone }) => ({ daily: daily === null ? null : { minutes: daily, timeZone } })),
  detections: z.array(name).min(1).default(['policies', 'rules']),
  ...routingKeys,
  ...peopleKeys,
  slack: z.strictObject({ apiUrl: url.optional(), tokenSecret: name.optional() }).default({}),
  store: z.strictObject({ folder: name.default('.tripline/data') }).default({ folder: '.tripline/data' }),
  http: z
    .strictObject({ host: name.default('0.0.0.0'), port: z.int().min(0).max(65_535).default(8080) })
    .default({ host: '0.0.0.0', port: 8080 }),
})

const schema = keys.superRefine((config, context) => {
  for (const { path, allowed } of misfits(config)) context.addIssue({ code: 'custom', path: [...path], message: allowed })
})

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
  const databaseUrl = environment['DATABASE_URL']
  const store = databaseUrl === undefined || databaseUrl === '' ? given.store : { ...given.store, url: databaseUrl }
  return { ...given, store, slack: { ...given.slack, token: environment['SLACK_BOT_TOKEN'] ?? null } }
}
