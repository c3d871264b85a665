import { AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2'
import { AttachUserPolicyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { CreateKeyCommand, EnableKeyRotationCommand, GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms'
import {
  CreateBucketCommand,
  PutBucketAclCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { createSessions } from '#aws'
import { createInventory, type Inventory } from '#inventory'
import type { JsonObject } from '#model'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { emptyAccount } from '../../services/processes/demo/account.ts'
import { startAwsServer, type AwsServer } from '../../services/processes/demo/aws-server.ts'
import { xsi } from '../../services/processes/demo/aws-s3.ts'
import { credentialsOf, needMoto, startMoto, type Moto } from '../support/moto.ts'
import { idsOf } from '../support/ids.ts'

const stop = new AbortController()
const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing', sessionToken: '' }

function inventoryOver(endpoint: string): Inventory {
  const sessions = createSessions({ roleName: 'TriplineAudit', externalId: 'demo-external-id', endpoint, credentials })
  return createInventory({ sessions })
}

async function attributesOf(inventory: Inventory, type: string, id: string, region = 'us-east-1'): Promise<JsonObject> {
  const fetched = await inventory.fetch({ accountId: '111122223333', region, type, id }, stop.signal)
  if (fetched.status === 'gone') throw new TypeError(`${id} is gone`)
  return fetched.attributes
}

describe('the recorded accounts', () => {
  let aws: AwsServer
  beforeAll(async () => {
    aws = await startAwsServer()
  })
  afterAll(() => aws.stop())

  test('are read whole by every fetcher, which cannot know that this is not AWS', async () => {
    const inventory = inventoryOver(aws.endpoint)
    const counts: Record<string, number> = {}
    for (const account of aws.accounts) {
      for (const type of inventory.types) {
        const scope = {
          accountId: account.id,
          region: inventory.scope(type) === 'global' ? 'global' : account.region,
          type,
        }
        for (const id of await idsOf(inventory.list(scope, null, stop.signal))) {
          const fetched = await inventory.fetch({ ...scope, id }, stop.signal)
          expect(fetched).toMatchObject({ status: 'present', attributes: { AccountId: account.id, ResourceId: id } })
          counts[type] = (counts[type] ?? 0) + 1
        }
      }
    }
    expect(counts).toMatchObject({
      'AWS.CloudTrail': 2,
      'AWS.CloudTrail.Meta': 2,
      'AWS.Config.Recorder.Meta': 2,
      'AWS.EC2.SecurityGroup': 5,
      'AWS.EC2.VPC': 2,
      'AWS.GuardDuty.Detector.Meta': 2,
      'AWS.IAM.Group': 1,
      'AWS.IAM.Role': 3,
      'AWS.IAM.RootUser': 2,
      'AWS.IAM.User': 4,
      'AWS.KMS.Key': 2,
      'AWS.PasswordPolicy': 2,
      'AWS.S3.Bucket': 6,
    })
  })

  test('are gone where they are not, and unreadable where that is refused', async () => {
    const inventory = inventoryOver(aws.endpoint)
    const ref = { accountId: '111122223333', region: 'us-east-1', type: 'AWS.S3.Bucket', id: 'arn:aws:s3:::acme-nowhere' }
    expect(await inventory.fetch(ref, stop.signal)).toEqual({ status: 'gone' })
    const undo = aws.refuse({ service: 's3' }, 'denied')
    await expect(inventory.fetch({ ...ref, id: 'arn:aws:s3:::acme-invoices' }, stop.signal)).rejects.toMatchObject({
      code: 'access-denied',
    })
    undo()
  })
})

describe.runIf(needMoto('the small AWS beside moto'))('the small AWS beside moto', () => {
  let moto: Moto
  let aws: AwsServer
  const account = emptyAccount('111122223333', 'acme-prod')
  beforeAll(async () => {
    moto = await startMoto()
    aws = await startAwsServer({ accounts: [account] })
  }, 120_000)
  afterAll(async () => {
    await aws?.stop()
    await moto?.stop()
  })
  const clientOptions = async () => ({
    endpoint: moto.endpoint,
    region: 'us-east-1',
    credentials: await credentialsOf(moto.endpoint, '111122223333'),
  })

  test('a bucket in the same state is read the same', async () => {
    const s3 = new S3Client({ ...(await clientOptions()), forcePathStyle: true })
    const Bucket = 'same-bucket'
    const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }
    const policy = { Version: '2012-10-17', Statement: [statement] }
    await s3.send(new CreateBucketCommand({ Bucket }))
    await s3.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }))
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'team', Value: 'a&b <c>' }] } }))
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }))
    const block = { BlockPublicAcls: true, IgnorePublicAcls: false, BlockPublicPolicy: true, RestrictPublicBuckets: false }
    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: block }))
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } }))
    account.buckets.push({
      name: Bucket,
      region: 'us-east-1',
      creationDate: '2024-01-01T00:00:00.000Z',
      settings: {
        acl: {
          Grant: [{ Grantee: { ...xsi('Group'), URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' }],
        },
        tagging: { TagSet: { Tag: [{ Key: 'team', Value: 'a&b <c>' }] } },
        versioning: { Status: 'Enabled' },
        policy,
        publicAccessBlock: block,
        encryption: { Rule: [{ ...rule, BucketKeyEnabled: false }] },
      },
    })
    const [theirs, ours] = await both('AWS.S3.Bucket', `arn:aws:s3:::${Bucket}`)
    const own = ['TimeCreated', 'CreationDate', 'Owner', 'Grants']
    expect(without(ours, ...own)).toEqual(without(theirs, ...own))
    expect(grantsOf(ours)).toEqual(grantsOf(theirs))
    s3.destroy()
  })

  test('a security group in the same state is read the same', async () => {
    const ec2 = new EC2Client(await clientOptions())
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }))
    const made = await ec2.send(new CreateSecurityGroupCommand({ GroupName: 'same', Description: 'same', VpcId: Vpc?.VpcId }))
    const GroupId = made.GroupId ?? ''
    const IpRanges = [{ CidrIp: '0.0.0.0/0', Description: 'everyone' }]
    const permission = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges }
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [permission] }))
    account.securityGroups.push({
      region: 'us-east-1',
      groupId: GroupId,
      groupName: 'same',
      groupDescription: 'same',
      vpcId: Vpc?.VpcId ?? '',
      ipPermissions: [
        {
          ipProtocol: 'tcp',
          fromPort: 22,
          toPort: 22,
          ipRanges: [{ cidrIp: '0.0.0.0/0', description: 'everyone' }],
          ipv6Ranges: [],
          groups: [],
        },
      ],
      ipPermissionsEgress: [{ ipProtocol: '-1', ipRanges: [{ cidrIp: '0.0.0.0/0' }], ipv6Ranges: [], groups: [] }],
      tagSet: [],
    })
    const [theirs, ours] = await both('AWS.EC2.SecurityGroup', `arn:aws:ec2:us-east-1:111122223333:security-group/${GroupId}`)
    expect(ours).toEqual(theirs)
    ec2.destroy()
  })

  test('a user and a key in the same state are read the same', async () => {
    const iam = new IAMClient(await clientOptions())
    const UserName = 'same'
    const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] }
    const { User } = await iam.send(new CreateUserCommand({ UserName, Tags: [{ Key: 'team', Value: 'x' }] }))
    const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }))
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument: JSON.stringify(document) }))
    account.users.push({
      Path: '/',
      UserName,
      UserId: User?.UserId ?? '',
      CreateDate: User?.CreateDate?.toISOString().replace('.000Z', 'Z') ?? '',
      attached: [PolicyArn],
      inline: { own: document },
      groups: [],
      mfa: null,
      accessKeys: [],
      Tags: [{ Key: 'team', Value: 'x' }],
    })
    const [theirs, ours] = await both('AWS.IAM.User', 'arn:aws:iam::111122223333:user/same', 'global')
    const own = ['CredentialReport', 'TimeCreated', 'CreateDate']
    expect(without(ours, ...own)).toEqual(without(theirs, ...own))
    iam.destroy()

    const kms = new KMSClient(await clientOptions())
    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({ Description: 'same', KeyUsage: 'ENCRYPT_DECRYPT', Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
    )
    const KeyId = KeyMetadata?.KeyId ?? ''
    await kms.send(new EnableKeyRotationCommand({ KeyId }))
    const { Policy = '{}' } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }))
    account.keys.push({
      region: 'us-east-1',
      KeyId,
      CreationDate: (KeyMetadata?.CreationDate?.getTime() ?? 0) / 1000,
      Description: 'same',
      KeyManager: 'CUSTOMER',
      Enabled: true,
      rotation: true,
      policy: JSON.parse(Policy) as JsonObject,
      tags: [{ TagKey: 'a', TagValue: 'b' }],
    })
    const [theirKey, ourKey] = await both('AWS.KMS.Key', `arn:aws:kms:us-east-1:111122223333:key/${KeyId}`)
    expect(without(ourKey, 'Policy')).toEqual(without(theirKey, 'Policy'))
    kms.destroy()
  })

  async function both(type: string, id: string, region?: string): Promise<[JsonObject, JsonObject]> {
    return [
      await attributesOf(inventoryOver(moto.endpoint), type, id, region),
      await attributesOf(inventoryOver(aws.endpoint), type, id, region),
    ]
  }
})

function without(attributes: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)))
}

function grantsOf(attributes: JsonObject): readonly string[] {
  const grants = attributes['Grants'] as readonly { Permission: string; Grantee: { URI: string | null } }[]
  return grants.map(({ Permission, Grantee }) => `${Grantee.URI ?? 'owner'} ${Permission}`).toSorted()
}
