import { readFile } from 'node:fs/promises'
import { openKafkaSource, openS3Source, openSqsSource, type KafkaCluster, type Source } from '#ingest'
import { ConfigError } from '#runtime'
import type { Config } from './config.ts'
import type { KafkaKeys } from './config-kafka.ts'
import { readSecret } from './secret.ts'

type Place = Pick<Config, 'aws'>

/** Every source that the configuration names, with its secrets read. Throws before anything is read when one is missing. */
export function openSources(config: Config, environment: NodeJS.ProcessEnv): Promise<readonly Source[]> {
  return Promise.all(
    config.sources.map(async (source, index) => {
      if ('sqs' in source) return openSqsSource(source.sqs)
      if ('s3' in source) return openS3Source(source.s3)
      const { groupId, topics, accountsByTopic, accountsByKey } = source.kafka
      const cluster = await kafkaCluster(source.kafka, `sources.${index}.kafka`, config, environment)
      return openKafkaSource({ ...cluster, groupId, topics, accountsByTopic, accountsByKey })
    }),
  )
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
