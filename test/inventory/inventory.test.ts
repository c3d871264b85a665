import * as cloudtrail from '@aws-sdk/client-cloudtrail'
import * as ec2 from '@aws-sdk/client-ec2'
import * as iam from '@aws-sdk/client-iam'
import * as kms from '@aws-sdk/client-kms'
import * as s3 from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSessions } from '#aws'
import { createInventory, type Inventory } from '#inventory'
import type { JsonObject, ResourceRef } from '#model'
import { needMoto, startMoto, type Moto } from '../support/moto.ts'
import { deviations, shapes } from './conforms.ts'
import { openAccount, policy, trust, type TestAccount } from './world.ts'
import { idsOf } from '../support/ids.ts'

const stop = new AbortController().signal
const accounts = ['111111111111', '222222222222'] as const

describe.runIf(needMoto('the inventory against moto, in two accounts'))(
  'the inventory against moto, in two accounts',
  { timeout: 30_000 },
  () => {
    let moto: Moto
    let one: TestAccount
    let two: TestAccount
    let inventory: Inventory

    beforeAll(async () => {
      moto = await startMoto()
      ;[one, two] = [await openAccount(moto.endpoint, accounts[0]), await openAccount(moto.endpoint, accounts[1])]
      inventory = createInventory({
        sessions: createSessions({ roleName: 'audit', externalId: 'x-1', endpoint: moto.endpoint, credentials }),
      })
    }, 60_000)
    afterAll(() => moto.stop())

    async function attributesOf(ref: ResourceRef): Promise<JsonObject> {
      const fetched = await inventory.fetch(ref, stop)
      if (fetched.status === 'gone') throw new Error(`${ref.id} is gone`)
      expect(deviations(shapes[ref.type], fetched.attributes)).toEqual([])
      expect(fetched.attributes).toMatchObject({
        AccountId: ref.accountId,
        ResourceId: ref.id,
        ResourceType: ref.type,
        Arn: ref.id,
      })
      return fetched.attributes
    }

    async function listed(account: TestAccount, type: string, region: string): Promise<readonly string[]> {
      return idsOf(inventory.list({ accountId: account.accountId, region, type }, null, stop))
    }

    describe('AWS.S3.Bucket', () => {
      test('a bare bucket has null where nothing was ever set', async () => {
        expect(await attributesOf(await one.bucket('bare'))).toMatchObject({
          Name: 'bare',
          Region: 'eu-west-1',
          TimeCreated: expect.any(String),
          Policy: null,
          Tags: null,
          LifecycleRules: null,
          ObjectLockConfiguration: null,
          Versioning: null,
          LoggingPolicy: null,
          PublicAccessBlockConfiguration: null,
          Grants: [{ Permission: 'FULL_CONTROL' }],
        })
      })

      test('a configured bucket shows every setting', async () => {
        const ref = await one.bucket('configured')
        const Bucket = 'configured'
        await one.s3.send(new s3.PutBucketPolicyCommand({ Bucket, Policy: policy }))
        await one.s3.send(new s3.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'team', Value: 'pay' }] } }))
        await one.s3.send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
        await one.s3.send(
          new s3.PutBucketEncryptionCommand({
            Bucket,
            ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
          }),
        )
        await one.s3.send(
          new s3.PutPublicAccessBlockCommand({
            Bucket,
            PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: false },
          }),
        )
        await one.s3.send(
          new s3.PutBucketLifecycleConfigurationCommand({
            Bucket,
            LifecycleConfiguration: {
              Rules: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: 'a/' }, Expiration: { Days: 30 } }],
            },
          }),
        )
        expect(await attributesOf(ref)).toMatchObject({
          Policy: policy,
          Tags: { team: 'pay' },
          Versioning: 'Enabled',
          EncryptionRules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256', KMSMasterKeyID: null } }],
          PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: false },
          LifecycleRules: [{ ID: 'old', Status: 'Enabled', Expiration: { Days: 30, Date: null }, Filter: { Prefix: 'a/' } }],
        })
      })

      test('a deleted bucket is gone', async () => {
        const ref = await one.bucket('short-lived')
        await one.s3.send(new s3.DeleteBucketCommand({ Bucket: 'short-lived' }))
        expect(await inventory.fetch(ref, stop)).toEqual({ status: 'gone' })
      })

      test('a bucket of another account is gone for this one', async () => {
        const ref = await two.bucket('of-two')
        expect((await inventory.fetch(ref, stop)).status).toBe('present')
        expect(await inventory.fetch({ ...ref, accountId: one.accountId }, stop)).toEqual({ status: 'gone' })
      })

      test('lists the buckets of one account and region', async () => {
        await two.bucket('also-of-two')
        const ids = await listed(two, 'AWS.S3.Bucket', 'eu-west-1')
        expect(ids).toContain('arn:aws:s3:::also-of-two')
        expect(ids).not.toContain('arn:aws:s3:::bare')
        expect(await listed(two, 'AWS.S3.Bucket', 'us-east-1')).toEqual([])
      })
    })

    describe('AWS.EC2.SecurityGroup', () => {
      test('shows each permission with unset parts as null', async () => {
        const ref = await one.securityGroup('web')
        const GroupId = ref.id.split('/')[1] ?? ''
        await one.ec2.send(
          new ec2.AuthorizeSecurityGroupIngressCommand({
            GroupId,
            IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
          }),
        )
        await one.ec2.send(new ec2.CreateTagsCommand({ Resources: [GroupId], Tags: [{ Key: 'team', Value: 'web' }] }))
        expect(await attributesOf(ref)).toMatchObject({
          Id: GroupId,
          Name: 'web',
          OwnerId: one.accountId,
          Tags: { team: 'web' },
          IpPermissions: [{ FromPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0', Description: null }], Ipv6Ranges: null }],
        })
      })

      test('a deleted group, and one of another account, is gone', async () => {
        const ref = await one.securityGroup('short-lived')
        expect(await inventory.fetch({ ...ref, accountId: two.accountId }, stop)).toEqual({ status: 'gone' })
        await one.ec2.send(new ec2.DeleteSecurityGroupCommand({ GroupId: ref.id.split('/')[1] }))
        expect(await inventory.fetch(ref, stop)).toEqual({ status: 'gone' })
      })

      test('lists the groups of one region', async () => {
        const ref = await two.securityGroup('listed')
        expect(await listed(two, 'AWS.EC2.SecurityGroup', 'eu-west-1')).toContain(ref.id)
        expect(await listed(two, 'AWS.EC2.SecurityGroup', 'eu-central-1')).not.toContain(ref.id)
      })
    })

    describe('AWS.EC2.VPC', () => {
      test('names its default group and access list, route tables and flow logs', async () => {
        const ref = await one.vpc()
        const id = ref.id.split('/')[1] ?? ''
        await one.bucket('flow-logs')
        await one.ec2.send(
          new ec2.CreateFlowLogsCommand({
            ResourceIds: [id],
            ResourceType: 'VPC',
            TrafficType: 'ALL',
            LogDestinationType: 's3',
            LogDestination: 'arn:aws:s3:::flow-logs',
          }),
        )
        const attributes = await attributesOf(ref)
        expect(attributes).toMatchObject({
          Id: id,
          CidrBlock: '10.9.0.0/16',
          IsDefault: false,
          DefaultSecurityGroupId: expect.stringMatching(/^sg-/),
          DefaultNetworkAclId: expect.stringMatching(/^acl-/),
          RouteTables: [{ VpcId: id, Associations: [{ Main: true }] }],
          FlowLogs: [{ TrafficType: 'ALL', ResourceId: id }],
          StaleSecurityGroups: null,
        })
        expect(attributes['SecurityGroups']).toEqual([attributes['DefaultSecurityGroupId']])
        expect(attributes).not.toHaveProperty('Name')
      })

      test('is listed, and gone once it is deleted', async () => {
        const ref = await two.vpc()
        expect(await listed(two, 'AWS.EC2.VPC', 'eu-west-1')).toContain(ref.id)
        await two.ec2.send(new ec2.DeleteVpcCommand({ VpcId: ref.id.split('/')[1] }))
        expect(await inventory.fetch(ref, stop)).toEqual({ status: 'gone' })
      })
    })

    describe('AWS.IAM.User', () => {
      test('shows policies, groups, virtual MFA and the credential report', async () => {
        const ref = await one.user('ann', '/staff/')
        const UserName = 'ann'
        await one.iam.send(new iam.PutUserPolicyCommand({ UserName, PolicyName: 'inline', PolicyDocument: policy }))
        await one.iam.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }))
        await one.iam.send(new iam.CreateGroupCommand({ GroupName: 'staff' }))
        await one.iam.send(new iam.AddUserToGroupCommand({ UserName, GroupName: 'staff' }))
        await one.iam.send(new iam.TagUserCommand({ UserName, Tags: [{ Key: 'team', Value: 'pay' }] }))
        const { VirtualMFADevice } = await one.iam.send(new iam.CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'ann' }))
        const SerialNumber = VirtualMFADevice?.SerialNumber
        await one.iam.send(
          new iam.EnableMFADeviceCommand({ UserName, SerialNumber, AuthenticationCode1: '123456', AuthenticationCode2: '654321' }),
        )
        expect(await attributesOf(ref)).toMatchObject({
          Name: 'ann',
          Path: '/staff/',
          Region: 'global',
          InlinePolicies: { inline: policy },
          ManagedPolicyNames: ['AdministratorAccess'],
          Groups: [{ GroupName: 'staff' }],
          Tags: { team: 'pay' },
          VirtualMFA: { SerialNumber, EnableDate: expect.any(String) },
          CredentialReport: { UserName: 'ann', ARN: ref.id, PasswordEnabled: false, PasswordLastUsed: '0001-01-01T00:00:00Z' },
        })
      })

      test('is found by a reference without its path, and says its true id', async () => {
        const ref = await one.user('deep', '/a/b/')
        const fetched = await inventory.fetch({ ...ref, id: `arn:aws:iam::${one.accountId}:user/deep` }, stop)
        expect(fetched).toMatchObject({ status: 'present', attributes: { ResourceId: ref.id } })
      })

      test('a deleted user is gone, and one of another account too', async () => {
        const ref = await one.user('short-lived')
        expect(await inventory.fetch({ ...ref, accountId: two.accountId }, stop)).toEqual({ status: 'gone' })
        await one.iam.send(new iam.DeleteUserCommand({ UserName: 'short-lived' }))
        expect(await inventory.fetch(ref, stop)).toEqual({ status: 'gone' })
      })
    })

    describe('AWS.IAM.Role', () => {
      test('shows its documents as JSON text', async () => {
        const ref = await one.role('worker')
        await one.iam.send(new iam.PutRolePolicyCommand({ RoleName: 'worker', PolicyName: 'inline', PolicyDocument: policy }))
        await one.iam.send(
          new iam.AttachRolePolicyCommand({ RoleName: 'worker', PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }),
        )
        expect(await attributesOf(ref)).toMatchObject({
          Name: 'worker',
          AssumeRolePolicyDocument: trust,
          InlinePolicies: { inline: policy },
          ManagedPolicyNames: ['ReadOnlyAccess'],
          MaxSessionDuration: 3_600,
          PermissionsBoundary: null,
        })
      })

      test('is listed, and gone once it is deleted', async () => {
        const ref = await two.role('short-lived')
        expect(await listed(two, 'AWS.IAM.Role', 'global')).toEqual([ref.id])
        expect(await listed(one, 'AWS.IAM.Role', 'global')).not.toContain(ref.id)
        await two.iam.send(new iam.DeleteRoleCommand({ RoleName: 'short-lived' }))
        expect(await inventory.fetch(ref, stop)).toEqual({ status: 'gone' })
      })
    })

    describe('AWS.KMS.Key', () => {
      test('shows policy, rotation and tags', async () => {
        const ref = await one.key()
        expect(await attributesOf(ref)).toMatchObject({
          Enabled: true,
          KeyManager: 'CUSTOMER',
          KeyRotationEnabled: false,
          Tags: { team: 'a' },
          Policy: expect.stringContaining('"Statement"'),
        })
        await one.kms.send(new kms.EnableKeyRotationCommand({ KeyId: ref.id }))
        expect(await attributesOf(ref)).toMatchObject({ KeyRotationEnabled: true })
      })

      test('a key that waits for its deletion is still there; an unknown one is gone', async () => {
        const ref = await two.key()
        expect(await listed(two, 'AWS.KMS.Key', 'eu-west-1')).toEqual([ref.id])
        await two.kms.send(new kms.ScheduleKeyDeletionCommand({ KeyId: ref.id.split('/')[1], PendingWindowInDays: 7 }))
        expect(await attributesOf(ref)).toMatchObject({ KeyState: 'PendingDeletion', DeletionDate: expect.any(String) })
        expect(await inventory.fetch({ ...ref, accountId: one.accountId }, stop)).toEqual({ status: 'gone' })
      })
    })

    describe('AWS.CloudTrail', () => {
      test('shows status, selectors and tags, from wherever the event came', async () => {
        await one.bucket('trail-logs')
        const ref = await one.trail('main', 'trail-logs')
        await one.cloudtrail.send(new cloudtrail.StartLoggingCommand({ Name: 'main' }))
        const expected = {
          Name: 'main',
          HomeRegion: 'eu-west-1',
          Region: 'eu-west-1',
          Status: { IsLogging: true },
          Tags: { team: 'a' },
        }
        expect(await attributesOf(ref)).toMatchObject(expected)
        expect(await attributesOf({ ...ref, region: 'us-east-1' })).toMatchObject(expected)
        await one.cloudtrail.send(new cloudtrail.StopLoggingCommand({ Name: 'main' }))
        expect(await attributesOf(ref)).toMatchObject({ Status: { IsLogging: false } })
      })

      test('is listed in its home region only, and gone once it is deleted', async () => {
        await two.bucket('trail-logs-two')
        const ref = await two.trail('main', 'trail-logs-two')
        expect(await listed(two, 'AWS.CloudTrail', 'eu-west-1')).toEqual([ref.id])
        expect(await listed(two, 'AWS.CloudTrail', 'us-east-1')).toEqual([])
        await two.cloudtrail.send(new cloudtrail.DeleteTrailCommand({ Name: 'main' }))
        expect(await inventory.fetch(ref, stop)).toEqual({ status: 'gone' })
      })
    })
  },
)

/** What the roles are assumed with; moto takes any. */
const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing', sessionToken: 'testing' }
