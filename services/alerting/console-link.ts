import type { Place } from '#model'

const domains: ReadonlyMap<string, string> = new Map([
  ['aws', 'console.aws.amazon.com'],
  ['aws-cn', 'console.amazonaws.cn'],
  ['aws-us-gov', 'console.amazonaws-us-gov.com'],
])

/** The parts of a checked ARN, encoded where they are put into an address. */
interface Parts {
  readonly arn: string
  readonly account: string
  /** The resource's name or id: what stands last. */
  readonly name: string
  /** What follows the kind of resource, slashes included. */
  readonly path: string
}
/** Where on a service's console a resource is: `page` before the query, `hash` after it. */
interface Page {
  readonly page: string
  readonly hash?: string
  /** More of the query, before the region. */
  readonly query?: string
}

const ec2 = (hash: string): Page => ({ page: 'ec2/home', hash })
const vpc = (hash: string): Page => ({ page: 'vpcconsole/home', hash })
const iam = (hash: string): Page => ({ page: 'iam/home', hash })

/** By type. Those that are not here have no page of their own. */
const pages: Readonly<Record<string, (parts: Parts) => Page>> = {
  'AWS.ACM.Certificate': ({ name }) => ({ page: 'acm/home', hash: `/certificates/${name}` }),
  'AWS.CloudFormation.Stack': ({ arn }) => ({ page: 'cloudformation/home', hash: `/stacks/stackinfo?stackId=${arn}` }),
  'AWS.CloudTrail': ({ arn }) => ({ page: 'cloudtrailv2/home', hash: `/trails/${arn}` }),
  'AWS.CloudWatch.LogGroup': ({ path }) => ({
    page: 'cloudwatch/home',
    // The console escapes names twice, with its own sign.
    hash: `logsV2:log-groups/log-group/${encodeURIComponent(path.replace(/%3A\*$/u, '')).replaceAll('%', '$')}`,
  }),
  'AWS.DynamoDB.Table': ({ name }) => ({ page: 'dynamodbv2/home', hash: `table?name=${name}` }),
  'AWS.EC2.AMI': ({ name }) => ec2(`ImageDetails:imageId=${name}`),
  'AWS.EC2.Instance': ({ name }) => ec2(`InstanceDetails:instanceId=${name}`),
  'AWS.EC2.InternetGateway': ({ name }) => vpc(`InternetGateway:internetGatewayId=${name}`),
  'AWS.EC2.NatGateway': ({ name }) => vpc(`NatGatewayDetails:natGatewayId=${name}`),
  'AWS.EC2.NetworkACL': ({ name }) => vpc(`NetworkAclDetails:networkAclId=${name}`),
  'AWS.EC2.RouteTable': ({ name }) => vpc(`RouteTableDetails:RouteTableId=${name}`),
  'AWS.EC2.SecurityGroup': ({ name }) => ec2(`SecurityGroup:groupId=${name}`),
  'AWS.EC2.Snapshot': ({ name }) => ec2(`SnapshotDetails:snapshotId=${name}`),
  'AWS.EC2.VPC': ({ name }) => vpc(`VpcDetails:VpcId=${name}`),
  'AWS.EC2.Volume': ({ name }) => ec2(`VolumeDetails:volumeId=${name}`),
  'AWS.ECR.Repository': ({ account, path }) => ({ page: `ecr/repositories/private/${account}/${path}` }),
  'AWS.ECS.Cluster': ({ name }) => ({ page: `ecs/v2/clusters/${name}` }),
  'AWS.EKS.Cluster': ({ name }) => ({ page: 'eks/home', hash: `/clusters/${name}` }),
  'AWS.ELBV2.ApplicationLoadBalancer': ({ arn }) => ec2(`LoadBalancer:loadBalancerArn=${arn}`),
  'AWS.IAM.Group': ({ name }) => iam(`/groups/details/${name}`),
  'AWS.IAM.Policy': ({ arn }) => iam(`/policies/details/${arn}`),
  'AWS.IAM.Role': ({ name }) => iam(`/roles/details/${name}`),
  'AWS.IAM.User': ({ name }) => iam(`/users/details/${name}`),
  'AWS.KMS.Key': ({ name }) => ({ page: 'kms/home', hash: `/kms/keys/${name}` }),
  'AWS.Lambda.Function': ({ name }) => ({ page: 'lambda/home', hash: `/functions/${name}` }),
  'AWS.RDS.Cluster': ({ name }) => ({ page: 'rds/home', hash: `database:id=${name};is-cluster=true` }),
  'AWS.RDS.Instance': ({ name }) => ({ page: 'rds/home', hash: `database:id=${name};is-cluster=false` }),
  'AWS.Redshift.Cluster': ({ name }) => ({ page: 'redshiftv2/home', hash: `/cluster-details?cluster=${name}` }),
  'AWS.S3.Bucket': ({ name }) => ({ page: `s3/buckets/${name}` }),
  'AWS.SNS.Topic': ({ arn }) => ({ page: 'sns/v3/home', hash: `/topic/${arn}` }),
  'AWS.SSM.Document': ({ name }) => ({ page: `systems-manager/documents/${name}/description` }),
  // AWS adds six characters to a secret's name.
  'AWS.SecretsManager.Secret': ({ path }) => ({ page: 'secretsmanager/secret', query: `name=${path.replace(/-\w{6}$/u, '')}&` }),
}

/** Reached by one address for all regions. */
const global: ReadonlySet<string> = new Set(['AWS.S3.Bucket', 'AWS.IAM.Group', 'AWS.IAM.Policy', 'AWS.IAM.Role', 'AWS.IAM.User'])

/**
 * The resource's page in the AWS console, for the types that have one; null for others. The only address in a message that is not the
 * detection's own: built from checked parts alone, so that no name can bend it.
 */
export function consoleLink({ resourceType, resourceId, region }: Place): string | null {
  if (resourceType === null || resourceId === null || resourceId.length > 1_100 || !Object.hasOwn(pages, resourceType)) return null
  const found = /^arn:(aws[a-z-]{0,10}):[a-z0-9-]+:[a-z0-9-]*:(\d*):((?:[a-z-]+[/:])?([\w+=,.@/:*-]+))$/u.exec(resourceId)
  if (found === null || !/^(?:global|[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2})$/u.test(region)) return null
  const [, partition = '', account = '', , rest = ''] = found
  const domain = domains.get(partition)
  const name = /[^/:]+$/u.exec(rest)?.[0] ?? rest
  const make = pages[resourceType]
  if (domain === undefined || make === undefined) return null
  const path = encodeURIComponent(rest)
  const { page, query = '', hash } = make({ arn: encodeURIComponent(resourceId), account, name: encodeURIComponent(name), path })
  const isGlobal = global.has(resourceType) || region === 'global'
  const where = region === 'global' ? (query === '' ? '' : `?${query.slice(0, -1)}`) : `?${query}region=${region}`
  return `https://${isGlobal ? '' : `${region}.`}${domain}/${page}${where}${hash === undefined ? '' : `#${hash}`}`
}

/** An address that the detection's author gave, ready to link; null when it is not exactly one http or https address. */
export function safeLink(text: string): string | null {
  if (text.length > 500 || !/^https?:\/\/\S+$/iu.test(text) || !URL.canParse(text)) return null
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return null
  return url.href.replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E')
}
