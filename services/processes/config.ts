import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import * as z from 'zod'
import { readLogSchemas, type LogSchema } from '#ingest'
import { resourceTypes } from '#model'
import { ConfigError, nearest, readYaml } from '#runtime'
import { feed, feedMisfits, heartbeats } from './config-feed.ts'
import { bucketLogKeys, logKeys, logMisfits, shippedSchemas } from './config-logs.ts'
import { kafkaIn, kafkaKeys, kafkaMisfits } from './config-kafka.ts'
import { reminders } from './config-reminders.ts'
import { peopleKeys } from './config-people.ts'
import { accountId, localTime, misfits, name, ou, routingKeys, url, zone } from './config-routing.ts'

const account = z.strictObject({
  id: accountId,
  name,
  label: name.nullable().default(null),
  ou: ou.nullable().default(null),
  regions: z.array(name).min(1),
})

const resourceType = name.refine((given) => resourceTypes.some((each) => each === given), {
  error: ({ input }) =>
    `allowed: a type such as ${nearest(String(input), resourceTypes).join(', ')} (docs/resource-types.md has them all)`,
})

const keys = z.strictObject({
  sources: z
    .array(
      z.union([
        z.strictObject({
          sqs: z.strictObject({
            queueUrl: url,
            region: name.optional(),
            endpoint: url.optional(),
            pollers: z.int().min(1).max(32).default(4),
            ...logKeys,
          }),
        }),
        z.strictObject({ kafka: kafkaKeys }),
        z.strictObject({
          s3: z.strictObject({
            queueUrl: url,
            region: name.optional(),
            endpoint: url.optional(),
            bucketEndpoint: url.optional(),
            buckets: z.array(name).min(1).optional(),
            concurrency: z.int().min(1).max(16).default(2),
            ...bucketLogKeys,
          }),
        }),
      ]),
    )
    .min(1),
  accounts: z.array(account).min(1),
  aws: z.strictObject({
    roleName: name.default('TriplineAudit'),
    externalId: z.string().min(2).max(1224),
    endpoint: url.optional(),
  }),
  findings: z.strictObject({ administrators: z.array(accountId).default([]) }).default({ administrators: [] }),
  schemas: z.array(name).default([]),
  resourceTypes: z.array(resourceType).min(1).nullable().default(null),
  scans: z
    .strictObject({ daily: localTime.nullable().prefault('03:00'), timeZone: zone.default('UTC') })
    .prefault({})
    .transform(({ daily, timeZone }) => ({ daily: daily === null ? null : { minutes: daily, timeZone } })),
  heartbeats,
  feed,
  detections: z.array(name).min(1).default(['shipped', 'bundle']),
  disabled: z.array(name).default([]),
  ...routingKeys,
  reminders,
  ...peopleKeys,
  slack: z.strictObject({ apiUrl: url.optional(), tokenSecret: name.optional() }).default({}),
  store: z.strictObject({ folder: name.default('.tripline/data') }).default({ folder: '.tripline/data' }),
  http: z
    .strictObject({ host: name.default('0.0.0.0'), port: z.int().min(0).max(65_535).default(8080) })
    .default({ host: '0.0.0.0', port: 8080 }),
})

/** What comes with Tripline, wherever it is started: what `shipped` means under `detections`. */
export const shippedDetections = ['policies', 'rules'].map((each) => join(import.meta.dirname, '../..', each))

/** Paths in a file are relative to the folder that it is in. */
function schemaIn(folder: string, logSchemas: readonly LogSchema[]) {
  return keys
    .superRefine((config, context) => {
      const found = [misfits(config), kafkaMisfits(config), feedMisfits(config), logMisfits(config, logSchemas)].flat()
      for (const { path, allowed } of found) context.addIssue({ code: 'custom', path: [...path], message: allowed })
      for (const [index, path] of config.detections.entries()) {
        if (path === 'shipped' || path === 'bundle' || existsSync(resolve(folder, path))) continue
        const message = `allowed: a folder or file that is there (looked for at ${resolve(folder, path)}), \`shipped\`, or \`bundle\``
        context.addIssue({ code: 'custom', path: ['detections', index], message })
      }
    })
    .transform((config) => ({
      ...config,
      sources: config.sources.map((source) => ('kafka' in source ? { kafka: kafkaIn(folder, source.kafka) } : source)),
      detections: config.detections.flatMap((path) => {
        if (path === 'bundle') return []
        return path === 'shipped' ? shippedDetections : [resolve(folder, path)]
      }),
      logSchemas,
      followsBundles: config.detections.includes('bundle'),
      store: { folder: resolve(folder, config.store.folder) },
    }))
}

/** `tripline.yaml` as written, defaults filled in; docs/configuration.md explains each key. */
export type FileConfig = z.infer<ReturnType<typeof schemaIn>>
/** The file and what only the environment gives. */
export type Config = Omit<FileConfig, 'store'> & {
  /** A PostgreSQL address, or a folder of the embedded database; null keeps it in memory. */
  readonly store: { readonly url?: string; readonly folder: string | null }
  readonly slack: FileConfig['slack'] & { readonly token: string | null }
}

/** Reads the file and the environment (`DATABASE_URL`, `SLACK_BOT_TOKEN`). Throws ConfigError naming every mistake with its place. */
export async function readConfig(file: string, environment: NodeJS.ProcessEnv): Promise<Config> {
  const folder = dirname(resolve(file))
  // First what the rest is checked against.
  const { schemas } = await readYaml(file, z.looseObject({ schemas: keys.shape.schemas }))
  const logSchemas = await readLogSchemas([shippedSchemas, ...schemas.map((path) => resolve(folder, path))])
  const given = await readYaml(file, schemaIn(folder, logSchemas))
  const databaseUrl = environment['DATABASE_URL']
  // Never shown: it holds a password.
  if (databaseUrl !== undefined && databaseUrl !== '' && !(/^postgres(?:ql)?:\/\//u.test(databaseUrl) && URL.canParse(databaseUrl)))
    throw new ConfigError(
      'invalid',
      'DATABASE_URL in the environment: given what is no address of PostgreSQL; allowed: postgres://user:password@host:5432/database, with special characters as %23',
    )
  const store = databaseUrl === undefined || databaseUrl === '' ? given.store : { ...given.store, url: databaseUrl }
  return { ...given, store, slack: { ...given.slack, token: environment['SLACK_BOT_TOKEN'] ?? null } }
}
