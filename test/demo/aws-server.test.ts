import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  ListTagsCommand,
} from '@aws-sdk/client-cloudtrail'
import {
  DescribeFlowLogsCommand,
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeStaleSecurityGroupsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import {
  GenerateCredentialReportCommand,
  GetCredentialReportCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupsForUserCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
  ListVirtualMFADevicesCommand,
} from '@aws-sdk/client-iam'
import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  ListKeysCommand,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms'
import {
  GetBucketAclCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketLoggingCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startAwsServer, type AwsServer } from '../../services/processes/demo/aws-server.ts'

const base = { accessKeyId: 'AKIABASE', secretAccessKey: 'base' }
const prod = { id: '111122223333', region: 'us-east-1' }
const dev = { id: '444455556666', region: 'eu-west-1' }
let aws: AwsServer

beforeAll(async () => {
  aws = await startAwsServer()
})
afterAll(() => aws.stop())

/** What every client needs to act as the audit role of an account. */
async function as(account: { id: string; region: string }) {
  const sts = new STSClient({ endpoint: aws.endpoint, region: account.region, credentials: base })
  const answer = await sts.send(
    new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${account.id}:role/TriplineAudit`,
      RoleSessionName: 'test',
      ExternalId: 'demo-external-id',
    }),
  )
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = answer.Credentials ?? {}
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
  return { endpoint: aws.endpoint, region: account.region, maxAttempts: 1, credentials }
}

describe('STS', () => {
  test('gives credentials of the account that was asked for', async () => {
    const sts = new STSClient(await as(dev))
    const identity = await sts.send(new GetCallerIdentityCommand({}))
    expect(identity.Account).toBe(dev.id)
    expect(identity.Arn).toBe(`arn:aws:sts::${dev.id}:assumed-role/TriplineAudit/test`)
  })

  test.each([
    ['a wrong ExternalId', `arn:aws:iam::${prod.id}:role/TriplineAudit`, 'wrong'],
    ['no ExternalId', `arn:aws:iam::${prod.id}:role/TriplineAudit`, undefined],
    ['an unknown account', 'arn:aws:iam::000000000000:role/TriplineAudit', 'demo-external-id'],
  ])('refuses %s', async (_, RoleArn, ExternalId) => {
    const sts = new STSClient({ endpoint: aws.endpoint, region: 'us-east-1', credentials: base })
    const asked = sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test', ExternalId }))
    await expect(asked).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } })
  })
})

describe('S3', () => {
  test('lists buckets with their regions, and locates them', async () => {
    const s3 = new S3Client(await as(prod))
    const { Buckets } = await s3.send(new ListBucketsCommand({}))
    expect(Buckets?.find(({ Name }) => Name === 'acme-invoices')?.CreationDate).toEqual(new Date('2021-06-08T11:21:03Z'))
    const there = await s3.send(new GetBucketLocationCommand({ Bucket: 'acme-invoices' }))
    expect(there.LocationConstraint ?? '').toBe('')
    const s3InDev = new S3Client(await as(dev))
    const other = await s3InDev.send(new GetBucketLocationCommand({ Bucket: 'acme-dev-scratch' }))
    expect(other.LocationConstraint).toBe('eu-west-1')
  })

  test('reads what is set on a bucket', async () => {
    const s3 = new S3Client(await as(prod))
    const logs = { Bucket: 'acme-cloudtrail-logs' }
    expect((await s3.send(new GetBucketVersioningCommand(logs))).Status).toBe('Enabled')
    expect((await s3.send(new GetBucketTaggingCommand(logs))).TagSet).toEqual([{ Key: 'team', Value: 'platform' }])
    expect((await s3.send(new GetPublicAccessBlockCommand(logs))).PublicAccessBlockConfiguration?.BlockPublicAcls).toBe(true)
    const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand(logs))
    expect(Rules).toEqual([{ ID: 'expire', Filter: { Prefix: '' }, Status: 'Enabled', Expiration: { Days: 400 } }])
    const encryption = await s3.send(new GetBucketEncryptionCommand(logs))
    expect(encryption.ServerSideEncryptionConfiguration?.Rules).toEqual([
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false },
    ])
    const logging = await s3.send(new GetBucketLoggingCommand({ Bucket: 'acme-customer-exports' }))
    expect(logging.LoggingEnabled?.TargetBucket).toBe('acme-cloudtrail-logs')
    expect((await s3.send(new GetBucketLoggingCommand(logs))).LoggingEnabled).toBeUndefined()
  })

  test('shows grants as AWS writes them', async () => {
    const s3 = new S3Client(await as(prod))
    const website = await s3.send(new GetBucketAclCommand({ Bucket: 'acme-website-assets' }))
    expect(website.Grants).toEqual([
      { Grantee: { Type: 'CanonicalUser', ID: website.Owner?.ID }, Permission: 'FULL_CONTROL' },
      { Grantee: { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' },
    ])
    const private_ = await s3.send(new GetBucketAclCommand({ Bucket: 'acme-invoices' }))
    expect(private_.Grants).toEqual([{ Grantee: { Type: 'CanonicalUser', ID: private_.Owner?.ID }, Permission: 'FULL_CONTROL' }])
  })

  test('says in the words of AWS what is not set', async () => {
    const s3 = new S3Client(await as(dev))
    const scratch = { Bucket: 'acme-dev-scratch' }
    const names = await Promise.all(
      [
        s3.send(new GetBucketPolicyCommand(scratch)),
        s3.send(new GetBucketEncryptionCommand(scratch)),
        s3.send(new GetPublicAccessBlockCommand(scratch)),
        s3.send(new GetObjectLockConfigurationCommand(scratch)),
        s3.send(new GetBucketLifecycleConfigurationCommand(scratch)),
        s3.send(new GetBucketTaggingCommand({ Bucket: 'acme-dev-artifacts' })),
        s3.send(new GetBucketAclCommand({ Bucket: 'acme-invoices' })),
      ].map((asked) => asked.then(() => 'answered').catch((error: Error) => error.name)),
    )
    expect(names).toEqual([
      'NoSuchBucketPolicy',
      'ServerSideEncryptionConfigurationNotFoundError',
      'NoSuchPublicAccessBlockConfiguration',
      'ObjectLockConfigurationNotFoundError',
      'NoSuchLifecycleConfiguration',
      'NoSuchTagSet',
      'NoSuchBucket',
    ])
  })

  test('sends callers to the region of the bucket', async () => {
    const s3 = new S3Client({ ...(await as(dev)), region: 'us-east-1' })
    const asked = s3.send(new GetBucketVersioningCommand({ Bucket: 'acme-dev-scratch' }))
    await expect(asked).rejects.toMatchObject({ name: 'PermanentRedirect', $metadata: { httpStatusCode: 301 } })
  })
})

describe('EC2', () => {
  test('describes security groups with ports as numbers and tags', async () => {
    const ec2 = new EC2Client(await as(prod))
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ['sg-0b19d4c7e8f2a6035'] }))
    expect(SecurityGroups).toHaveLength(1)
    expect(SecurityGroups?.[0]).toMatchObject({
      GroupName: 'payments-api',
      Description: 'payments service',
      OwnerId: prod.id,
      Tags: [{ Key: 'team', Value: 'payments' }],
      IpPermissions: [
        {
          IpProtocol: 'tcp',
          FromPort: 8443,
          ToPort: 8443,
          IpRanges: [{ CidrIp: '10.20.0.0/16', Description: 'from the load balancer' }],
          UserIdGroupPairs: [],
        },
      ],
    })
  })

  test('knows only its own account and region', async () => {
    const ec2 = new EC2Client(await as(dev))
    const asked = ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ['sg-0b19d4c7e8f2a6035'] }))
    await expect(asked).rejects.toMatchObject({ name: 'InvalidGroup.NotFound' })
    const elsewhere = new EC2Client({ ...(await as(dev)), region: 'us-east-1' })
    expect((await elsewhere.send(new DescribeVpcsCommand({}))).Vpcs).toEqual([])
  })

  test('describes a VPC and what belongs to it', async () => {
    const ec2 = new EC2Client(await as(prod))
    const VpcId = 'vpc-0f3a1c7d92b4e6081'
    const Filters = [{ Name: 'vpc-id', Values: [VpcId] }]
    const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [VpcId] }))
    expect(Vpcs?.[0]).toMatchObject({ CidrBlock: '10.20.0.0/16', IsDefault: false, State: 'available' })
    expect((await ec2.send(new DescribeSecurityGroupsCommand({ Filters }))).SecurityGroups).toHaveLength(3)
    expect((await ec2.send(new DescribeNetworkAclsCommand({ Filters }))).NetworkAcls?.[0]?.IsDefault).toBe(true)
    const { RouteTables } = await ec2.send(new DescribeRouteTablesCommand({ Filters }))
    expect(RouteTables?.[0]?.Routes?.map(({ GatewayId }) => GatewayId)).toEqual(['local', 'igw-09b7d5f3a1c2e4680'])
    const byResource = [{ Name: 'resource-id', Values: [VpcId] }]
    const { FlowLogs } = await ec2.send(new DescribeFlowLogsCommand({ Filter: byResource }))
    expect(FlowLogs?.[0]).toMatchObject({ TrafficType: 'ALL', MaxAggregationInterval: 600 })
    expect((await ec2.send(new DescribeStaleSecurityGroupsCommand({ VpcId }))).StaleSecurityGroupSet).toEqual([])
  })
})

describe('IAM', () => {
  test('reads users with what is attached to them', async () => {
    const iam = new IAMClient(await as(prod))
    const { Users } = await iam.send(new ListUsersCommand({}))
    expect(Users?.map(({ UserName }) => UserName)).toEqual(['ci-deployer', 'dana', 'break-glass'])
    const dana = { UserName: 'dana' }
    const { User } = await iam.send(new GetUserCommand(dana))
    expect(User).toMatchObject({ Arn: `arn:aws:iam::${prod.id}:user/dana`, PasswordLastUsed: new Date('2026-11-20T08:02:11Z') })
    expect((await iam.send(new ListGroupsForUserCommand(dana))).Groups?.[0]?.GroupName).toBe('engineers')
    expect((await iam.send(new ListUserPoliciesCommand(dana))).PolicyNames).toEqual([])
    const attached = await iam.send(new ListAttachedUserPoliciesCommand({ UserName: 'break-glass' }))
    expect(attached.AttachedPolicies).toEqual([
      { PolicyName: 'AdministratorAccess', PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' },
    ])
    const devices = await iam.send(new ListVirtualMFADevicesCommand({}))
    expect(devices.VirtualMFADevices?.map((each) => each.User?.UserName)).toEqual(['dana', 'break-glass'])
    await expect(iam.send(new GetUserCommand({ UserName: 'nobody' }))).rejects.toMatchObject({ name: 'NoSuchEntityException' })
  })

  test('pages long lists', async () => {
    const iam = new IAMClient(await as(prod))
    const first = await iam.send(new ListUsersCommand({ MaxItems: 2 }))
    expect(first).toMatchObject({ IsTruncated: true })
    const second = await iam.send(new ListUsersCommand({ MaxItems: 2, Marker: first.Marker }))
    expect(second).toMatchObject({ IsTruncated: false })
    expect(second.Users?.map(({ UserName }) => UserName)).toEqual(['break-glass'])
  })

  test('writes the credential report as CSV with one line a user', async () => {
    const iam = new IAMClient(await as(prod))
    expect((await iam.send(new GenerateCredentialReportCommand({}))).State).toBe('COMPLETE')
    const { Content } = await iam.send(new GetCredentialReportCommand({}))
    const [head = '', ...lines] = Buffer.from(Content ?? [])
      .toString()
      .split('\n')
    expect(head.split(',')).toHaveLength(22)
    expect(lines.map((line) => line.split(',').length)).toEqual([22, 22, 22, 22])
    expect(lines[2]).toContain('dana,arn:aws:iam::111122223333:user/dana,2021-05-03T10:15:00+00:00,true,')
  })

  test('reads roles with their documents', async () => {
    const iam = new IAMClient(await as(prod))
    const RoleName = 'payments-api-task'
    expect((await iam.send(new ListRolesCommand({}))).Roles).toHaveLength(2)
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }))
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toContain('ecs-tasks.amazonaws.com')
    expect(Role?.Tags).toEqual([{ Key: 'team', Value: 'payments' }])
    expect((await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames).toEqual(['read-invoices'])
    expect((await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies).toEqual([])
    const inline = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'read-invoices' }))
    expect(decodeURIComponent(inline.PolicyDocument ?? '')).toContain('s3:GetObject')
    const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }))
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId }))
    expect(decodeURIComponent(PolicyVersion?.Document ?? '')).toContain('"Action":"*"')
  })
})

describe('KMS', () => {
  test('reads keys by id and by ARN', async () => {
    const kms = new KMSClient(await as(prod))
    const { Keys } = await kms.send(new ListKeysCommand({}))
    const KeyId = Keys?.[0]?.KeyArn ?? ''
    expect(KeyId).toBe('arn:aws:kms:us-east-1:111122223333:key/3f6b1c9e-7a24-4d58-9e0f-1b2c3d4e5f60')
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }))
    expect(KeyMetadata).toMatchObject({
      KeyManager: 'CUSTOMER',
      KeyState: 'Enabled',
      CreationDate: new Date('2023-03-14T12:00:00Z'),
    })
    expect((await kms.send(new GetKeyRotationStatusCommand({ KeyId: Keys?.[0]?.KeyId }))).KeyRotationEnabled).toBe(true)
    expect((await kms.send(new GetKeyPolicyCommand({ KeyId }))).Policy).toContain('kms:*')
    expect((await kms.send(new ListResourceTagsCommand({ KeyId }))).Tags).toEqual([{ TagKey: 'team', TagValue: 'payments' }])
    await expect(kms.send(new DescribeKeyCommand({ KeyId: 'none' }))).rejects.toMatchObject({ name: 'NotFoundException' })
  })
})

describe('CloudTrail', () => {
  test('reads trails, their state, selectors and tags', async () => {
    const cloudtrail = new CloudTrailClient(await as(prod))
    const { trailList } = await cloudtrail.send(new DescribeTrailsCommand({}))
    expect(trailList).toHaveLength(1)
    const Name = trailList?.[0]?.TrailARN ?? ''
    expect(Name).toBe('arn:aws:cloudtrail:us-east-1:111122223333:trail/acme-trail')
    const status = await cloudtrail.send(new GetTrailStatusCommand({ Name }))
    expect(status).toMatchObject({ IsLogging: true, StartLoggingTime: new Date('2021-04-19T08:30:12Z') })
    const { EventSelectors } = await cloudtrail.send(new GetEventSelectorsCommand({ TrailName: Name }))
    expect(EventSelectors?.[0]?.ReadWriteType).toBe('All')
    const { ResourceTagList } = await cloudtrail.send(new ListTagsCommand({ ResourceIdList: [Name] }))
    expect(ResourceTagList?.[0]?.TagsList).toEqual([{ Key: 'team', Value: 'platform' }])
    const asked = cloudtrail.send(new GetTrailStatusCommand({ Name: 'none' }))
    await expect(asked).rejects.toMatchObject({ name: 'TrailNotFoundException' })
  })

  test('shows a multi-region trail elsewhere only as a shadow', async () => {
    const cloudtrail = new CloudTrailClient({ ...(await as(prod)), region: 'eu-west-1' })
    expect((await cloudtrail.send(new DescribeTrailsCommand({}))).trailList).toHaveLength(1)
    expect((await cloudtrail.send(new DescribeTrailsCommand({ includeShadowTrails: false }))).trailList).toEqual([])
  })
})

describe('the server', () => {
  test('counts calls, adds latency, and shows a changed account in the next answer', async () => {
    const slow = await startAwsServer({ latencyMs: 30 })
    const kms = new KMSClient({ endpoint: slow.endpoint, region: 'us-east-1', credentials: base })
    const from = performance.now()
    expect((await kms.send(new ListKeysCommand({}))).Keys).toEqual([])
    expect(performance.now() - from).toBeGreaterThanOrEqual(29)
    expect(slow.calls().get('kms:ListKeys')).toBe(1)
    await slow.stop()
    const key = aws.accounts[0]?.keys[0]
    if (key === undefined) throw new TypeError('the recorded account has no key')
    key.rotation = false
    const again = new KMSClient(await as(prod))
    expect((await again.send(new GetKeyRotationStatusCommand({ KeyId: key.KeyId }))).KeyRotationEnabled).toBe(false)
    key.rotation = true
  })

  test('answers unknown actions, refusals and forged tokens in the words of AWS', async () => {
    const session = await as(prod)
    const ec2 = new EC2Client(session)
    const unknown = new STSClient(session)
    const { GetSessionTokenCommand } = await import('@aws-sdk/client-sts')
    await expect(unknown.send(new GetSessionTokenCommand({}))).rejects.toMatchObject({ name: 'InvalidAction' })
    const undo = aws.refuse({ service: 'ec2' }, 'throttled')
    await expect(ec2.send(new DescribeVpcsCommand({}))).rejects.toMatchObject({ name: 'RequestLimitExceeded' })
    undo()
    const denied = aws.refuse({ account: prod.id, action: 'DescribeVpcs' }, 'denied')
    await expect(ec2.send(new DescribeVpcsCommand({}))).rejects.toMatchObject({ name: 'UnauthorizedOperation' })
    denied()
    expect((await ec2.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(1)
    const forged = new EC2Client({ ...session, credentials: { ...session.credentials, sessionToken: 'forged' } })
    await expect(forged.send(new DescribeVpcsCommand({}))).rejects.toMatchObject({ name: 'InvalidClientTokenId' })
  })
})
