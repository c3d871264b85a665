import { describe, expect, test } from 'vitest'
import { decode, touches, type Trust } from '#ingest'
import { pantherFields } from '#model'
import { aFindingEnvelope, aGuardDutyFinding } from '../support/findings.ts'

const [shop, bank, security] = ['111122223333', '444455556666', '999900001111'] as const
const trust: Trust = { accounts: [shop, bank], regions: null, times: 'checked' }
const guard = { source: 'aws.guardduty', type: 'GuardDuty Finding' }
const read = (envelope: unknown, given = trust) => decode(JSON.stringify(envelope), given)
const reasons = (envelope: unknown, given = trust) =>
  read(envelope, given).rejected.map(({ reason, detail }) => `${reason}: ${detail}`)

describe('a finding of GuardDuty', () => {
  const envelope = aFindingEnvelope({ ...guard, account: shop, detail: aGuardDutyFinding(shop) })

  test('is an event of its log type, with what it is about as a resource to be looked at', () => {
    const [first, ...more] = read(envelope).events
    expect(more).toEqual([])
    const event = first?.event
    const ref = {
      accountId: shop,
      region: 'us-east-1',
      type: 'AWS.EC2.Instance',
      id: `arn:aws:ec2:us-east-1:${shop}:instance/i-0b1d2f3a4b5c6d7e8`,
    }
    expect(event).toMatchObject({
      logType: 'AWS.GuardDuty',
      accountId: shop,
      region: 'us-east-1',
      source: 'aws.guardduty',
      name: 'UnauthorizedAccess:EC2/SSHBruteForce',
      actor: { identity: 'report', name: 'Amazon GuardDuty' },
      about: [ref],
      record: { id: '16afba5c5c43e07c9e3e5e2e544e95df' },
    })
    expect(event?.time.toISOString().slice(0, 19)).toBe(String(envelope['time']).slice(0, 19))
    expect(event && touches(event)).toEqual([{ ref, kind: 'report', witnesses: [] }])
    expect(event && pantherFields(event)).toMatchObject({
      p_log_type: 'AWS.GuardDuty',
      p_any_aws_instance_ids: ['i-0b1d2f3a4b5c6d7e8'],
      p_any_ip_addresses: ['198.51.100.0'],
      p_any_aws_account_ids: [shop],
    })
  })

  test('that comes twice is one event, and that grew is another', () => {
    const ids = [
      envelope,
      aFindingEnvelope({ ...guard, account: shop, detail: aGuardDutyFinding(shop) }),
      aFindingEnvelope({ ...guard, account: shop, detail: aGuardDutyFinding(shop, { updatedAt: '2026-11-21T16:05:00.000Z' }) }),
    ].map((each) => read(each).events[0]?.event.id)
    expect(ids[0]).toBe(ids[1])
    expect(ids[2]).not.toBe(ids[0])
  })

  test.each([
    [
      'an account that is not registered',
      { account: security, detail: aGuardDutyFinding(security) },
      /^unknown-account: accountId: given "999900001111"/u,
    ],
    [
      'another account than its own',
      { account: bank, detail: aGuardDutyFinding(shop) },
      /^account-mismatch: account of the envelope: given "444455556666"; allowed: 111122223333/u,
    ],
    ['an account that may not speak for others', { account: security, detail: aGuardDutyFinding(shop) }, /^account-mismatch/u],
    [
      'no account',
      { account: shop, detail: aGuardDutyFinding(shop, { accountId: null }) },
      /^unknown-account: accountId: given nothing/u,
    ],
    [
      'another source',
      { account: shop, source: 'com.acme', detail: aGuardDutyFinding(shop) },
      /^unknown-source: source: given "com.acme"; allowed: aws.guardduty/u,
    ],
    [
      'another region than its own',
      { account: shop, region: 'eu-west-1', detail: aGuardDutyFinding(shop) },
      /^region-not-allowed: region: given "us-east-1"; allowed: "eu-west-1", as the envelope says/u,
    ],
    ['no region', { account: shop, detail: aGuardDutyFinding(shop, { region: 'evil.example.com' }) }, /^region-not-allowed/u],
    ['no type', { account: shop, detail: aGuardDutyFinding(shop, { type: 7 }) }, /^not-an-event: the type of the finding/u],
    ['a time long ago', { account: shop, time: new Date('2020-01-01'), detail: aGuardDutyFinding(shop) }, /^time-out-of-range/u],
    [
      'a detail type of nobody',
      { account: shop, type: 'GuardDuty Malware Protection Object Scan Result', detail: {} },
      /^(?:not-an-event|unknown-detail-type)/u,
    ],
  ])('with %s is refused', (_, given, words) => {
    const refused = reasons(aFindingEnvelope({ ...guard, ...given }))
    expect(refused).toHaveLength(1)
    expect(refused[0]).toMatch(words)
    expect(read(aFindingEnvelope({ ...guard, ...given })).events).toEqual([])
  })

  test('comes from an administrator for its members, and for nobody else', () => {
    const given = { ...trust, administrators: [security] }
    const [found] = read(aFindingEnvelope({ ...guard, account: security, detail: aGuardDutyFinding(bank) }), given).events
    expect(found?.event.accountId).toBe(bank)
    expect(reasons(aFindingEnvelope({ ...guard, account: security, detail: aGuardDutyFinding('123123123123') }), given)).toEqual([
      'unknown-account: accountId: given "123123123123"; allowed: a registered account',
    ])
  })

  test('may be about a key, a bucket or a function; what is of another account is nothing of ours', () => {
    const aboutOf = (resource: object) =>
      read(
        aFindingEnvelope({ ...guard, account: shop, detail: aGuardDutyFinding(shop, { resource }) }),
      ).events[0]?.event.about?.map(({ type, id }) => `${type} ${id}`)
    expect(aboutOf({ accessKeyDetails: { userType: 'IAMUser', userName: 'ann' } })).toEqual([
      `AWS.IAM.User arn:aws:iam::${shop}:user/ann`,
    ])
    expect(aboutOf({ accessKeyDetails: { userType: 'AssumedRole', userName: 'deploy' } })).toEqual([
      `AWS.IAM.Role arn:aws:iam::${shop}:role/deploy`,
    ])
    expect(aboutOf({ accessKeyDetails: { userType: 'Root', userName: 'Root' } })).toEqual([
      `AWS.IAM.RootUser arn:aws:iam::${shop}:root`,
    ])
    expect(aboutOf({ s3BucketDetails: [{ arn: 'arn:aws:s3:::ledger' }, { arn: 'arn:aws:s3:::ledger' }] })).toEqual([
      'AWS.S3.Bucket arn:aws:s3:::ledger',
    ])
    expect(aboutOf({ lambdaDetails: { functionArn: `arn:aws:lambda:us-east-1:${shop}:function:pay:$LATEST` } })).toEqual([
      `AWS.Lambda.Function arn:aws:lambda:us-east-1:${shop}:function:pay`,
    ])
    expect(aboutOf({ lambdaDetails: { functionArn: `arn:aws:lambda:us-east-1:${bank}:function:pay` } })).toEqual([])
    expect(aboutOf({ instanceDetails: { instanceId: 'i-../../x' } })).toEqual([])
  })
})

test('Security Hub brings several findings in one event, each verified for itself', () => {
  const finding = (Id: string, AwsAccountId: string, more: object = {}) => ({
    SchemaVersion: '2018-10-08',
    Id,
    AwsAccountId,
    Region: 'eu-west-1',
    GeneratorId: 'security-control/S3.2',
    Severity: { Label: 'CRITICAL' },
    Resources: [{ Type: 'AwsS3Bucket', Id: 'arn:aws:s3:::ledger', Region: 'eu-west-1' }],
    ...more,
  })
  const findings = [finding('a', shop), finding('b', bank), finding('c', shop, { Compliance: { SecurityControlId: 'S3.2' } }), 'x']
  const envelope = { source: 'aws.securityhub', type: 'Security Hub Findings - Imported', detail: { findings } }
  // In an account that gathers all regions.
  const { events, rejected } = read(aFindingEnvelope({ ...envelope, account: shop }))
  expect(
    events.map(({ record, event: { logType, name, region, about } }) => [record, logType, name, region, about?.[0]?.id]),
  ).toEqual([
    [0, 'AWS.SecurityFindingFormat', 'security-control/S3.2', 'eu-west-1', 'arn:aws:s3:::ledger'],
    [2, 'AWS.SecurityFindingFormat', 'S3.2', 'eu-west-1', 'arn:aws:s3:::ledger'],
  ])
  expect(rejected.map(({ record, reason }) => [record, reason])).toEqual([
    [1, 'account-mismatch'],
    [3, 'not-an-event'],
  ])
  const empty = aFindingEnvelope({ ...envelope, account: shop, detail: { findings: [] } })
  expect(reasons(empty)[0]).toMatch(/^not-an-event: findings of the detail: given 0; allowed: 1 to 100/u)
  // In a list with others, indexes go on.
  const list = read([
    aFindingEnvelope({ ...envelope, account: shop }),
    aFindingEnvelope({ ...guard, account: shop, detail: aGuardDutyFinding(shop) }),
  ])
  expect(list.events.map(({ record }) => record)).toEqual([0, 2, 4])
})

test.each([
  [
    'Inspector',
    {
      source: 'aws.inspector2',
      type: 'Inspector2 Finding',
      region: 'us-east-1',
      detail: {
        awsAccountId: shop,
        type: 'PACKAGE_VULNERABILITY',
        resources: [{ id: 'i-0b1d2f3a4b5c6d7e8', type: 'AWS_EC2_INSTANCE' }],
      },
    },
    ['AWS.Inspector', 'us-east-1', `arn:aws:ec2:us-east-1:${shop}:instance/i-0b1d2f3a4b5c6d7e8`],
  ],
  [
    'Inspector, on an image in a repository',
    {
      source: 'aws.inspector2',
      type: 'Inspector2 Finding',
      detail: {
        awsAccountId: shop,
        type: 'PACKAGE_VULNERABILITY',
        resources: [{ id: `arn:aws:ecr:us-east-1:${shop}:repository/shop/pay/sha256:${'0'.repeat(64)}` }],
      },
    },
    ['AWS.Inspector', 'us-east-1', `arn:aws:ecr:us-east-1:${shop}:repository/shop/pay`],
  ],
  [
    'Access Analyzer',
    {
      source: 'aws.access-analyzer',
      type: 'Access Analyzer Finding',
      detail: {
        accountId: shop,
        region: 'us-east-1',
        resourceType: 'AWS::IAM::Role',
        resource: `arn:aws:iam::${shop}:role/ci/deploy`,
      },
    },
    ['AWS.AccessAnalyzer', 'us-east-1', `arn:aws:iam::${shop}:role/deploy`],
  ],
  [
    'Macie',
    {
      source: 'aws.macie',
      type: 'Macie Finding',
      detail: {
        accountId: shop,
        region: 'us-east-1',
        type: 'Policy:IAMUser/S3BucketPublic',
        resourcesAffected: { s3Bucket: { arn: 'arn:aws:s3:::ledger' } },
      },
    },
    ['AWS.Macie', 'us-east-1', 'arn:aws:s3:::ledger'],
  ],
  [
    'Health, of another region than where it is told',
    {
      source: 'aws.health',
      type: 'AWS Health Event',
      region: 'us-west-2',
      detail: {
        affectedAccount: shop,
        eventRegion: 'eu-west-1',
        eventTypeCode: 'AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED',
        affectedEntities: [{ entityValue: 'i-0b1d2f3a4b5c6d7e8' }],
      },
    },
    ['AWS.Health', 'eu-west-1', `arn:aws:ec2:eu-west-1:${shop}:instance/i-0b1d2f3a4b5c6d7e8`],
  ],
  [
    'Health, about an account as a whole',
    {
      source: 'aws.health',
      type: 'AWS Health Abuse Event',
      detail: { eventRegion: 'global', eventTypeCode: 'AWS_ABUSE_DOS_REPORT' },
    },
    ['AWS.Health', 'global', undefined],
  ],
])('%s is understood', (_, given, expected) => {
  const { events, rejected } = read(aFindingEnvelope({ account: shop, ...given }))
  expect(rejected).toEqual([])
  expect(events.map(({ event }) => [event.logType, event.region, event.about?.[0]?.id])).toEqual([expected])
})

test('a copy of a Health event that is told in two regions is one event', () => {
  const detail = { affectedAccount: shop, eventRegion: 'eu-west-1', eventTypeCode: 'AWS_RISK_CREDENTIALS_EXPOSED' }
  const ids = ['eu-west-1', 'us-west-2'].map(
    (region) =>
      read(aFindingEnvelope({ source: 'aws.health', type: 'AWS Health Event', account: shop, region, detail })).events[0]?.event,
  )
  expect([ids[0]?.id, ids[0]?.region]).toEqual([ids[1]?.id, ids[1]?.region])
})
