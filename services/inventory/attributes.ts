import type { CloudTrail } from './shapes/cloudtrail.ts'
import type { Ec2SecurityGroup } from './shapes/ec2-security-group.ts'
import type { Ec2Vpc } from './shapes/ec2-vpc.ts'
import type { IamRole } from './shapes/iam-role.ts'
import type { IamUser } from './shapes/iam-user.ts'
import type { KmsKey } from './shapes/kms-key.ts'
import type { S3Bucket } from './shapes/s3-bucket.ts'

/** The attributes of each resource type that we fetch. */
export interface AttributesByType {
  'AWS.CloudTrail': CloudTrail
  'AWS.EC2.SecurityGroup': Ec2SecurityGroup
  'AWS.EC2.VPC': Ec2Vpc
  'AWS.IAM.Role': IamRole
  'AWS.IAM.User': IamUser
  'AWS.KMS.Key': KmsKey
  'AWS.S3.Bucket': S3Bucket
}
