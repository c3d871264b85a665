import { inspectKafka } from '#ingest'
import type { Config } from '../processes/config.ts'
import { kafkaCluster } from '../processes/sources.ts'
import { attempt, type Finding } from './check-finding.ts'
import { counted } from './words.ts'

/** The brokers of each Kafka source, with its own login, and its topics. The group is not joined. */
export async function* checkKafka(config: Config): AsyncGenerator<Finding> {
  for (const [index, source] of config.sources.entries()) {
    if (!('kafka' in source)) continue
    const { topics, brokers } = source.kafka
    yield attempt(`kafka ${brokers.join(', ')}`, async () => {
      const cluster = await kafkaCluster(source.kafka, `sources.${index}.kafka`, config, process.env)
      const seen = await inspectKafka(cluster, topics)
      const words = topics.map((topic) => `${topic} has ${counted(seen.partitions[topic] ?? 0, 'partition')}`)
      return `${counted(seen.brokers, 'broker')}; ${words.join(', ')}`
    })
  }
}
