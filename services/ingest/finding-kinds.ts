import { at, isObject, textAt, type Json, type JsonObject } from '#model'
import { partitionOf } from './region.ts'

/** One of AWS's services that find things, as its findings come by EventBridge. */
export interface FindingKind {
  /** In Panther's words where it has some. */
  readonly logType: string
  /** EventBridge's `source`. */
  readonly source: string
  readonly detailTypes: readonly string[]
  /** For people. */
  readonly reporter: string
  /** The findings of a detail; most bring one. */
  readonly records: (detail: JsonObject) => readonly Json[]
  /** Where a finding names its account and its region. */
  readonly account: string
  readonly region: string
  /** A finding of another region than its envelope's may come: the service gathers those of all regions in one. */
  readonly gathersRegions?: true
  /** Without its account in it, it is of the envelope's. */
  readonly accountMayLack?: true
  /** What kind of finding it is. */
  readonly name: (record: JsonObject) => string | null
  /** ARNs of what it is about, the first one first. */
  readonly about: (record: JsonObject, where: Where) => readonly (string | null)[]
}
export interface Where {
  readonly accountId: string
  readonly region: string
}

const itself = (detail: JsonObject): readonly Json[] => [detail]

const guardDuty: FindingKind = {
  logType: 'AWS.GuardDuty',
  source: 'aws.guardduty',
  detailTypes: ['GuardDuty Finding'],
  reporter: 'Amazon GuardDuty',
  records: itself,
  account: 'accountId',
  region: 'region',
  name: (record) => textAt(record, 'type'),
  about(record, where) {
    const resource = at(record, 'resource')
    return [
      machine(textAt(resource, 'instanceDetails', 'instanceId'), where),
      ...objectsOf(at(resource, 's3BucketDetails')).map((bucket) => textAt(bucket, 'arn')),
      textAt(resource, 'eksClusterDetails', 'arn'),
      textAt(resource, 'ecsClusterDetails', 'arn'),
      textAt(resource, 'rdsDbInstanceDetails', 'dbInstanceArn'),
      textAt(resource, 'lambdaDetails', 'functionArn'),
      ...objectsOf(at(resource, 'ebsVolumeDetails', 'scannedVolumeDetails')).map((volume) => textAt(volume, 'volumeArn')),
      principal(at(resource, 'accessKeyDetails'), where),
    ]
  },
}

const securityHub: FindingKind = {
  logType: 'AWS.SecurityFindingFormat',
  source: 'aws.securityhub',
  detailTypes: ['Security Hub Findings - Imported'],
  reporter: 'AWS Security Hub',
  records: (detail) => (Array.isArray(detail['findings']) ? (detail['findings'] as readonly Json[]) : []),
  account: 'AwsAccountId',
  region: 'Region',
  gathersRegions: true,
  name: (record) => textAt(record, 'Compliance', 'SecurityControlId') ?? textAt(record, 'GeneratorId'),
  about: (record) => objectsOf(at(record, 'Resources')).map((resource) => textAt(resource, 'Id')),
}

const inspector: FindingKind = {
  logType: 'AWS.Inspector',
  source: 'aws.inspector2',
  detailTypes: ['Inspector2 Finding'],
  reporter: 'Amazon Inspector',
  records: itself,
  account: 'awsAccountId',
  region: 'region',
  name: (record) => textAt(record, 'type'),
  about: (record, where) =>
    objectsOf(at(record, 'resources')).map((resource) => {
      const id = textAt(resource, 'id')
      return id?.startsWith('arn:') === true ? id : machine(id, where)
    }),
}

const accessAnalyzer: FindingKind = {
  logType: 'AWS.AccessAnalyzer',
  source: 'aws.access-analyzer',
  detailTypes: ['Access Analyzer Finding', 'Unused Access Finding for IAM entities', 'Internal Access Finding'],
  reporter: 'IAM Access Analyzer',
  records: itself,
  account: 'accountId',
  region: 'region',
  name: (record) => textAt(record, 'findingType') ?? textAt(record, 'resourceType'),
  about: (record) => [textAt(record, 'resource')],
}

const macie: FindingKind = {
  logType: 'AWS.Macie',
  source: 'aws.macie',
  detailTypes: ['Macie Finding'],
  reporter: 'Amazon Macie',
  records: itself,
  account: 'accountId',
  region: 'region',
  name: (record) => textAt(record, 'type'),
  about: (record) => [textAt(record, 'resourcesAffected', 's3Bucket', 'arn')],
}

const health: FindingKind = {
  logType: 'AWS.Health',
  source: 'aws.health',
  detailTypes: ['AWS Health Event', 'AWS Health Abuse Event'],
  reporter: 'AWS Health',
  records: itself,
  account: 'affectedAccount',
  region: 'eventRegion',
  gathersRegions: true,
  accountMayLack: true,
  name: (record) => textAt(record, 'eventTypeCode'),
  about: (record, where) =>
    objectsOf(at(record, 'affectedEntities')).map((entity) => {
      const id = textAt(entity, 'entityValue')
      return id?.startsWith('arn:') === true ? id : machine(id, where)
    }),
}

/** By EventBridge's detail type: CloudTrail's are none of these. */
export const findingKinds: ReadonlyMap<string, FindingKind> = new Map(
  [guardDuty, securityHub, inspector, accessAnalyzer, macie, health].flatMap((kind) =>
    kind.detailTypes.map((type) => [type, kind] as const),
  ),
)

function objectsOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter((each) => isObject(each)) : []
}

function machine(id: string | null, { accountId, region }: Where): string | null {
  return id === null || !/^i-[0-9a-f]{8,17}$/u.test(id)
    ? null
    : `arn:${partitionOf(region)}:ec2:${region}:${accountId}:instance/${id}`
}

/** Whose key GuardDuty means. Sessions of roles carry the role's name. */
function principal(key: Json | undefined, { accountId, region }: Where): string | null {
  const [type, name] = [textAt(key, 'userType'), textAt(key, 'userName')]
  const iam = `arn:${partitionOf(region)}:iam::${accountId}`
  if (type === 'Root') return `${iam}:root`
  if (name === null) return null
  if (type === 'IAMUser') return `${iam}:user/${name}`
  return type === 'AssumedRole' || type === 'Role' ? `${iam}:role/${name}` : null
}
