import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode } from '#ingest'
import type { AuditEvent } from '#model'
import { createIntake, createListener, type Feed } from '#pipeline'
import { feedChangeOf } from '../../services/pipeline/feed.ts'
import { startInnerLine, type InnerLine } from '../support/inner-line.ts'
import { aRecord } from '../support/records.ts'

const account = '111111111111'
const rule = 'tripline-heartbeat'
const feed: Feed = {
  trails: ['*'],
  rules: ['tripline*'],
  buses: ['tripline*'],
  queues: ['tripline*', 'ours'],
  topics: ['tripline*'],
  buckets: ['trail-logs'],
  roles: ['TriplineAudit'],
}
const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:${account}:${rest}`

function aChange(service: string, name: string, request: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return aRecord({ account, region: 'eu-west-1', source: `${service}.amazonaws.com`, name, request, ...more })
}
function eventOf(record: Record<string, unknown>): AuditEvent {
  const { events } = decode(JSON.stringify(record), { accounts: null, regions: null, times: 'any' })
  if (events[0] === undefined) throw new Error('no event')
  return events[0].event
}

describe('a change to the feed', () => {
  test.each([
    ['cloudtrail', 'StopLogging', { name: arn('cloudtrail', 'trail/main') }, 'trail main', 'logging-stopped'],
    ['cloudtrail', 'DeleteTrail', { name: 'main' }, 'trail main', 'logging-stopped'],
    ['cloudtrail', 'UpdateTrail', { name: 'main' }, 'trail main', null],
    ['cloudtrail', 'PutEventSelectors', { trailName: 'main' }, 'trail main', null],
    ['events', 'DisableRule', { name: 'tripline-events' }, 'EventBridge rule tripline-events', 'forwarding-stopped'],
    ['events', 'DeleteRule', { name: 'tripline-events' }, 'EventBridge rule tripline-events', 'forwarding-stopped'],
    ['events', 'RemoveTargets', { rule: 'tripline-events', ids: ['1'] }, 'EventBridge rule tripline-events', 'forwarding-stopped'],
    ['events', 'PutRule', { name: 'tripline-events', state: 'DISABLED' }, 'EventBridge rule tripline-events', 'forwarding-stopped'],
    ['events', 'PutRule', { name: 'tripline-events', state: 'ENABLED' }, 'EventBridge rule tripline-events', null],
    // Heartbeats that stop are missed; events go on coming.
    ['events', 'DisableRule', { name: rule }, `EventBridge rule ${rule}`, null],
    ['events', 'DeleteEventBus', { name: 'tripline' }, 'event bus tripline', null],
    ['events', 'RemovePermission', { eventBusName: arn('events', 'event-bus/tripline') }, 'event bus tripline', null],
    ['sqs', 'DeleteQueue', { queueUrl: `https://sqs.eu-west-1.amazonaws.com/${account}/ours` }, 'queue ours', null],
    ['sqs', 'PurgeQueue', { queueUrl: `https://sqs.eu-west-1.amazonaws.com/${account}/tripline-dlq` }, 'queue tripline-dlq', null],
    ['sns', 'Unsubscribe', { subscriptionArn: arn('sns', 'tripline-trail:6b0e71bd') }, 'SNS topic tripline-trail', null],
    ['s3', 'PutBucketNotification', { bucketName: 'trail-logs' }, 'bucket trail-logs', null],
    ['iam', 'DetachRolePolicy', { roleName: 'TriplineAudit' }, 'audit role TriplineAudit', null],
  ] as const)('%s %s of %j', (service, name, request, subject, stops) => {
    expect(feedChangeOf(eventOf(aChange(service, name, request)), feed, rule)).toMatchObject({ subject, stops })
  })

  test.each([
    ['events', 'DisableRule', { name: 'nightly' }, {}],
    ['events', 'PutPermission', {}, {}],
    ['sqs', 'DeleteQueue', { queueUrl: `https://sqs.eu-west-1.amazonaws.com/${account}/theirs` }, {}],
    ['sns', 'DeleteTopic', { topicArn: arn('sns', 'news') }, {}],
    ['iam', 'DeleteRole', { roleName: 'Builder' }, {}],
    ['cloudtrail', 'StartLogging', { name: 'main' }, {}],
    // Not carried out.
    ['cloudtrail', 'StopLogging', { name: 'main' }, { errorCode: 'AccessDenied' }],
  ] as const)('is not %s %s of %j', (service, name, request, more) => {
    expect(feedChangeOf(eventOf(aChange(service, name, request, more)), feed, rule)).toBeNull()
  })
})

describe('beside intake', () => {
  let line: InnerLine
  const accounts = [{ id: account, regions: ['eu-west-1', 'us-east-1'] }]
  beforeAll(async () => {
    // AWS is not asked: what is noted waits to be fetched.
    line = await startInnerLine({
      endpoint: 'http://127.0.0.1:9',
      accounts,
      types: ['AWS.IAM.Role', 'AWS.S3.Bucket'],
      folders: ['rules'],
      workers: [],
    })
  })
  afterAll(() => line[Symbol.asyncDispose]())

  const listenerOf = () => createListener({ ...line.parts, accounts, feed, rule }, { freshMs: 900_000 })
  const given = (records: readonly object[], only?: readonly string[]) =>
    records.map((record, index) => ({
      id: String(index),
      body: JSON.stringify(record),
      receivedAt: new Date(),
      ...(only === undefined ? {} : { only: { accounts: only, by: 'topic' } }),
    }))
  const aBeat = (more: Record<string, unknown> = {}) => ({
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account,
    region: 'eu-west-1',
    time: new Date().toISOString(),
    resources: [arn('events', `rule/${rule}`)],
    detail: {},
    ...more,
  })

  test('a change is told to the operators at once, critical and once, and what it stops is a gap of each region it stops', async () => {
    const handle = listenerOf().around('queue', createIntake({ ...line.parts, source: 'queue' }), { signs: true })
    const stopped = aChange('cloudtrail', 'StopLogging', { name: 'main' })
    const disabled = aChange('events', 'DisableRule', { name: 'tripline-events' })
    await handle(given([stopped, disabled, aChange('s3', 'DeleteBucket', { bucketName: 'other' })]))
    // Copies of it, on this and on another way.
    await handle(given([{ Records: [stopped, disabled] }]))
    const notes = (await line.told()).filter((content) => content.kind === 'note')
    expect(notes.map(({ severity, title }) => [severity, title])).toEqual([
      ['CRITICAL', `The feed was changed: StopLogging on trail main in ${account} (${account}) eu-west-1`],
      ['CRITICAL', `The feed was changed: DisableRule on EventBridge rule tripline-events in ${account} (${account}) eu-west-1`],
    ])
    const gaps = await line.store.gaps.list(10)
    const since = (record: Record<string, unknown>): string => new Date(String(record['eventTime'])).toISOString()
    expect(gaps.map(({ region, cause, from }) => `${region} ${cause} ${from.toISOString()}`).toSorted()).toEqual([
      `eu-west-1 forwarding-stopped ${since(disabled)}`,
      `eu-west-1 logging-stopped ${since(stopped)}`,
      `us-east-1 logging-stopped ${since(stopped)}`,
    ])
    const scans = await line.store.scans.progress(gaps.flatMap((gap) => gap.scans))
    expect(scans.map(({ kind }) => kind)).toEqual(['gap', 'gap', 'gap'])
  })

  test('events and heartbeats are signs of their own time, and only those that may be believed', async () => {
    const listener = listenerOf()
    const handle = listener.around('queue', createIntake({ ...line.parts, source: 'queue' }), { signs: true })
    const quiet = (region: string, minute: number) =>
      aRecord({
        account,
        region,
        source: 'kms.amazonaws.com',
        name: 'ListAliases',
        time: new Date(Date.UTC(2026, 10, 21, 9, minute)),
      })
    const forged = { resources: [`arn:aws:events:eu-west-1:222222222222:rule/${rule}`] }
    const nightly = { resources: [arn('events', 'rule/nightly')], time: '2026-11-21T09:30:00Z' }
    await handle(
      given([
        quiet('eu-west-1', 1),
        quiet('eu-west-1', 1),
        quiet('us-east-1', 0),
        { Records: [quiet('eu-west-1', 3), quiet('us-east-1', 3)] },
      ]),
    )
    await handle(
      given([aBeat({ time: '2026-11-21T09:15:00Z' }), aBeat({ time: '2026-11-21T09:16:00Z', ...forged }), aBeat(nightly)]),
    )
    // Bound to another account: it says nothing of ours.
    await handle(given([quiet('eu-west-1', 50), aBeat({ time: '2026-11-21T09:51:00Z' })], ['222222222222']))
    // A log of another kind may hold what looks like an event.
    const foreign = { accounts: [account], by: 'logType App', carries: { logType: 'App', accountId: account } }
    const [forgery] = given([quiet('eu-west-1', 55)])
    const logs = listener.around('logs', async () => new Set(), { signs: true })
    if (forgery !== undefined) await logs([{ ...forgery, only: foreign }])
    // What the bucket brings says nothing of the way that matters.
    const late = listener.around('bucket', createIntake({ ...line.parts, source: 'bucket' }), { signs: false })
    await late(given([quiet('eu-west-1', 40)]))
    await listener.flush([{ name: 'queue' }])
    const heard = (await line.store.coverage.list()).map(({ region, signs }) => [
      region,
      signs
        .filter(({ at }) => at < new Date('2026-11-21T10:00:00Z'))
        .map(({ at, beat }) => `${at.toISOString().slice(11, 16)}${beat ? ' beat' : ''}`),
    ])
    expect(heard).toEqual([
      ['eu-west-1', ['09:01', '09:03', '09:15 beat', '09:30']],
      ['us-east-1', ['09:00', '09:03']],
    ])
    const refused = (await line.store.quarantine.list(10)).map(({ reason }) => reason).toSorted()
    expect(refused).toEqual(['account-mismatch', 'account-mismatch', 'account-mismatch'])
  })

  test('an event that names another account, or another call, before its own is read by its own', async () => {
    // As the first key, so that its words come before all others.
    const before = (words: Record<string, string>, record: Record<string, unknown>) => ({ additionalEventData: words, ...record })
    const role = before({ eventName: 'Get' }, aChange('iam', 'AttachRolePolicy', { roleName: 'TriplineAudit' }))
    const quiet = aChange('kms', 'ListAliases', {}, { time: new Date(Date.UTC(2026, 10, 21, 11, 5)) })
    const tagged = before({ recipientAccountId: '222222222222' }, quiet)
    const others = [account, '222222222222'].map((id) => ({ id, regions: ['eu-west-1'] }))
    const trust = { ...line.parts.trust, accounts: others.map(({ id }) => id) }
    const listener = createListener({ ...line.parts, trust, accounts: others, feed, rule }, { freshMs: 900_000 })
    const handle = listener.around('queue', async () => new Set(), { signs: true })
    await handle(given([tagged, { ...quiet, recipientAccountId: '222222222222' }]))
    await handle(given([role]))
    await listener.flush([{ name: 'queue' }])
    const heard = (await line.store.coverage.list()).filter(({ signs }) =>
      signs.some(({ at }) => at.toISOString().includes('T11:05')),
    )
    expect(heard.map(({ accountId }) => accountId)).toEqual([account, '222222222222'])
    const titles = (await line.told()).flatMap((content) => (content.kind === 'note' ? [content.title] : []))
    expect(titles.filter((title) => title.includes('AttachRolePolicy on audit role'))).toHaveLength(1)
  })

  test('a backlog is no news: reading begins anew until what comes is fresh', async () => {
    const listener = listenerOf()
    const handle = listener.around('slow', createIntake({ ...line.parts, source: 'slow' }), { signs: true })
    const old = (minutes: number) =>
      aRecord({ account, source: 'kms.amazonaws.com', name: 'ListAliases', time: new Date(Date.now() - minutes * 60_000) })
    await listener.flush([{ name: 'slow' }])
    const first = await line.store.coverage.readingSince(['slow'])
    await handle(given([old(1), old(0), old(500)]))
    await listener.flush([{ name: 'slow' }])
    expect(await line.store.coverage.readingSince(['slow'])).toEqual(first)
    await handle(given([old(1), old(300), old(400)]))
    await listener.flush([{ name: 'slow' }])
    const behind = await line.store.coverage.readingSince(['slow'])
    expect(behind?.getTime()).toBeGreaterThan(first?.getTime() ?? 0)
    // A source that cannot be read is not said to be.
    await listener.flush([{ name: 'away', healthy: () => false }])
    expect(await line.store.coverage.readingSince(['away'])).toBeNull()
  })
})
