import type { ZodType } from 'zod'
import type { ResourceType } from '#model'
import { acmCertificateShape } from './acm-certificate.ts'
import { cloudformationStackShape } from './cloudformation-stack.ts'
import { cloudtrailMetaShape } from './cloudtrail-meta.ts'
import { cloudtrailShape } from './cloudtrail.ts'
import { cloudwatchLogGroupShape } from './cloudwatch-log-group.ts'
import { configRecorderMetaShape } from './config-recorder-meta.ts'
import { configRecorderShape } from './config-recorder.ts'
import { dynamodbTableShape } from './dynamodb-table.ts'
import { ec2AmiShape } from './ec2-ami.ts'
import { ec2InstanceShape } from './ec2-instance.ts'
import { ec2InternetGatewayShape } from './ec2-internet-gateway.ts'
import { ec2NatGatewayShape } from './ec2-nat-gateway.ts'
import { ec2NetworkAclShape } from './ec2-network-acl.ts'
import { ec2RouteTableShape } from './ec2-route-table.ts'
import { ec2SecurityGroupShape } from './ec2-security-group.ts'
import { ec2SnapshotShape } from './ec2-snapshot.ts'
import { ec2VolumeShape } from './ec2-volume.ts'
import { ec2VpcShape } from './ec2-vpc.ts'
import { ecrRepositoryShape } from './ecr-repository.ts'
import { ecsClusterShape } from './ecs-cluster.ts'
import { eksClusterShape } from './eks-cluster.ts'
import { elbv2ApplicationLoadBalancerShape } from './elbv2-application-load-balancer.ts'
import { guarddutyDetectorMetaShape } from './guardduty-detector-meta.ts'
import { guarddutyDetectorShape } from './guardduty-detector.ts'
import { iamGroupShape } from './iam-group.ts'
import { iamPasswordPolicyShape } from './iam-password-policy.ts'
import { iamPolicyShape } from './iam-policy.ts'
import { iamRoleShape } from './iam-role.ts'
import { iamRootUserShape } from './iam-root-user.ts'
import { iamUserShape } from './iam-user.ts'
import { kmsKeyShape } from './kms-key.ts'
import { lambdaFunctionShape } from './lambda-function.ts'
import { rdsClusterShape } from './rds-cluster.ts'
import { rdsInstanceShape } from './rds-instance.ts'
import { rdsSnapshotShape } from './rds-snapshot.ts'
import { redshiftClusterShape } from './redshift-cluster.ts'
import { s3BucketShape } from './s3-bucket.ts'
import { secretsmanagerSecretShape } from './secretsmanager-secret.ts'
import { snsTopicShape } from './sns-topic.ts'
import { sqsQueueShape } from './sqs-queue.ts'
import { ssmDocumentShape } from './ssm-document.ts'
import { wafRegionalWebAclShape, wafWebAclShape } from './waf-webacl.ts'
import { wafv2WebAclShape } from './wafv2-webacl.ts'

/** The shape of each resource type. */
export const shapes = {
  'AWS.ACM.Certificate': acmCertificateShape,
  'AWS.CloudFormation.Stack': cloudformationStackShape,
  'AWS.CloudTrail': cloudtrailShape,
  'AWS.CloudTrail.Meta': cloudtrailMetaShape,
  'AWS.CloudWatch.LogGroup': cloudwatchLogGroupShape,
  'AWS.Config.Recorder': configRecorderShape,
  'AWS.Config.Recorder.Meta': configRecorderMetaShape,
  'AWS.DynamoDB.Table': dynamodbTableShape,
  'AWS.EC2.AMI': ec2AmiShape,
  'AWS.EC2.Instance': ec2InstanceShape,
  'AWS.EC2.InternetGateway': ec2InternetGatewayShape,
  'AWS.EC2.NatGateway': ec2NatGatewayShape,
  'AWS.EC2.NetworkACL': ec2NetworkAclShape,
  'AWS.EC2.RouteTable': ec2RouteTableShape,
  'AWS.EC2.SecurityGroup': ec2SecurityGroupShape,
  'AWS.EC2.Snapshot': ec2SnapshotShape,
  'AWS.EC2.VPC': ec2VpcShape,
  'AWS.EC2.Volume': ec2VolumeShape,
  'AWS.ECR.Repository': ecrRepositoryShape,
  'AWS.ECS.Cluster': ecsClusterShape,
  'AWS.EKS.Cluster': eksClusterShape,
  'AWS.ELBV2.ApplicationLoadBalancer': elbv2ApplicationLoadBalancerShape,
  'AWS.GuardDuty.Detector': guarddutyDetectorShape,
  'AWS.GuardDuty.Detector.Meta': guarddutyDetectorMetaShape,
  'AWS.IAM.Group': iamGroupShape,
  'AWS.IAM.Policy': iamPolicyShape,
  'AWS.IAM.Role': iamRoleShape,
  'AWS.IAM.RootUser': iamRootUserShape,
  'AWS.IAM.User': iamUserShape,
  'AWS.KMS.Key': kmsKeyShape,
  'AWS.Lambda.Function': lambdaFunctionShape,
  'AWS.PasswordPolicy': iamPasswordPolicyShape,
  'AWS.RDS.Cluster': rdsClusterShape,
  'AWS.RDS.Instance': rdsInstanceShape,
  'AWS.RDS.Snapshot': rdsSnapshotShape,
  'AWS.Redshift.Cluster': redshiftClusterShape,
  'AWS.S3.Bucket': s3BucketShape,
  'AWS.SNS.Topic': snsTopicShape,
  'AWS.SQS.Queue': sqsQueueShape,
  'AWS.SSM.Document': ssmDocumentShape,
  'AWS.SecretsManager.Secret': secretsmanagerSecretShape,
  'AWS.WAF.Regional.WebACL': wafRegionalWebAclShape,
  'AWS.WAF.WebACL': wafWebAclShape,
  'AWS.WAFv2.WebACL': wafv2WebAclShape,
} satisfies Readonly<Record<ResourceType, ZodType>>
