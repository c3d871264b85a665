import type { ResourceRef, ResourceType } from '#model'
import { isRegion, partitionOf } from './region.ts'
import { readArn } from './touches/table.ts'

/** By service: what stands behind the account, and the type. Of what is caught, the first group is the whole of what names the resource. */
const forms: Readonly<Record<string, readonly (readonly [RegExp, ResourceType])[]>> = {
  acm: [[/^(certificate\/[\w-]+)$/u, 'AWS.ACM.Certificate']],
  cloudtrail: [[/^(trail\/[\w.-]+)$/u, 'AWS.CloudTrail']],
  dynamodb: [[/^(table\/[\w.-]+)/u, 'AWS.DynamoDB.Table']],
  ec2: [
    [/^(image\/ami-[0-9a-f]+)$/u, 'AWS.EC2.AMI'],
    [/^(instance\/i-[0-9a-f]+)$/u, 'AWS.EC2.Instance'],
    [/^(network-acl\/acl-[0-9a-f]+)$/u, 'AWS.EC2.NetworkACL'],
    [/^(security-group\/sg-[0-9a-f]+)$/u, 'AWS.EC2.SecurityGroup'],
    [/^(snapshot\/snap-[0-9a-f]+)$/u, 'AWS.EC2.Snapshot'],
    [/^(volume\/vol-[0-9a-f]+)$/u, 'AWS.EC2.Volume'],
    [/^(vpc\/vpc-[0-9a-f]+)$/u, 'AWS.EC2.VPC'],
  ],
  ecr: [[/^(repository\/[a-z0-9][a-z0-9._/-]*?)(?:\/sha256:[0-9a-f]{64})?$/u, 'AWS.ECR.Repository']],
  ecs: [[/^(cluster\/[\w-]+)$/u, 'AWS.ECS.Cluster']],
  eks: [[/^(cluster\/[\w-]+)$/u, 'AWS.EKS.Cluster']],
  elasticloadbalancing: [[/^(loadbalancer\/app\/[\w-]+\/[0-9a-f]+)$/u, 'AWS.ELBV2.ApplicationLoadBalancer']],
  kms: [[/^(key\/[\w-]+)$/u, 'AWS.KMS.Key']],
  lambda: [[/^(function:[\w-]+)(?::[\w$-]+)?$/u, 'AWS.Lambda.Function']],
  rds: [
    [/^(db:[a-z][a-z0-9-]*)$/u, 'AWS.RDS.Instance'],
    [/^(cluster:[a-z][a-z0-9-]*)$/u, 'AWS.RDS.Cluster'],
    [/^(snapshot:[a-z][a-z0-9:-]*)$/u, 'AWS.RDS.Snapshot'],
  ],
  redshift: [[/^(cluster:[a-z][a-z0-9-]*)$/u, 'AWS.Redshift.Cluster']],
  secretsmanager: [[/^(secret:[\w/+=.@-]+)$/u, 'AWS.SecretsManager.Secret']],
  sns: [[/^([\w-]+(?:\.fifo)?)$/u, 'AWS.SNS.Topic']],
  sqs: [[/^([\w-]+(?:\.fifo)?)$/u, 'AWS.SQS.Queue']],
}

/** The resource that an ARN out of a finding means, as the inventory names it; null for types that are not watched, and for resources of other accounts. */
export function refOfArn(text: string, { accountId, region }: { accountId: string; region: string }): ResourceRef | null {
  if (text.length > 2_048) return null
  const arn = readArn(text)
  if (arn === null) return null
  if (arn.service === 's3') {
    const [bucket = ''] = arn.resource.split('/')
    if (!/^[a-z0-9][a-z0-9._-]{1,254}$/iu.test(bucket) || !isRegion(region)) return null
    return { accountId, region, type: 'AWS.S3.Bucket', id: `arn:${partitionOf(region)}:s3:::${bucket}` }
  }
  if (arn.accountId !== accountId) return null
  if (arn.service === 'iam') return iamRef(arn.resource, accountId, region)
  const here = arn.region
  if (!isRegion(here)) return null
  for (const [form, type] of Object.hasOwn(forms, arn.service) ? (forms[arn.service] ?? []) : []) {
    const named = form.exec(arn.resource)?.[1]
    if (named !== undefined)
      return { accountId, region: here, type, id: `arn:${partitionOf(here)}:${arn.service}:${here}:${accountId}:${named}` }
  }
  return null
}

/** Users, roles and groups are known without their path; policies with it. */
function iamRef(resource: string, accountId: string, region: string): ResourceRef | null {
  const ref = (type: ResourceType, named: string): ResourceRef => {
    return { accountId, region: 'global', type, id: `arn:${partitionOf(region)}:iam::${accountId}:${named}` }
  }
  if (resource === 'root') return ref('AWS.IAM.RootUser', 'root')
  const [, kind = '', path = '', name = ''] = /^(user|role|group|policy)\/((?:[!-~]*\/)?)([\w+=,.@-]{1,128})$/u.exec(resource) ?? []
  if (kind === 'policy') return ref('AWS.IAM.Policy', `policy/${path}${name}`)
  const type = ({ user: 'AWS.IAM.User', role: 'AWS.IAM.Role', group: 'AWS.IAM.Group' } as const)[kind]
  return type === undefined ? null : ref(type, `${kind}/${name}`)
}
