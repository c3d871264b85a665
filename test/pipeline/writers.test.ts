import { describe, expect, test } from 'vitest'
import { decode, touches } from '#ingest'
import { causeOf, compareStates, type JsonObject } from '#model'
import { writersOf, type Writer } from '../../services/pipeline/writers.ts'
import { document, example } from '../fixtures/changes/recorded-change.ts'
import { aRecord } from '../support/records.ts'

const account = '111111111111'
const trust = { accounts: [account], regions: null, times: 'any' } as const

/** An event as it comes in, with what it says of the resource. */
function event(source: string, name: string, who: string, request: JsonObject): Writer {
  const userIdentity = { type: 'IAMUser', arn: `arn:aws:iam::${account}:user/${who}`, accountId: account, userName: who }
  const record = aRecord({ account, source, name, request, extra: { userIdentity } })
  const [decoded] = decode(JSON.stringify(record), trust).events
  if (decoded === undefined) throw new Error(`${name} was refused`)
  const [touch] = touches(decoded.event)
  if (touch === undefined) throw new Error(`${name} touches nothing`)
  return { cause: causeOf(decoded.event, new Date()), witnesses: touch.witnesses }
}

/** Who wrote the differences at some paths. */
function writers(events: readonly Writer[], before: JsonObject, after: JsonObject, ...paths: readonly string[]): readonly string[] {
  const { differences, revert } = compareStates(before, after)
  const shown = differences.filter(({ path }) => paths.includes(path))
  expect(shown).not.toEqual([])
  return writersOf(events, shown, after, revert).map(({ actor }) => actor.name)
}

describe('of several events on one resource, who wrote what matters', () => {
  const group = 'AWS.EC2.SecurityGroup'
  const rule = (port: number, cidr: string): JsonObject => ({
    IpProtocol: 'tcp',
    FromPort: port,
    ToPort: port,
    IpRanges: [{ CidrIp: cidr, Description: null }],
  })
  const authorize = (who: string, port: number, cidr: string): Writer =>
    event('ec2.amazonaws.com', 'AuthorizeSecurityGroupIngress', who, {
      groupId: 'sg-0a1b2c3d4e5f60712',
      ipPermissions: { items: [{ ipProtocol: 'tcp', fromPort: port, toPort: port, ipRanges: { items: [{ cidrIp: cidr }] } }] },
    })

  test('is told by the value, of calls with the same name', () => {
    const events = [authorize('ann', 443, '10.0.0.0/8'), authorize('eve', 22, '0.0.0.0/0'), authorize('bob', 8443, '10.0.0.0/8')]
    const before = example(group, { IpPermissions: null })
    const after = example(group, { IpPermissions: [rule(443, '10.0.0.0/8'), rule(22, '0.0.0.0/0'), rule(8443, '10.0.0.0/8')] })
    const { differences, revert } = compareStates(before, after)
    const ssh = differences.filter(({ after: came }) => JSON.stringify(came).includes('0.0.0.0/0'))
    expect(writersOf(events, ssh, after, revert).map(({ actor }) => actor.name)).toEqual(['eve'])
  })

  const put = (name: string, who: string, own: JsonObject = {}): Writer =>
    event('s3.amazonaws.com', name, who, { bucketName: 'shop-invoices', ...own })
  const bucket = (own: JsonObject): JsonObject => example('AWS.S3.Bucket', own)
  const statement = (principal: string): string =>
    document({ Effect: 'Allow', Principal: principal, Action: 's3:GetObject', Resource: '*' })
  const before = bucket({ Versioning: 'Enabled', Policy: statement('arn:aws:iam::111111111111:root'), Grants: null })
  const after = bucket({
    Versioning: 'Suspended',
    Policy: statement('*'),
    Grants: [{ Grantee: { URI: 'x/AllUsers' }, Permission: 'READ' }],
  })
  const events = [
    put('PutBucketPolicy', 'eve'),
    put('PutBucketAcl', 'mallory'),
    put('PutBucketVersioning', 'ann', { VersioningConfiguration: { Status: 'Suspended' } }),
  ]

  test('is told by the name where the calls only say that something changed', () => {
    expect(writers(events, before, after, 'Policy.Statement[].Principal')).toEqual(['eve'])
    expect(writers(events, before, after, 'Grants')).toEqual(['mallory'])
    expect(writers(events, before, after, 'Versioning')).toEqual(['ann'])
  })

  test('are all, where several wrote it or nothing tells', () => {
    const twice = [put('PutBucketPolicy', 'eve'), put('PutBucketPolicy', 'bob')]
    expect(writers(twice, before, after, 'Policy.Statement[].Principal')).toEqual(['eve', 'bob'])
    const neither = [events[2], events[2]].flatMap((each) => each ?? [])
    expect(writers(neither, before, after, 'Grants')).toEqual(['ann', 'ann'])
  })

  test('is the only one there is', () => {
    expect(writers([put('PutBucketAcl', 'mallory')], before, after, 'Policy.Statement[].Principal')).toEqual(['mallory'])
  })
})
