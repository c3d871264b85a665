import { resolve } from 'node:path'
import * as z from 'zod'
import { accountId, name, variable, type Misfit } from './config-routing.ts'

// The keys of `tripline.yaml` under `sources[].kafka`.

const broker = z
  .string()
  .regex(/^(?:[\w.-]+|\[[\da-fA-F:]+\]):\d{1,5}$/u, 'allowed: host:port')
  .refine(hasPort, 'allowed: a port from 1 to 65535')
const topic = z.string().regex(/^[\w.-]{1,249}$/u, 'allowed: the name of a topic')
const accounts = z.record(name, z.array(accountId).min(1))

const password = { username: name, passwordSecret: name.optional(), passwordVariable: variable.default('KAFKA_PASSWORD') }
const sasl = z.discriminatedUnion('mechanism', [
  z.strictObject({ mechanism: z.literal('plain'), ...password }),
  z.strictObject({ mechanism: z.literal('scram-sha-256'), ...password }),
  z.strictObject({ mechanism: z.literal('scram-sha-512'), ...password }),
  z.strictObject({ mechanism: z.literal('aws-msk-iam'), region: name }),
])

export const kafkaKeys = z.strictObject({
  brokers: z.array(broker).min(1),
  topics: z.array(topic).min(1),
  groupId: name.default('tripline'),
  ssl: z
    .union([
      z.boolean(),
      z.strictObject({ caFile: name.exactOptional(), certFile: name.exactOptional(), keyFile: name.exactOptional() }),
    ])
    .optional(),
  sasl: sasl.optional(),
  accountsByTopic: accounts.optional(),
  accountsByKey: accounts.optional(),
  logTypesByTopic: z.record(name, name).optional(),
})
export type KafkaKeys = z.infer<typeof kafkaKeys>

function hasPort(given: string): boolean {
  const port = Number(given.slice(given.lastIndexOf(':') + 1))
  return port > 0 && port <= 65_535
}

/** With the paths of its certificates made whole: they are relative to the folder of the file. */
export function kafkaIn(folder: string, kafka: KafkaKeys): KafkaKeys {
  if (typeof kafka.ssl !== 'object') return kafka
  const files = Object.entries(kafka.ssl).map(([key, file]) => [key, resolve(folder, file)])
  return { ...kafka, ssl: Object.fromEntries(files) as typeof kafka.ssl }
}

/** Passwords in clear text on the wire, topics that nobody reads, accounts of strangers. */
export function kafkaMisfits(config: {
  readonly sources: readonly (object | { kafka: KafkaKeys })[]
  readonly accounts: readonly { readonly id: string }[]
}): readonly Misfit[] {
  const known = new Set(config.accounts.map(({ id }) => id))
  return config.sources.flatMap((source, index): readonly Misfit[] => {
    if (!('kafka' in source)) return []
    const { ssl = false, sasl: login, topics, accountsByTopic = {}, accountsByKey = {}, logTypesByTopic = {} } = source.kafka
    const path = ['sources', index, 'kafka'] as const
    const inClear = ssl === false && (login?.mechanism === 'plain' || login?.mechanism === 'aws-msk-iam')
    return [
      ...(inClear
        ? [{ path: [...path, 'sasl'], allowed: `allowed: ${login.mechanism} with ssl, since it sends the secret itself` }]
        : []),
      ...Object.entries({ accountsByTopic, logTypesByTopic }).flatMap(([key, named]) =>
        Object.keys(named)
          .filter((each) => !topics.includes(each))
          .map((each) => ({ path: [...path, key, each], allowed: `allowed: one of the topics, ${topics.join(', ')}` })),
      ),
      ...Object.entries({ accountsByTopic, accountsByKey }).flatMap(([key, bound]) =>
        Object.entries(bound).flatMap(([each, ids]) =>
          ids.flatMap((id, at) =>
            known.has(id) ? [] : [{ path: [...path, key, each, at], allowed: 'allowed: accounts listed under `accounts`' }],
          ),
        ),
      ),
    ]
  })
}
