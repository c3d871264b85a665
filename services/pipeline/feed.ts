import { textAt, type AuditEvent } from '#model'
import { fits } from '#runtime'
import type { GapCause } from '#store'

/** What brings the events to us, by name; `*` allowed. */
export interface Feed {
  readonly trails: readonly string[]
  readonly rules: readonly string[]
  readonly buses: readonly string[]
  readonly queues: readonly string[]
  readonly topics: readonly string[]
  readonly buckets: readonly string[]
  readonly roles: readonly string[]
}
/** A change to something of the feed. */
export interface FeedChange {
  /** `trail management`, `EventBridge rule tripline-events` */
  readonly subject: string
  /** What no longer comes because of it, where that is certain. */
  readonly stops: Exclude<GapCause, 'silent'> | null
  /** What it means, in a sentence. */
  readonly means: string
}

interface Kind {
  readonly words: string
  readonly of: keyof Feed
  /** Where in the request its name stands. */
  readonly at: readonly string[]
  readonly means: string
}
const kinds = {
  trail: {
    words: 'trail',
    of: 'trails',
    at: ['name', 'trailName'],
    means: 'CloudTrail may record less, and what it does not record never comes.',
  },
  rule: {
    words: 'EventBridge rule',
    of: 'rules',
    at: ['rule', 'name'],
    means: 'It hands on the events of its account and region.',
  },
  bus: {
    words: 'event bus',
    of: 'buses',
    at: ['eventBusName', 'name'],
    means: 'The accounts send their events to it.',
  },
  queue: {
    words: 'queue',
    of: 'queues',
    at: ['queueUrl'],
    means: 'Events wait for us in it.',
  },
  topic: {
    words: 'SNS topic',
    of: 'topics',
    at: ['topicArn', 'subscriptionArn'],
    means: 'The news of the trail’s bucket comes over it.',
  },
  bucket: {
    words: 'bucket',
    of: 'buckets',
    at: ['bucketName'],
    means: 'The trail’s files are read out of it.',
  },
  role: {
    words: 'audit role',
    of: 'roles',
    at: ['roleName'],
    means: 'Without it nothing of the account can be read.',
  },
} as const satisfies Readonly<Record<string, Kind>>

const changes: Readonly<Record<string, Readonly<Record<string, keyof typeof kinds>>>> = {
  'cloudtrail.amazonaws.com': { StopLogging: 'trail', DeleteTrail: 'trail', UpdateTrail: 'trail', PutEventSelectors: 'trail' },
  'events.amazonaws.com': {
    DisableRule: 'rule',
    DeleteRule: 'rule',
    PutRule: 'rule',
    RemoveTargets: 'rule',
    PutTargets: 'rule',
    DeleteEventBus: 'bus',
    PutPermission: 'bus',
    RemovePermission: 'bus',
  },
  'sqs.amazonaws.com': {
    DeleteQueue: 'queue',
    SetQueueAttributes: 'queue',
    PurgeQueue: 'queue',
    AddPermission: 'queue',
    RemovePermission: 'queue',
  },
  'sns.amazonaws.com': {
    DeleteTopic: 'topic',
    SetTopicAttributes: 'topic',
    Unsubscribe: 'topic',
    AddPermission: 'topic',
    RemovePermission: 'topic',
  },
  's3.amazonaws.com': {
    PutBucketNotification: 'bucket',
    PutBucketPolicy: 'bucket',
    DeleteBucketPolicy: 'bucket',
    DeleteBucket: 'bucket',
  },
  'iam.amazonaws.com': {
    DeleteRole: 'role',
    // A policy that denies takes as much as one that goes.
    AttachRolePolicy: 'role',
    DetachRolePolicy: 'role',
    PutRolePolicy: 'role',
    DeleteRolePolicy: 'role',
    UpdateAssumeRolePolicy: 'role',
    PutRolePermissionsBoundary: 'role',
  },
}

/** The names of all calls that can change a feed, whatever their service. */
export const feedEventNames: ReadonlySet<string> = new Set(Object.values(changes).flatMap((names) => Object.keys(names)))

/** True for the ARN of a trail of the feed. */
export function isTrailOfFeed({ trails }: Pick<Feed, 'trails'>, arn: string): boolean {
  return trails.some((pattern) => fits(pattern, arn.split('/').at(-1) ?? ''))
}

/** What an event changed of the feed; null when it is about something else, or failed. */
export function feedChangeOf(event: AuditEvent, feed: Feed, heartbeatRule: string): FeedChange | null {
  const kindName = changes[event.source]?.[event.name]
  if (kindName === undefined || event.errorCode !== null) return null
  const kind: Kind = kinds[kindName]
  const given = kind.at.map((key) => textAt(event.record, 'requestParameters', key)).find((each) => each !== null) ?? null
  const name = given === null ? (kindName === 'bus' ? 'default' : 'of unknown name') : nameOf(kindName, given)
  if (!feed[kind.of].some((pattern) => fits(pattern, name))) return null
  const stops = stopsBy(event)
  return {
    subject: `${kind.words} ${name}`,
    // Heartbeats that stop are missed; events go on coming.
    stops: kindName === 'rule' && name === heartbeatRule ? null : stops,
    means: kind.means,
  }
}

function stopsBy({ name, record }: AuditEvent): FeedChange['stops'] {
  if (name === 'StopLogging' || name === 'DeleteTrail') return 'logging-stopped'
  const stopped = name === 'DisableRule' || name === 'DeleteRule' || name === 'RemoveTargets'
  const disabled = name === 'PutRule' && textAt(record, 'requestParameters', 'state') === 'DISABLED'
  return stopped || disabled ? 'forwarding-stopped' : null
}

/** Names in AWS are shorter. */
const longestName = 256

/** The name out of an ARN or an address. */
function nameOf(kind: keyof typeof kinds, text: string): string {
  // A subscription's ARN is its topic's with one part more.
  if (kind === 'topic') return (text.split(':')[5] ?? text).slice(0, longestName)
  return (text.split(/[:/]/u).at(-1) || text).slice(0, longestName)
}
