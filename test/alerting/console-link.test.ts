import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { consoleLink } from '../../services/alerting/console-link.ts'
import { aPlace } from '../support/alerts.ts'

const folder = new URL('../fixtures/resources/', import.meta.url)
const links = readdirSync(folder).flatMap((file) => {
  const { ResourceId, Region } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Record<string, string>
  const resourceType = file.replace('.json', '')
  const link = consoleLink(aPlace({ resourceType, resourceId: ResourceId ?? null, region: Region ?? '' }))
  return link === null ? [] : [[resourceType, link] as const]
})

test('a resource has its page in the console', () => {
  expect(links.map(([type, link]) => `${type} ${link}`)).toMatchInlineSnapshot(`
    [
      "AWS.ACM.Certificate https://eu-west-1.console.aws.amazon.com/acm/home?region=eu-west-1#/certificates/12345678-1234-1234-1234-123456789012",
      "AWS.CloudFormation.Stack https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1#/stacks/stackinfo?stackId=arn%3Aaws%3Acloudformation%3Aeu-west-1%3A111111111111%3Astack%2Fcheckout%2F2f7c8a10-16a1-11f1-8c5d-0a1b2c3d4e5f",
      "AWS.CloudTrail https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/trails/arn%3Aaws%3Acloudtrail%3Aeu-west-1%3A111111111111%3Atrail%2Fmain",
      "AWS.CloudWatch.LogGroup https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fcheckout",
      "AWS.DynamoDB.Table https://eu-west-1.console.aws.amazon.com/dynamodbv2/home?region=eu-west-1#table?name=orders",
      "AWS.EC2.AMI https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#ImageDetails:imageId=ami-0a1b2c3d4e5f60716",
      "AWS.EC2.Instance https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#InstanceDetails:instanceId=i-0a1b2c3d4e5f60713",
      "AWS.EC2.InternetGateway https://us-east-1.console.aws.amazon.com/vpcconsole/home?region=us-east-1#InternetGateway:internetGatewayId=igw-0a1b2c3d4e5f6071a",
      "AWS.EC2.NatGateway https://us-east-1.console.aws.amazon.com/vpcconsole/home?region=us-east-1#NatGatewayDetails:natGatewayId=nat-0a1b2c3d4e5f6071b",
      "AWS.EC2.NetworkACL https://us-east-1.console.aws.amazon.com/vpcconsole/home?region=us-east-1#NetworkAclDetails:networkAclId=acl-0a1b2c3d4e5f60717",
      "AWS.EC2.RouteTable https://us-east-1.console.aws.amazon.com/vpcconsole/home?region=us-east-1#RouteTableDetails:RouteTableId=rtb-0a1b2c3d4e5f60719",
      "AWS.EC2.SecurityGroup https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#SecurityGroup:groupId=sg-0a1b2c3d4e5f60712",
      "AWS.EC2.Snapshot https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#SnapshotDetails:snapshotId=snap-0a1b2c3d4e5f60715",
      "AWS.EC2.VPC https://us-east-1.console.aws.amazon.com/vpcconsole/home?region=us-east-1#VpcDetails:VpcId=vpc-0a1b2c3d4e5f60718",
      "AWS.EC2.Volume https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#VolumeDetails:volumeId=vol-0a1b2c3d4e5f60714",
      "AWS.ECR.Repository https://eu-west-1.console.aws.amazon.com/ecr/repositories/private/111111111111/shop%2Fweb?region=eu-west-1",
      "AWS.ECS.Cluster https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/shop?region=eu-west-1",
      "AWS.EKS.Cluster https://eu-west-1.console.aws.amazon.com/eks/home?region=eu-west-1#/clusters/shop",
      "AWS.ELBV2.ApplicationLoadBalancer https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#LoadBalancer:loadBalancerArn=arn%3Aaws%3Aelasticloadbalancing%3Aeu-west-1%3A111111111111%3Aloadbalancer%2Fapp%2Fshop%2F50dc6c495c0c9188",
      "AWS.IAM.Group https://console.aws.amazon.com/iam/home#/groups/details/engineers",
      "AWS.IAM.Policy https://console.aws.amazon.com/iam/home#/policies/details/arn%3Aaws%3Aiam%3A%3A111111111111%3Apolicy%2Fshop%2Fread-invoices",
      "AWS.IAM.Role https://console.aws.amazon.com/iam/home#/roles/details/worker",
      "AWS.IAM.User https://console.aws.amazon.com/iam/home#/users/details/ann",
      "AWS.KMS.Key https://eu-west-1.console.aws.amazon.com/kms/home?region=eu-west-1#/kms/keys/1234abcd-12ab-34cd-56ef-1234567890ab",
      "AWS.Lambda.Function https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions/checkout",
      "AWS.RDS.Cluster https://eu-west-1.console.aws.amazon.com/rds/home?region=eu-west-1#database:id=shop;is-cluster=true",
      "AWS.RDS.Instance https://eu-west-1.console.aws.amazon.com/rds/home?region=eu-west-1#database:id=orders;is-cluster=false",
      "AWS.Redshift.Cluster https://eu-west-1.console.aws.amazon.com/redshiftv2/home?region=eu-west-1#/cluster-details?cluster=sales",
      "AWS.S3.Bucket https://console.aws.amazon.com/s3/buckets/shop-invoices?region=eu-west-1",
      "AWS.SNS.Topic https://eu-west-1.console.aws.amazon.com/sns/v3/home?region=eu-west-1#/topic/arn%3Aaws%3Asns%3Aeu-west-1%3A111111111111%3Aorders.fifo",
      "AWS.SSM.Document https://eu-west-1.console.aws.amazon.com/systems-manager/documents/RestartShop/description?region=eu-west-1",
      "AWS.SecretsManager.Secret https://eu-west-1.console.aws.amazon.com/secretsmanager/secret?name=shop%2Fdatabase&region=eu-west-1",
    ]
  `)
})

test('names do not bend an address, and other partitions have their own', () => {
  const of = (resourceType: string, resourceId: string, region = 'us-east-1') =>
    consoleLink(aPlace({ resourceType, resourceId, region }))
  expect(of('AWS.S3.Bucket', 'arn:aws-cn:s3:::logs', 'cn-north-1')).toBe(
    'https://console.amazonaws.cn/s3/buckets/logs?region=cn-north-1',
  )
  for (const id of [
    'arn:aws:s3:::a b',
    'arn:aws:s3:::a"b',
    'arn:aws:s3:::<a>',
    'arn:aws:s3:::a\nb',
    'javascript:alert(1)',
    'arn:evil:s3:::a',
  ])
    expect(of('AWS.S3.Bucket', id)).toBeNull()
  expect(of('AWS.S3.Bucket', 'arn:aws:s3:::a', 'us-east-1.evil.example')).toBeNull()
  expect(of('constructor', 'arn:aws:s3:::a')).toBeNull()
  expect(of('AWS.IAM.Role', 'arn:aws:iam::111122223333:role/../../evil', 'global')).toBe(
    'https://console.aws.amazon.com/iam/home#/roles/details/evil',
  )
})
