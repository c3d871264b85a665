import kafkajs, { type Kafka, type KafkaConfig, type SASLOptions } from 'kafkajs'
import { roomLogger } from '#runtime'
import { mskToken } from './kafka-msk.ts'
import { codecOf } from './kafka-codecs.ts'
import type { KafkaCluster } from './kafka-source.ts'

const { CompressionCodecs, CompressionTypes, logLevel } = kafkajs
const log = roomLogger('ingest')
const connectMs = 3_000
const callMs = 10_000

/** Reads what producers compress with; gzip too, since kafkajs would unpack without a bound. */
for (const [type, name] of [
  [CompressionTypes.GZIP, 'gzip'],
  [CompressionTypes.Snappy, 'snappy'],
  [CompressionTypes.LZ4, 'lz4'],
  [CompressionTypes.ZSTD, 'zstd'],
] as const) {
  const codec = codecOf(name)
  CompressionCodecs[type] = () => codec
}

// kafkajs sets a timer of less than no time once, which Node 24 and later print a warning of.
const warn = process.emitWarning.bind(process) as (...given: readonly unknown[]) => void
process.emitWarning = (...given: readonly unknown[]): void => {
  if (given[1] !== 'TimeoutNegativeWarning') warn(...given)
}

/** The cluster in kafkajs's words. */
export function openKafka(cluster: KafkaCluster, { retries = 5 }: { retries?: number } = {}): Kafka {
  const { brokers, ssl, sasl } = cluster
  const config: KafkaConfig = {
    clientId: 'tripline',
    brokers: [...brokers],
    connectionTimeout: connectMs,
    authenticationTimeout: callMs,
    requestTimeout: callMs,
    retry: { initialRetryTime: 300, maxRetryTime: 3_000, retries },
    logLevel: logLevel.INFO,
    // What kafkajs takes for errors, it mostly mends by itself; what it does not comes to us as an error. Its fields stay away.
    logCreator:
      () =>
      ({ level, log: { message, error } }) => {
        const words = typeof error === 'string' ? { error: error.slice(0, 300) } : {}
        if (level === logLevel.ERROR || level === logLevel.WARN) log.info(words, `kafka: ${message.slice(0, 300)}`)
        else log.debug(words, `kafka: ${message.slice(0, 300)}`)
      },
  }
  if (ssl !== undefined) config.ssl = ssl
  if (sasl !== undefined) config.sasl = saslOf(sasl)
  return new kafkajs.Kafka(config)
}

function saslOf(sasl: NonNullable<KafkaCluster['sasl']>): SASLOptions {
  if (sasl.mechanism !== 'aws-msk-iam') return sasl
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await mskToken(sasl.region) }) }
}
