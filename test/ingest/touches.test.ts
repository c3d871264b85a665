import { describe, expect, test } from 'vitest'
import { decode, touches, type Touch, type Trust } from '#ingest'
import { aRecord } from '../support/records.ts'

const account = '111111111111'
const trust: Trust = { accounts: null, regions: null, times: 'any' }
const key = '1234abcd-12ab-34cd-56ef-1234567890ab'

type Call = Omit<Parameters<typeof aRecord>[0], 'account' | 'source'>

function touched(source: string, call: Call): readonly Touch[] {
  const { events, rejected } = decode(JSON.stringify(aRecord({ account, source: `${source}.amazonaws.com`, ...call })), trust)
  expect(rejected).toEqual([])
  return events.flatMap(({ event }) => touches(event))
}
const short = (list: readonly Touch[]): readonly string[] => list.map(({ kind, ref }) => `${kind} ${ref.region} ${ref.id}`)

const group = (id: string): string => `us-east-1 arn:aws:ec2:us-east-1:${account}:security-group/${id}`
const vpc = (id: string): string => `us-east-1 arn:aws:ec2:us-east-1:${account}:vpc/${id}`

const sg = 'sg-0123456789abcdef0'
const net = 'vpc-0123456789abcdef0'
const items = (...ids: readonly string[]): Record<string, unknown> => ({
  resourcesSet: { items: ids.map((resourceId) => ({ resourceId })) },
  tagSet: { items: [{ key: 'team', value: 'payments' }] },
})

describe('types of EC2 are found when they are created, changed, tagged and deleted', () => {
  test.each<[string, Call, readonly string[]]>([
    [
      'ec2',
      { name: 'CreateSecurityGroup', request: { groupName: 'web', vpcId: net }, response: { groupId: sg } },
      [`create ${group(sg)}`, `update ${vpc(net)}`],
    ],
    ['ec2', { name: 'AuthorizeSecurityGroupIngress', request: { groupId: sg } }, [`update ${group(sg)}`]],
    [
      'ec2',
      {
        name: 'AuthorizeSecurityGroupIngress',
        request: { groupName: 'web' },
        response: { securityGroupRuleSet: { items: [{ groupId: sg }, { groupId: sg }] } },
      },
      [`update ${group(sg)}`],
    ],
    ['ec2', { name: 'RevokeSecurityGroupEgress', request: { groupId: sg } }, [`update ${group(sg)}`]],
    [
      'ec2',
      { name: 'ModifySecurityGroupRules', request: { ModifySecurityGroupRulesRequest: { GroupId: sg } } },
      [`update ${group(sg)}`],
    ],
    ['ec2', { name: 'DeleteSecurityGroup', request: { groupId: sg } }, [`delete ${group(sg)}`]],
    [
      'ec2',
      { name: 'CreateTags', request: items(sg, 'eni-0123456789abcdef0', net) },
      [`update ${group(sg)}`, `update ${vpc(net)}`],
    ],
    ['ec2', { name: 'DeleteTags', request: items(net) }, [`update ${vpc(net)}`]],

    [
      'ec2',
      { name: 'CreateVpc', request: { cidrBlock: '10.0.0.0/16' }, response: { vpc: { vpcId: net } } },
      [`create ${vpc(net)}`],
    ],
    ['ec2', { name: 'ModifyVpcAttribute', request: { vpcId: net } }, [`update ${vpc(net)}`]],
    ['ec2', { name: 'AttachInternetGateway', request: { vpcId: net } }, [`update ${vpc(net)}`]],
    [
      'ec2',
      { name: 'CreateFlowLogs', request: { CreateFlowLogsRequest: { ResourceId: { tag: 1, content: net } } } },
      [`update ${vpc(net)}`],
    ],
    [
      'ec2',
      {
        name: 'CreateFlowLogs',
        request: {
          CreateFlowLogsRequest: {
            ResourceId: [
              { tag: 1, content: net },
              { tag: 2, content: 'subnet-0123456789abcdef0' },
            ],
          },
        },
      },
      [`update ${vpc(net)}`],
    ],
    [
      'ec2',
      {
        name: 'AcceptVpcPeeringConnection',
        response: {
          vpcPeeringConnection: {
            requesterVpcInfo: { ownerId: '222222222222', vpcId: 'vpc-0fffffffffffffff0', region: 'eu-west-1' },
            accepterVpcInfo: { ownerId: account, vpcId: net, region: 'us-east-1' },
          },
        },
      },
      [`update ${vpc(net)}`],
    ],
    ['ec2', { name: 'DeleteVpc', request: { vpcId: net } }, [`delete ${vpc(net)}`]],
  ])('%s %o', (source, call, expected) => {
    expect(short(touched(source, call))).toEqual(expected)
  })

  test('a reference carries account and type', () => {
    expect(touched('s3', { name: 'DeleteBucket', request: { bucketName: 'b-1' } })).toEqual([
      {
        kind: 'delete',
        witnesses: [{ kind: 'gone' }],
        ref: { accountId: account, region: 'us-east-1', type: 'AWS.S3.Bucket', id: 'arn:aws:s3:::b-1' },
      },
    ])
  })

  test('other partitions have their own ids', () => {
    const china = touched('ec2', { name: 'DeleteVpc', region: 'cn-north-1', request: { vpcId: net } })
    expect(china[0]?.ref.id).toBe(`arn:aws-cn:ec2:cn-north-1:${account}:vpc/${net}`)
    const government = touched('iam', { name: 'DeleteRole', region: 'us-gov-west-1', request: { roleName: 'ci' } })
    expect(government[0]?.ref).toMatchObject({ region: 'global', id: `arn:aws-us-gov:iam::${account}:role/ci` })
  })
})

describe('nothing is touched', () => {
  test.each<[string, string, Call]>([
    ['by a call that failed', 's3', { name: 'PutBucketPolicy', request: { bucketName: 'b-1' }, errorCode: 'AccessDenied' }],
    ['by a read', 's3', { name: 'PutBucketPolicy', request: { bucketName: 'b-1' }, extra: { readOnly: true } }],
    ['by an event without an entry', 's3', { name: 'PutObject', request: { bucketName: 'b-1', key: 'x' } }],
    ['by a service without a table', 'glue', { name: 'CreateTable', request: { name: 't' } }],
    ['by an inherited name', 's3', { name: 'constructor', request: { bucketName: 'b-1' } }],
    ['when the request was left out', 's3', { name: 'PutBucketPolicy', request: null }],
    ['when the id is no id', 'ec2', { name: 'DeleteVpc', request: { vpcId: '../../etc/passwd' } }],
    [
      'when the bucket is of another account',
      's3',
      {
        name: 'PutBucketPolicy',
        request: { bucketName: 'b-1' },
        extra: { resources: [{ accountId: '222222222222', type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::b-1' }] },
      },
    ],
    [
      'when the key is of another account',
      'kms',
      { name: 'DisableKey', request: { keyId: `arn:aws:kms:us-east-1:222222222222:key/${key}` } },
    ],
    [
      'when the trail is of the organisation',
      'cloudtrail',
      { name: 'StopLogging', request: { name: 'arn:aws:cloudtrail:us-east-1:222222222222:trail/org' } },
    ],
    ['when only an alias is known', 'kms', { name: 'EnableKey', request: { keyId: 'alias/x' } }],
  ])('%s', (_, source, call) => {
    expect(touched(source, call)).toEqual([])
  })
})
