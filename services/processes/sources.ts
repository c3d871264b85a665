import { readFile } from 'node:fs/promises'
import {
  openKafkaSource,
  openS3Source,
  openSqsSource,
  type BatchHandler,
  type Binding,
  type BucketLogs,
  type KafkaCluster,
  type Source,
} from '#ingest'
import { ConfigError } from '#runtime'
import type { Config } from './config.ts'
import type { KafkaKeys } from './config-kafka.ts'
import { readSecret } from './secret.ts'

type Place = Pick<Config, 'aws'>

/** Every source that the configuration names, with its secrets read. Throws before anything is read when one is missing. */
export function openSources(config: Config, environment: NodeJS.ProcessEnv): Promise<readonly Source[]> {
  return Promise.all(
    config.sources.map(async (source, index) => {
      if ('sqs' in source) return bound(openSqsSource(source.sqs), bindingOf(source, config))
      if ('s3' in source) return openS3Source({ ...source.s3, logs: bucketLogsOf(source.s3, config) })
      const { groupId, topics, accountsByTopic, accountsByKey, logTypesByTopic } = source.kafka
      const accounts = config.accounts.map(({ id }) => id)
      const cluster = await kafkaCluster(source.kafka, `sources.${index}.kafka`, config, environment)
      return openKafkaSource({ ...cluster, groupId, topics, accountsByTopic, accountsByKey, logTypesByTopic, accounts })
    }),
  )
}

/** What the messages of a queue are, when they are records of a log; null for CloudTrail's. */
export function bindingOf(source: Config['sources'][number], { accounts: registered }: Pick<Config, 'accounts'>): Binding | null {
  if (!('sqs' in source) || source.sqs.logType === undefined) return null
  const { logType } = source.sqs
  const accounts = source.sqs.accounts ?? registered.map(({ id }) => id)
  const [accountId] = accounts
  const carries = { logType, ...(accountId !== undefined && accounts.length === 1 ? { accountId } : {}) }
  return { accounts, by: `logType ${logType}`, carries }
}

/** Handles what comes as bound. */
export function boundHandler(handle: BatchHandler, only: Binding | null): BatchHandler {
  return only === null ? handle : (batch) => handle(batch.map((message) => ({ ...message, only })))
}

function bound<Of extends Source>(source: Of, only: Binding | null): Of {
  return only === null ? source : { ...source, run: (handle, stop) => source.run(boundHandler(handle, only), stop) }
}

type Bucket = Extract<Config['sources'][number], { s3: unknown }>['s3']

/** What the objects of a bucket are beside CloudTrail's; the longest prefix counts. */
export function bucketLogsOf(
  { logType, logTypesByPrefix = {}, accounts }: Bucket,
  config: Pick<Config, 'accounts' | 'logSchemas'>,
): BucketLogs {
  const named = Object.entries(logType === undefined ? logTypesByPrefix : { '': logType })
  const byPrefix = named
    .toSorted(([a], [b]) => b.length - a.length)
    .flatMap(([prefix, given]) => config.logSchemas.flatMap((schema) => (schema.name === given ? [{ prefix, schema }] : [])))
  return { accounts: accounts ?? config.accounts.map(({ id }) => id), byPrefix }
}

/** The name of a source that is not open, as the open one says it. */
export function sourceName(source: Config['sources'][number]): string {
  if ('sqs' in source) return source.sqs.queueUrl
  if ('s3' in source) return source.s3.queueUrl
  return `kafka ${source.kafka.groupId}: ${source.kafka.topics.join(', ')}`
}

/** How the brokers are reached, with passwords and certificates read. `key` is the place in the configuration, for messages. */
export async function kafkaCluster(
  { brokers, ssl, sasl }: KafkaKeys,
  key: string,
  { aws }: Place,
  environment: NodeJS.ProcessEnv,
): Promise<KafkaCluster> {
  const cluster = { brokers, ...(ssl === undefined ? {} : { ssl: typeof ssl === 'boolean' ? ssl : await certificates(ssl, key) }) }
  if (sasl === undefined) return cluster
  if (sasl.mechanism === 'aws-msk-iam') return { ...cluster, sasl }
  const { mechanism, username, passwordSecret: secret, passwordVariable: variable } = sasl
  const place = { key: `${key}.sasl.passwordSecret`, secret, variable, what: 'the password for Kafka' }
  return { ...cluster, sasl: { mechanism, username, password: await readSecret(place, environment, aws.endpoint) } }
}

async function certificates(
  files: Exclude<NonNullable<KafkaKeys['ssl']>, boolean>,
  key: string,
): Promise<{ ca?: string; cert?: string; key?: string }> {
  const read = async (name: 'ca' | 'cert' | 'key') => {
    const file = files[`${name}File`]
    if (file === undefined) return {}
    try {
      return { [name]: await readFile(file, 'utf8') }
    } catch {
      throw new ConfigError('unreadable', `${key}.ssl.${name}File: ${file} cannot be read; allowed: the path of a PEM file`)
    }
  }
  return { ...(await read('ca')), ...(await read('cert')), ...(await read('key')) }
}
