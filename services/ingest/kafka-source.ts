import { backoffMs, roomLogger, sleep } from '#runtime'
import { nameOf } from './ingest-error.ts'
import type { BatchHandler, Message, Source } from './source.ts'

const log = roomLogger('ingest')

/** How the brokers are reached. */
export interface KafkaCluster {
  /** `host:port`, some of them: the others are heard of. */
  readonly brokers: readonly string[]
  /** False: in clear text. `ca`, `cert` and `key` are PEM texts. */
  readonly ssl?: boolean | { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined
  readonly sasl?:
    | { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: string }
    | { readonly mechanism: 'aws-msk-iam'; readonly region: string }
    | undefined
}

export interface KafkaSourceOptions extends KafkaCluster {
  readonly groupId: string
  readonly topics: readonly string[]
  /** The only accounts that a topic may speak of; topics that are not here may speak of all registered ones. */
  readonly accountsByTopic?: Readonly<Record<string, readonly string[]>> | undefined
  /** The same by message key. Given, a message with any other key, or none, may speak of no account. */
  readonly accountsByKey?: Readonly<Record<string, readonly string[]>> | undefined
  /** Topics whose messages are records of a log; those that are not here bring CloudTrail's events and findings. */
  readonly logTypesByTopic?: Readonly<Record<string, string>> | undefined
  /** Whose records these may be where `accountsByTopic` does not say it. */
  readonly accounts?: readonly string[] | undefined
  readonly concurrency?: number | undefined
  readonly batchSize?: number | undefined
  /** After the stop, handlers have so long to end. */
  readonly drainMs?: number | undefined
  readonly maxRetrySeconds?: number | undefined
  /** Most messages of one partition that are held unfinished. */
  readonly maxHeld?: number | undefined
}

const silenceMs = 30_000
const lettersHeld = 4 * 1_048_576

/**
 * Reads topics as a member of a consumer group until stopped; a broken membership begins again, further and further apart. A
 * partition is committed up to its first message that no handler took: what is not committed comes again, here or at another member.
 */
export function openKafkaSource(options: KafkaSourceOptions): Source & { healthy(): boolean } {
  const { groupId, topics, concurrency = 8, batchSize = 200, drainMs = 7_000, maxRetrySeconds = 30, maxHeld = 500 } = options
  let answeredAt: number | null = null

  return {
    name: `kafka ${groupId}: ${topics.join(', ')}`,
    healthy: () => answeredAt !== null && Date.now() - answeredAt < silenceMs,

    async run(handle: BatchHandler, stop: AbortSignal) {
      // Evaluator processes come through this door too and have no use for kafkajs.
      const [{ openKafka }, { runMember }] = await Promise.all([import('./kafka-client.ts'), import('./kafka-member.ts')])
      const kafka = openKafka(options)
      const desk = { concurrency, batchSize, messages: maxHeld, letters: lettersHeld, maxRetryMs: maxRetrySeconds * 1_000 }
      let failures = 0
      const answered = (): void => {
        answeredAt = Date.now()
        failures = 0
      }
      const bind = (topic: string, key: string | null): Message['only'] => boundTo(options, topic, key)
      while (!stop.aborted) {
        try {
          await runMember(kafka, { ...desk, groupId, topics, drainMs, bind, answered }, handle, stop)
        } catch (error) {
          failures += 1
          log.warn({ groupId, failures, error: nameOf(error) }, 'not in the group, will join again')
          await sleep(backoffMs(failures - 1, 1_000, 30_000), stop)
        }
      }
    },
  }
}

/** Whose events a message may hold, by its topic and by its key, and of what log. */
function boundTo(options: KafkaSourceOptions, topic: string, key: string | null): Message['only'] {
  const logType = own(options.logTypesByTopic, topic)
  const only = accountsOf(options, topic, key)
  if (logType === undefined) return only
  const { accounts, by } = only ?? { accounts: options.accounts ?? [], by: `topic ${topic}` }
  const [accountId] = accounts
  return { accounts, by, carries: { logType, ...(accountId !== undefined && accounts.length === 1 ? { accountId } : {}) } }
}

function accountsOf(options: KafkaSourceOptions, topic: string, key: string | null): Message['only'] {
  const byTopic = own(options.accountsByTopic, topic)
  if (options.accountsByKey === undefined) return byTopic && { accounts: byTopic, by: `topic ${topic}` }
  const byKey = (key === null ? undefined : own(options.accountsByKey, key)) ?? []
  const by = key === null ? `topic ${topic}, no key` : `topic ${topic}, key ${key.slice(0, 100)}`
  return { accounts: byTopic === undefined ? byKey : byKey.filter((account) => byTopic.includes(account)), by }
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}

/** For `check`: reaches the brokers as the source would, and says what is there. Throws when they or a topic cannot be had. */
export async function inspectKafka(
  cluster: KafkaCluster,
  topics: readonly string[],
): Promise<{ readonly brokers: number; readonly partitions: Readonly<Record<string, number>> }> {
  const { openKafka } = await import('./kafka-client.ts')
  const admin = openKafka(cluster, { retries: 1 }).admin()
  try {
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    const described = await admin.fetchTopicMetadata({ topics: [...topics] })
    const partitions = Object.fromEntries(described.topics.map(({ name, partitions: each }) => [name, each.length]))
    return { brokers: brokers.length, partitions }
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}
