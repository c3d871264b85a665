import { describe, expect, test } from 'vitest'
import { decode, type RejectReason, type Trust } from '#ingest'
import { anEnvelope, aRecord } from '../support/records.ts'

const member = '111111111111'
const other = '222222222222'
const stranger = '999999999999'
const trust: Trust = { accounts: [member, other], regions: null, times: 'checked' }

const aCall = (extra: Record<string, unknown> = {}): Record<string, unknown> =>
  aRecord({ account: member, source: 's3.amazonaws.com', name: 'PutBucketPolicy', request: { bucketName: 'a-bucket' }, extra })

function reasonOf(body: unknown, given: Trust = trust): readonly string[] {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const { events, rejected } = decode(text, given)
  return [...events.map(({ event }) => event.name), ...rejected.map(({ reason }) => reason)]
}

describe('what is believed', () => {
  test('a bare record becomes an event with its header normalised', () => {
    const record = aCall()
    const { events, rejected } = decode(JSON.stringify(record), trust)
    expect(rejected).toEqual([])
    // Who did it is read when somebody asks.
    const read = events.map(({ record, event }) => ({ record, event: Object.assign({}, event, { actor: event.actor }) }))
    expect(read).toEqual([
      {
        record: 0,
        event: {
          id: record['eventID'],
          accountId: member,
          region: 'us-east-1',
          time: new Date(String(record['eventTime'])),
          source: 's3.amazonaws.com',
          name: 'PutBucketPolicy',
          errorCode: null,
          readOnly: false,
          logType: 'AWS.CloudTrail',
          actor: {
            kind: 'IAMUser',
            identity: 'iam-user',
            name: 'mallory',
            claimed: false,
            via: [],
            job: null,
            arn: `arn:aws:iam::${member}:user/mallory`,
            accountId: member,
            accessKeyId: null,
            session: null,
            mfa: null,
            tool: { kind: 'cli', name: 'aws-cli', version: '2.15.0', providerVersion: null, byHand: true },
            sourceAddress: '198.51.100.7',
            userAgent: 'aws-cli/2.15.0 Python/3.11.6 Linux/6.1',
          },
          record,
        },
      },
    ])
  })

  test.each([
    'AWS API Call via CloudTrail',
    'AWS Console Signin via CloudTrail',
    'AWS Console Sign In via CloudTrail',
    'AWS Console Action via CloudTrail',
    'AWS Service Event via CloudTrail',
  ])('an envelope of %s gives its record', (type) => {
    expect(reasonOf(anEnvelope(aCall(), type))).toEqual(['PutBucketPolicy'])
  })

  test('the good records of a file are read beside the bad ones, each under its own number', () => {
    const { events, rejected } = decode(
      JSON.stringify({ Records: [aCall(), 7, aCall({ recipientAccountId: stranger }), aCall()] }),
      trust,
    )
    expect(events.map(({ record }) => record)).toEqual([0, 3])
    expect(rejected.map(({ record, reason }) => [record, reason])).toEqual([
      [1, 'not-an-event'],
      [2, 'unknown-account'],
    ])
  })

  test('a list of envelopes and records is read like a file', () => {
    expect(reasonOf([anEnvelope(aCall()), aCall()])).toEqual(['PutBucketPolicy', 'PutBucketPolicy'])
  })

  test('account, region and time come from the record when a hop has put its own into the envelope', () => {
    const hop = {
      ...anEnvelope(aCall({ awsRegion: 'eu-west-1' })),
      region: 'us-east-1',
      time: '2001-01-01T00:00:00Z',
      account: undefined,
    }
    const [read] = decode(JSON.stringify(hop), trust).events
    expect(read?.event).toMatchObject({ accountId: member, region: 'eu-west-1' })
    expect(Math.abs(Date.now() - (read?.event.time.getTime() ?? 0))).toBeLessThan(10_000)
  })

  test('a named hub may hand on the events of members', () => {
    const envelope = { ...anEnvelope(aCall()), account: stranger }
    expect(reasonOf(envelope)).toEqual(['account-mismatch'])
    expect(reasonOf(envelope, { ...trust, hubs: [stranger] })).toEqual(['PutBucketPolicy'])
  })

  test('a replay takes any account and any time', () => {
    const old = aCall({ recipientAccountId: stranger, eventTime: '2019-02-03T04:05:06Z' })
    const { events } = decode(JSON.stringify(old), { accounts: null, regions: null, times: 'any' })
    expect(events[0]?.event).toMatchObject({ accountId: stranger, time: new Date('2019-02-03T04:05:06Z') })
  })

  test('a record without an id is known by its content, whatever the order of its keys', () => {
    const record = aCall({ eventID: undefined })
    const turned = Object.fromEntries(Object.entries(record).toReversed())
    const [one, two] = [record, turned].map((each) => decode(JSON.stringify(each), trust).events[0]?.event.id)
    expect(one).toMatch(/^[0-9a-f]{64}$/)
    expect(two).toBe(one)
  })

  test('a failed call keeps its error', () => {
    expect(decode(JSON.stringify(aCall({ errorCode: 'AccessDenied' })), trust).events[0]?.event.errorCode).toBe('AccessDenied')
  })

  test.each([
    [{ type: 'Root', accountId: member, userName: 'the-alias' }, 'root'],
    [{ type: 'AssumedRole', principalId: 'AROAEXAMPLE:alice', arn: `arn:aws:sts::${member}:assumed-role/Admin/alice` }, 'alice'],
    [{ type: 'AssumedRole', principalId: 'AROAEXAMPLE:AutoScaling', invokedBy: 'autoscaling.amazonaws.com' }, 'AutoScaling'],
    [{ type: 'AWSService', invokedBy: 'cloudtrail.amazonaws.com' }, 'cloudtrail.amazonaws.com'],
    [{ type: 'AWSAccount', principalId: 'AIDAEXAMPLE', accountId: other }, `account ${other}`],
    [undefined, 'unknown'],
  ])('the caller %j is called %s', (userIdentity, name) => {
    expect(decode(JSON.stringify(aCall({ userIdentity })), trust).events[0]?.event.actor.name).toBe(name)
  })
})

describe('what is refused', () => {
  const nested = (levels: number): string => `{"eventName":"X","a":${'['.repeat(levels)}${']'.repeat(levels)}}`

  test.each<[string, unknown, RejectReason]>([
    ['an empty body', '', 'not-json'],
    ['a body that is no JSON', 'hello {', 'not-json'],
    ['JSON that is no object', '17', 'not-an-event'],
    ['an object that is no CloudTrail', { hello: 'world' }, 'not-an-event'],
    ['an empty file', { Records: [] }, 'not-an-event'],
    ['an envelope without a record', { 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.s3' }, 'not-an-event'],
    ['a body over 1 MiB', aCall({ pad: 'x'.repeat(1_048_576) }), 'too-large'],
    ['a body over 1 MiB only in bytes', aCall({ pad: '€'.repeat(400_000) }), 'too-large'],
    ['a text over 256 KB', aCall({ pad: 'x'.repeat(300_000) }), 'too-large'],
    ['100,000 levels', nested(100_000), 'too-deep'],
    ['100,000 levels that never close', '['.repeat(100_000), 'too-deep'],
    ['65 levels', nested(64), 'too-deep'],
    ['50,001 values', aCall({ list: Array.from({ length: 50_001 }, () => 0) }), 'too-many-nodes'],
    ['a stranger', aCall({ recipientAccountId: stranger }), 'unknown-account'],
    ['an account that is no account', aCall({ recipientAccountId: 111_111_111_111 }), 'unknown-account'],
    ['a member that speaks for another', { ...anEnvelope(aCall()), account: other }, 'account-mismatch'],
    ['a stranger that speaks for a member', { ...anEnvelope(aCall()), account: stranger }, 'account-mismatch'],
    ['a sender that is not AWS', { ...anEnvelope(aCall()), source: 'com.example' }, 'unknown-source'],
    ['a source that is not AWS', aCall({ eventSource: 's3.example.com' }), 'unknown-source'],
    ['another detail-type', anEnvelope(aCall(), 'EC2 Instance State-change Notification'), 'unknown-detail-type'],
    ['a region that is a host name', aCall({ awsRegion: 'x.example.com/' }), 'region-not-allowed'],
    ['an event of 15 days ago', aCall({ eventTime: new Date(Date.now() - 15 * 86_400_000).toISOString() }), 'time-out-of-range'],
    [
      'an event of the day after tomorrow',
      aCall({ eventTime: new Date(Date.now() + 2 * 86_400_000).toISOString() }),
      'time-out-of-range',
    ],
    ['a time that is none', aCall({ eventTime: 'yesterday' }), 'not-an-event'],
    ['a month that is none', aCall({ eventTime: '2026-13-01T00:00:00Z' }), 'not-an-event'],
  ])('%s is refused as its own reason', (_, body, reason) => {
    expect(reasonOf(body)).toEqual([reason])
  })

  test.each(['__proto__', 'constructor', 'prototype'])('the key %s hides no event: it has another name', (key) => {
    const taken = JSON.stringify({ [`_${key}`]: 'taken' }).slice(1, -1)
    const body = JSON.stringify(aCall()).replace('"bucketName"', `${taken},${JSON.stringify(key)}:{"x":1},"bucketName"`)
    const { events, rejected } = decode(body, trust)
    expect(rejected).toEqual([])
    const request = events[0]?.event.record['requestParameters'] as Record<string, unknown>
    expect(Object.keys(request)).not.toContain(key)
    expect(request).toMatchObject({ [`_${key}`]: 'taken', [`__${key}`]: { x: 1 } })
    expect(Object.getPrototypeOf(request)).toBe(Object.prototype)
  })

  test('a harmful key is found behind escapes', () => {
    const body = JSON.stringify(aCall()).replace('"bucketName"', '"\\u005f_proto__":{"x":1},"bucketName"')
    expect(Object.keys((decode(body, trust).events[0]?.event.record['requestParameters'] ?? {}) as object)).toContain('___proto__')
  })

  test('the same words as values are harmless', () => {
    expect(reasonOf(aCall({ note: '__proto__', other: ['constructor', 'prototype'], umlaut: '\u0007' }))).toEqual([
      'PutBucketPolicy',
    ])
  })

  test('many brackets inside a text are not depth', () => {
    expect(reasonOf(aCall({ policy: `${'{['.repeat(500)} \\" ${'}'.repeat(9)}` }))).toEqual(['PutBucketPolicy'])
  })

  test('64 levels are allowed', () => {
    expect(
      decode(JSON.stringify(aCall()).replace('"bucketName"', `"a":${'['.repeat(62)}${']'.repeat(62)},"bucketName"`), trust)
        .rejected,
    ).toEqual([])
  })

  test('a refusal says what, where, given and allowed', () => {
    const { rejected } = decode(JSON.stringify(aCall({ awsRegion: 'eu-west-1' })), { ...trust, regions: ['us-east-1'] })
    expect(rejected).toEqual([
      { record: 0, reason: 'region-not-allowed', detail: 'awsRegion: given "eu-west-1"; allowed: us-east-1' },
    ])
  })

  test('a long given is cut', () => {
    const { rejected } = decode(JSON.stringify(aCall({ eventSource: `${'x'.repeat(200)}.example.com` })), trust)
    expect(rejected[0]?.detail.length).toBeLessThan(250)
  })
})
