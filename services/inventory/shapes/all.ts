import { cloudformationStackShape } from './cloudformation-stack.ts'
import { cloudtrailShape } from './cloudtrail.ts'
import { cloudwatchLogGroupShape } from './cloudwatch-log-group.ts'
import { ec2SecurityGroupShape } from './ec2-security-group.ts'
import { ec2VpcShape } from './ec2-vpc.ts'
import { ecsClusterShape } from './ecs-cluster.ts'
import { eksClusterShape } from './eks-cluster.ts'
import { elbv2ApplicationLoadBalancerShape } from './elbv2-application-load-balancer.ts'
import { iamRoleShape } from './iam-role.ts'
import { iamUserShape } from './iam-user.ts'
import { kmsKeyShape } from './kms-key.ts'
import { lambdaFunctionShape } from './lambda-function.ts'
import { s3BucketShape } from './s3-bucket.ts'

/** The shape of each resource type. */
export const shapes = {
  'AWS.CloudFormation.Stack': cloudformationStackShape,
  'AWS.CloudTrail': cloudtrailShape,
  'AWS.CloudWatch.LogGroup': cloudwatchLogGroupShape,
  'AWS.EC2.SecurityGroup': ec2SecurityGroupShape,
  'AWS.EC2.VPC': ec2VpcShape,
  'AWS.ECS.Cluster': ecsClusterShape,
  'AWS.EKS.Cluster': eksClusterShape,
  'AWS.ELBV2.ApplicationLoadBalancer': elbv2ApplicationLoadBalancerShape,
  'AWS.IAM.Role': iamRoleShape,
  'AWS.IAM.User': iamUserShape,
  'AWS.KMS.Key': kmsKeyShape,
  'AWS.Lambda.Function': lambdaFunctionShape,
  'AWS.S3.Bucket': s3BucketShape,
}
