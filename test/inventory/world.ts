import * as cloudtrail from '@aws-sdk/client-cloudtrail'
import * as ec2 from '@aws-sdk/client-ec2'
import * as iam from '@aws-sdk/client-iam'
import * as kms from '@aws-sdk/client-kms'
import * as s3 from '@aws-sdk/client-s3'
import type { ResourceRef } from '#model'
import { credentialsOf } from '../support/moto.ts'

export const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::nothing/100%25+a' }],
})
export const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
})

/** One account on moto, with clients that may change it. */
export async function openAccount(endpoint: string, accountId: string, region = 'eu-west-1') {
  const options = { endpoint, region, credentials: await credentialsOf(endpoint, accountId) }
  const clients = {
    cloudtrail: new cloudtrail.CloudTrailClient(options),
    ec2: new ec2.EC2Client(options),
    iam: new iam.IAMClient(options),
    kms: new kms.KMSClient(options),
    s3: new s3.S3Client({ ...options, forcePathStyle: true }),
  }
  const ref = (type: string, id: string, where = region): ResourceRef => ({ accountId, region: where, type, id })
  return {
    ...clients,
    accountId,
    ref,

    async bucket(name: string): Promise<ResourceRef> {
      await clients.s3.send(
        new s3.CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
      )
      return ref('AWS.S3.Bucket', `arn:aws:s3:::${name}`)
    },
    async securityGroup(name: string): Promise<ResourceRef> {
      const { GroupId } = await clients.ec2.send(new ec2.CreateSecurityGroupCommand({ GroupName: name, Description: 'a test' }))
      return ref('AWS.EC2.SecurityGroup', `arn:aws:ec2:${region}:${accountId}:security-group/${GroupId}`)
    },
    async vpc(): Promise<ResourceRef> {
      const { Vpc } = await clients.ec2.send(new ec2.CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))
      return ref('AWS.EC2.VPC', `arn:aws:ec2:${region}:${accountId}:vpc/${Vpc?.VpcId}`)
    },
    async user(name: string, path = '/'): Promise<ResourceRef> {
      const { User } = await clients.iam.send(new iam.CreateUserCommand({ UserName: name, Path: path }))
      return ref('AWS.IAM.User', User?.Arn ?? '', 'global')
    },
    async role(name: string): Promise<ResourceRef> {
      const { Role } = await clients.iam.send(new iam.CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust }))
      return ref('AWS.IAM.Role', Role?.Arn ?? '', 'global')
    },
    async key(): Promise<ResourceRef> {
      const { KeyMetadata } = await clients.kms.send(new kms.CreateKeyCommand({ Tags: [{ TagKey: 'team', TagValue: 'a' }] }))
      return ref('AWS.KMS.Key', KeyMetadata?.Arn ?? '')
    },
    async trail(name: string, bucket: string): Promise<ResourceRef> {
      const command = new cloudtrail.CreateTrailCommand({
        Name: name,
        S3BucketName: bucket,
        IsMultiRegionTrail: true,
        TagsList: [{ Key: 'team', Value: 'a' }],
      })
      const { TrailARN } = await clients.cloudtrail.send(command)
      return ref('AWS.CloudTrail', TrailARN ?? '')
    },
  }
}
export type TestAccount = Awaited<ReturnType<typeof openAccount>>
