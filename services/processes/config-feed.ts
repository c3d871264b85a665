import * as z from 'zod'
import type { Feed } from '#pipeline'
import { period } from './config-reminders.ts'
import { accountId, name, type Misfit } from './config-routing.ts'

const names = (given: readonly string[]) => z.array(name).default([...given])

/** `heartbeats`: how often each account and region says that it is heard, and which do; null: silence is not listened to. */
export const heartbeats = z
  .strictObject({
    every: period.prefault('15m'),
    rule: name.default('tripline-heartbeat'),
    regions: z.record(accountId, z.array(name)).default({}),
  })
  .nullable()
  .prefault({})

/** Heartbeats of accounts that nobody listens to. */
export function feedMisfits(config: Pick<Given, 'accounts' | 'heartbeats'>): readonly Misfit[] {
  const known = new Set(config.accounts.map(({ id }) => id))
  return Object.keys(config.heartbeats?.regions ?? {})
    .filter((id) => !known.has(id))
    .map((id) => ({ path: ['heartbeats', 'regions', id], allowed: 'allowed: accounts listed under `accounts`' }))
}

/** `feed`: what brings the events to us, by name. */
export const feed = z
  .strictObject({
    trails: names(['*']),
    rules: names(['tripline*']),
    buses: names(['tripline*']),
    queues: names(['tripline*']),
    topics: names(['tripline*']),
    buckets: names([]),
  })
  .prefault({})

/** A feed of which nothing is listened to: for the demo and benchmarks. */
export const noFeed: Pick<Given, 'heartbeats' | 'feed'> = {
  heartbeats: null,
  feed: { trails: [], rules: [], buses: [], queues: [], topics: [], buckets: [] },
}

interface Given {
  readonly sources: readonly (
    | { readonly sqs: Queue }
    | { readonly s3: Queue & { buckets?: readonly string[] | undefined } }
    | { readonly kafka: object }
  )[]
  readonly accounts: readonly { readonly id: string; readonly regions: readonly string[] }[]
  readonly aws: { readonly roleName: string }
  readonly heartbeats: z.output<typeof heartbeats>
  readonly feed: z.output<typeof feed>
}
interface Queue {
  readonly queueUrl: string
}

/** What the configuration names itself is of the feed too. */
export function feedOf({ sources, aws, feed: given }: Given): Feed {
  const queues = sources.flatMap((source) => ('sqs' in source ? [source.sqs] : 's3' in source ? [source.s3] : []))
  const buckets = sources.flatMap((source) => ('s3' in source ? (source.s3.buckets ?? []) : []))
  return {
    ...given,
    queues: [...given.queues, ...queues.map(({ queueUrl }) => queueUrl.split('/').at(-1) ?? '')],
    buckets: [...given.buckets, ...buckets],
    roles: [aws.roleName.split('/').at(-1) ?? ''],
  }
}

/** Which accounts and regions are to send heartbeats. */
export function expectedOf({ accounts, heartbeats: given }: Given): readonly { accountId: string; region: string }[] {
  if (given === null) return []
  return accounts.flatMap(({ id, regions }) => (given.regions[id] ?? regions).map((region) => ({ accountId: id, region })))
}
