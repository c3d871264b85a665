import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import accessKeyAge from '../../policies/aws/iam/access-key-age.ts'
import certificateExpiry from '../../policies/aws/acm/certificate-expiry.ts'
import { definePolicy, defineRule, type PolicyDefinition, type RuleDefinition } from '../../services/detection/authoring.ts'
import type { JsonObject } from '#model'
import type { RuleEvent } from '../../services/detection/log-records.ts'
import { readDefinition, type LoadedPolicy, type LoadedRule } from '../../services/detection/definition.ts'
import { createEngine, runPolicy, runRule } from '../../services/detection/engine.ts'

const from = { file: 'test.ts', fingerprint: 'f' }

function rule(own: Partial<RuleDefinition> & object): LoadedRule {
  const base = { id: 'Rule', severity: 'Medium', description: 'x', logTypes: ['AWS.CloudTrail'], evaluate: () => true } as const
  return readDefinition(defineRule({ match: { source: 'ec2.amazonaws.com' }, ...base, ...own }), from) as LoadedRule
}

function policy(own: Partial<PolicyDefinition>): LoadedPolicy {
  const base = { id: 'Policy', severity: 'HIGH', description: 'x', resourceTypes: [], evaluate: () => false } as const
  return readDefinition(definePolicy({ ...base, ...own }), from) as LoadedPolicy
}

const event: RuleEvent = {
  logType: 'AWS.CloudTrail',
  accountId: '111122223333',
  region: 'us-east-1',
  time: '2026-11-21T10:00:00.000Z',
  fields: { p_log_type: 'AWS.CloudTrail', p_row_id: 'e', p_event_time: '', p_parse_time: '' },
}
const ask = (asked: LoadedRule, given: JsonObject): ReturnType<typeof runRule> => runRule(asked, given, event)
const record = { eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances' }

describe('the index', () => {
  test('only rules that asked for a name are handed out, with those that want every name of the source', () => {
    const rules = [
      rule({ id: 'Run', match: { source: 'ec2.amazonaws.com', names: ['RunInstances', 'StopInstances', 'RunInstances'] } }),
      rule({ id: 'Any', match: { source: ['ec2.amazonaws.com', 'iam.amazonaws.com'] } }),
      rule({ id: 'User', match: { source: 'iam.amazonaws.com', names: ['CreateUser'] } }),
      rule({ id: 'Off', enabled: false }),
    ]
    const engine = createEngine(rules)
    const ids = (source: string, name: string): string[] =>
      engine.rulesFor({ logType: 'AWS.CloudTrail', source, name }).map(({ detection }) => detection.id)
    expect(ids('ec2.amazonaws.com', 'RunInstances')).toEqual(['Run', 'Any'])
    expect(ids('ec2.amazonaws.com', 'CreateUser')).toEqual(['Any'])
    expect(ids('iam.amazonaws.com', 'CreateUser')).toEqual(['User', 'Any'])
    expect(ids('s3.amazonaws.com', 'RunInstances')).toEqual([])
    expect(ids('ec2.amazonaws.com', 'constructor')).toEqual(['Any'])
    expect(ids('__proto__', 'toString')).toEqual([])
  })

  test('rules on other logs are asked about every event of theirs, whatever it is called, and about no call', () => {
    const finding = (logTypes: readonly string[], id: string): LoadedRule =>
      readDefinition(defineRule({ id, severity: 'HIGH', description: 'x', logTypes, evaluate: () => true }), from) as LoadedRule
    const both = { id: 'Both', logTypes: ['AWS.CloudTrail', 'Acme.Shop'] as readonly 'AWS.CloudTrail'[] }
    const engine = createEngine([finding(['AWS.GuardDuty'], 'Guard'), finding(['Acme.Shop'], 'Shop'), rule(both)])
    const ids = (logType: string, source = 'ec2.amazonaws.com'): string[] =>
      engine.rulesFor({ logType, source, name: 'Anything' }).map(({ detection }) => detection.id)
    expect(ids('AWS.GuardDuty')).toEqual(['Guard'])
    expect(ids('Acme.Shop', 'x')).toEqual(['Shop', 'Both'])
    expect(ids('AWS.CloudTrail')).toEqual(['Both'])
    expect(ids('AWS.Macie')).toEqual([])
  })

  test.each([
    [{ logTypes: ['AWS.Guardduty'] }, /slot `logTypes.0`.*allowed: AWS.GuardDuty/u],
    [{ logTypes: ['vpc flow'] }, /slot `logTypes.0`: given "vpc flow"; allowed: the name of a log type/u],
    [{ logTypes: ['AWS.CloudTrail'] }, /slot `match`: given nothing; allowed: \{ source, names \}/u],
    [
      { logTypes: ['AWS.GuardDuty'], match: { source: 'x' } },
      /slot `match`: given for AWS.GuardDuty; allowed: only for AWS.CloudTrail/u,
    ],
  ])('a log type that cannot be is refused: %j', (own, words) => {
    const made = defineRule<string>({ id: 'X', severity: 'HIGH', description: 'x', evaluate: () => true, ...own })
    expect(() => readDefinition(made, from)).toThrow(words)
  })

  test('a rule is told the account, the time and what the event names, and finds that only when it asks', () => {
    const seen: unknown[] = []
    const asking = rule({
      evaluate: (_, { accountId, time, fields }) => {
        seen.push(accountId, time, fields.p_log_type)
        return true
      },
      title: (_, { region }) => `in ${region}`,
    })
    expect(ask(asking, record).answer).toMatchObject({ title: 'in us-east-1' })
    expect(seen).toEqual(['111122223333', '2026-11-21T10:00:00.000Z', 'AWS.CloudTrail'])
  })

  test('a look-up with 10,000 rules hands out no more than with one', () => {
    const rules = Array.from({ length: 10_000 }, (_, index) =>
      rule({ id: `R${index}`, match: { source: 'ec2.amazonaws.com', names: [`Name${index}`] } }),
    )
    expect(createEngine(rules).rulesFor({ logType: 'AWS.CloudTrail', source: 'ec2.amazonaws.com', name: 'Name77' })).toHaveLength(1)
  })
})

describe('where a detection wants to be told', () => {
  const asked = (own: Partial<RuleDefinition>): unknown => {
    const { answer, complaints } = ask(rule(own), record)
    return [answer !== null && 'title' in answer ? answer.destinations : answer, complaints.length]
  }
  test.each<[Partial<RuleDefinition>, readonly string[] | undefined, number]>([
    [{}, undefined, 0],
    [{ destinations: [] }, undefined, 0],
    [{ destinations: ['siem'] }, ['siem'], 0],
    [{ destinations: ['siem'], destinationsOf: () => ['#now'] }, ['#now'], 0],
    [{ destinations: ['siem'], destinationsOf: () => null }, ['siem'], 0],
    [{ destinationsOf: () => null }, undefined, 0],
    [{ destinations: ['siem'], destinationsOf: () => [] }, [], 0],
    [{ destinationsOf: () => ['siem', 'SKIP'] }, [], 0],
    [{ destinations: ['siem'], destinationsOf: () => 'siem' as never }, ['siem'], 1],
    [{ destinationsOf: () => [1] as never }, undefined, 1],
    [
      { destinationsOf: () => Array.from({ length: 12 }, (_, index) => `d${index}`) },
      Array.from({ length: 10 }, (_, index) => `d${index}`),
      1,
    ],
    [
      {
        destinationsOf: () => {
          throw new Error('no')
        },
      },
      undefined,
      1,
    ],
  ])('%o: %j, with %i complaints', (own, expected, complaints) => {
    expect(asked(own)).toEqual([expected, complaints])
  })
})

describe('what a detection says', () => {
  test('the id stands in for the title, the title for the dedup string, the metadata for the severity', () => {
    expect(ask(rule({}), record).answer).toEqual({
      detectionId: 'Rule',
      title: 'Rule',
      severity: 'MEDIUM',
      dedup: 'Rule',
      context: {},
    })
    expect(ask(rule({ displayName: 'Shown', title: () => '' }), record).answer).toMatchObject({
      title: 'Shown',
      dedup: 'Shown',
    })
    expect(ask(rule({ title: () => 'said', dedup: () => '' }), record).answer).toMatchObject({ title: 'said', dedup: 'said' })
  })

  test('functions that throw or answer the wrong type never stop the alert; the defaults stand in', () => {
    const { answer, complaints } = ask(
      rule({
        title: () => {
          throw new Error('no title')
        },
        severityOf: () => 'URGENT' as never,
        dedup: () => 7 as never,
        context: () => 'text' as never,
      }),
      record,
    )
    expect(answer).toEqual({
      detectionId: 'Rule',
      title: 'Rule',
      severity: 'MEDIUM',
      dedup: 'Rule',
      context: { _error: 'context answered string' },
    })
    expect(complaints).toEqual([
      'title threw Error: no title',
      'severityOf answered "URGENT"; allowed: INFO, LOW, MEDIUM, HIGH, CRITICAL, DEFAULT',
      'dedup answered number; allowed: text',
      'context answered string; allowed: an object',
    ])
  })

  test('severities are read in any case, and DEFAULT is the one of the metadata', () => {
    expect(ask(rule({ severityOf: () => 'Critical' }), record).answer).toMatchObject({ severity: 'CRITICAL' })
    expect(ask(rule({ severityOf: () => 'DEFAULT' }), record)).toMatchObject({ answer: { severity: 'MEDIUM' }, complaints: [] })
  })

  test('texts are cut to 1,000 characters with a mark', () => {
    const { answer } = ask(rule({ title: () => 'x'.repeat(2_000), dedup: () => 'y'.repeat(1_000) }), record)
    expect(answer).toMatchObject({ title: `${'x'.repeat(985)}... (truncated)`, dedup: 'y'.repeat(1_000) })
  })

  test('NUL and half characters, which no database takes, are gone', () => {
    expect(ask(rule({ title: () => 'a\0b\ud800', context: () => ({ text: '\0c\udc00' }) }), record).answer).toMatchObject({
      title: 'ab\ufffd',
      context: { text: 'c\ufffd' },
    })
  })

  test('a context that is too large or no JSON is replaced by its error', () => {
    const large = ask(rule({ context: () => ({ text: 'x'.repeat(300_000) }) }), record).answer
    expect(large).toMatchObject({ context: { _error: 'the context is 300011 characters of JSON; at most 204800 are kept' } })
    const circular: Record<string, never> = {}
    Object.assign(circular, { self: circular })
    expect(ask(rule({ context: () => circular }), record)).toMatchObject({
      answer: { context: { _error: expect.stringContaining('TypeError') } },
    })
  })

  test.each([
    ['a number', () => 1 as never, 'evaluate answered number; allowed: a boolean or a list of violations'],
    [
      'a list with a violation that has no key',
      () => [{ title: 'x' }] as never,
      'evaluate answered a violation with undefined as its key; allowed: { key: text, … }',
    ],
    [
      'two violations of one key',
      () => [{ key: 'a' }, { key: 'a' }],
      'evaluate answered two violations with the key "a"; allowed: each key once',
    ],
    [
      'a time that is none',
      () => ({ result: true, validUntil: 'soon' }),
      'evaluate answered string; allowed: an RFC 3339 time as validUntil',
    ],
  ])('a policy that answers %s is unknown', (_, evaluate, message) => {
    expect(runPolicy(policy({ evaluate }), { id: 'x' }, {}, () => null).answer).toEqual({
      detectionId: 'Policy',
      outcome: 'unknown',
      failure: { detectionId: 'Policy', reason: 'wrong-type', message },
    })
  })

  test('an empty list of violations is a pass', () => {
    expect(runPolicy(policy({ evaluate: () => [] }), { id: 'x' }, {}, () => null).answer).toMatchObject({ outcome: 'pass' })
  })
})

describe('what a rule counts', () => {
  test('is a text of the record, cut', () => {
    const { answer, complaints } = ask(rule({ unique: ({ eventName }) => eventName.repeat(500) }), record)
    expect(answer).toMatchObject({ unique: expect.stringMatching(/^RunInstances/u) as string })
    expect([answer !== null && 'unique' in answer ? answer.unique?.length : 0, complaints]).toEqual([1_000, []])
  })

  test('is each match, where it does not say', () => {
    expect(ask(rule({}), record).answer).not.toHaveProperty('unique')
  })

  test('is nothing where it throws or answers no text, and the match stays', () => {
    const wrong = ask(rule({ unique: () => 5 as unknown as string }), record)
    const thrown = ask(
      rule({
        unique: () => {
          throw new Error('no bucket')
        },
      }),
      record,
    )
    expect([wrong.answer, thrown.answer]).toMatchObject([{ unique: '' }, { unique: '' }])
    expect([...wrong.complaints, ...thrown.complaints].join(' ')).toMatch(
      /unique answered number; allowed: text unique threw .*no bucket/u,
    )
  })
})

describe('an answer that ends', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-21T12:00:00Z') })
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const ends = (validUntil: unknown): ReturnType<typeof runPolicy> =>
    runPolicy(policy({ evaluate: () => ({ result: true, validUntil }) as never }), { id: 'x' }, {}, () => null)

  test.each([
    ['2026-12-01T00:00:00+02:00', '2026-11-30T22:00:00.000Z'],
    ['2026-11-21T12:01:00.5Z', '2026-11-21T12:01:00.500Z'],
    [null, null],
  ])('holds until %s', (given, validUntil) => {
    expect(ends(given)).toMatchObject({ answer: { outcome: 'pass', validUntil }, complaints: [] })
  })

  test('holds for a minute where its end is nearer; an end that is past is complained about, too', () => {
    expect(ends('2026-11-21T12:00:01Z')).toMatchObject({
      answer: { outcome: 'pass', validUntil: '2026-11-21T12:01:00.000Z' },
      complaints: [],
    })
    expect(ends('2026-11-21T11:59:59Z')).toMatchObject({
      answer: { outcome: 'pass', validUntil: '2026-11-21T12:01:00.000Z' },
      complaints: ['validUntil is past: 2026-11-21T11:59:59Z; allowed: a time to come, or null'],
    })
  })

  test.each([
    'soon',
    '',
    '2026-12-01',
    '2026-12-01T00:00:00',
    '2026-13-01T00:00:00Z',
    '1 December 2026',
    1_795_000_000_000,
    {},
    undefined,
    new Date(0),
  ])('is unknown where its end is no RFC 3339 time: %s', (given) => {
    expect(ends(given).answer).toMatchObject({
      outcome: 'unknown',
      failure: { reason: 'wrong-type', message: expect.stringContaining('allowed: an RFC 3339 time as validUntil') },
    })
  })

  const judge = (shipped: object, attributes: JsonObject): ReturnType<typeof runPolicy>['answer'] =>
    runPolicy(readDefinition(shipped, from) as LoadedPolicy, { id: 'x' }, attributes, () => null).answer

  test('a key turns 90 days old: it passes until then, and fails from then on; the next key is the next end', () => {
    const user = {
      Name: 'ci',
      CredentialReport: {
        AccessKey1Active: true,
        AccessKey1LastRotated: '2026-09-01T08:00:00Z',
        AccessKey2Active: true,
        AccessKey2LastRotated: '2026-10-01T08:00:00Z',
      },
    }
    expect(judge(accessKeyAge, user)).toMatchObject({ outcome: 'pass', validUntil: '2026-11-30T08:00:00.000Z' })
    vi.setSystemTime('2026-11-30T08:00:00Z')
    expect(judge(accessKeyAge, user)).toMatchObject({
      outcome: 'fail',
      violations: [{ key: 'Access key 1', title: 'Access key 1 of IAM user ci is older than 90 days' }],
      validUntil: '2026-12-30T08:00:00.000Z',
    })
    vi.setSystemTime('2026-12-30T08:00:00Z')
    expect(judge(accessKeyAge, user)).toMatchObject({
      violations: [{ key: 'Access key 1' }, { key: 'Access key 2' }],
      validUntil: null,
    })
  })

  test('an active key without a date is unknown', () => {
    for (const AccessKey1LastRotated of ['0001-01-01T00:00:00Z', null]) {
      const user = { Name: 'ci', CredentialReport: { AccessKey1Active: true, AccessKey1LastRotated, AccessKey2Active: false } }
      expect(judge(accessKeyAge, user)).toMatchObject({ failure: { message: 'Error: Access key 1 is active and has no date' } })
    }
  })

  test('a certificate comes within 30 days of its end', () => {
    const certificate = { Name: 'shop.example.com', NotAfter: '2027-01-01T00:00:00Z', InUseBy: ['arn'], Status: 'ISSUED' }
    expect(judge(certificateExpiry, certificate)).toMatchObject({ outcome: 'pass', validUntil: '2026-12-02T00:00:00.000Z' })
    vi.setSystemTime('2026-12-02T00:00:00Z')
    expect(judge(certificateExpiry, certificate)).toMatchObject({
      outcome: 'fail',
      violations: [{ title: 'Certificate shop.example.com is in use and ends on 2027-01-01' }],
      validUntil: null,
    })
  })
})

test('minutes of the dedup period are read as Panther does: 0 is the default, less than 5 is 5', () => {
  const minutes = [undefined, 0, 3, 90].map((given) => {
    const slot = given === undefined ? {} : { dedupPeriodMinutes: given }
    return rule(slot).detection.dedupPeriodMinutes
  })
  expect(minutes).toEqual([60, 60, 5, 90])
})

test.each([
  ['arn:aws:s3:::logs-*', 'arn:aws:s3:::logs-2026', true],
  ['*', 'anything', true],
  ['*logs*', 'arn:logs', true],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['ab*ba', 'aba', false],
  ['exact', 'exactly', false],
  ['a.c', 'abc', false],
])('suppressing %s on the resource %s is %s', (pattern, id, expected) => {
  const { outcome } = runPolicy(policy({ suppressions: [pattern] }), { id }, {}, () => null).answer
  expect(outcome === 'pass').toBe(expected)
})
