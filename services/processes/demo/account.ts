import { readFile } from 'node:fs/promises'
import type { WireObject } from './aws-wire.ts'

/**
 * One account as it stands now. The play changes it in place; every answer of the AWS server is read from it.
 * Names inside the recorded objects are the wire's own (EC2 `groupId`, IAM `UserName`), so that answers need no translation.
 */
export interface Account {
  readonly id: string
  readonly name: string
  readonly label: string
  readonly region: string
  readonly auditRole: { readonly name: string; readonly externalId: string }
  buckets: Bucket[]
  vpcs: Vpc[]
  securityGroups: SecurityGroup[]
  networkAcls: Regional<{ networkAclId: string; vpcId: string; default: boolean }>[]
  routeTables: Regional<{ routeTableId: string; vpcId: string; routeSet: WireObject[] }>[]
  flowLogs: Regional<{ flowLogId: string; resourceId: string }>[]
  users: User[]
  groups: Group[]
  roles: Role[]
  managedPolicies: ManagedPolicy[]
  keys: Key[]
  trails: Trail[]
  /** What CloudTrail remembers by itself; nothing was recorded of it. */
  history?: { readonly region: string; readonly time: Date; readonly record: string }[]
}
type Regional<T> = { readonly region: string; tagSet: Tag[] } & T & { [more: string]: unknown }
type Tag = { key: string; value: string }
type Document = WireObject

/**
 * A bucket; `settings` are its sub-resources by their query name (`policy`, `acl`, `tagging`, …). Unset ones are absent; `acl` holds
 * what is granted beside the owner's own.
 */
export interface Bucket {
  readonly name: string
  readonly region: string
  readonly creationDate: string
  settings: Record<string, WireObject>
}
export interface Vpc {
  readonly region: string
  readonly vpcId: string
  cidrBlock: string
  isDefault: boolean
  tagSet: Tag[]
}
export interface IpPermission {
  ipProtocol: string
  fromPort?: number
  toPort?: number
  ipRanges: { cidrIp: string; description?: string }[]
  ipv6Ranges: { cidrIpv6: string; description?: string }[]
  groups: { userId: string; groupId: string }[]
}
export interface SecurityGroup {
  readonly region: string
  readonly groupId: string
  readonly groupName: string
  readonly groupDescription: string
  readonly vpcId: string
  ipPermissions: IpPermission[]
  ipPermissionsEgress: IpPermission[]
  tagSet: Tag[]
}
interface Principal {
  readonly Path: string
  readonly CreateDate: string
  /** Attached managed policies, by ARN. */
  attached: string[]
  inline: Record<string, Document>
}
export interface User extends Principal {
  readonly UserName: string
  readonly UserId: string
  PasswordLastUsed?: string
  groups: string[]
  mfa: { SerialNumber: string; EnableDate: string } | null
  accessKeys: { AccessKeyId: string; Status: 'Active' | 'Inactive'; CreateDate: string }[]
  Tags: { Key: string; Value: string }[]
}
export interface Group extends Principal {
  readonly GroupName: string
  readonly GroupId: string
}
export interface Role extends Principal {
  readonly RoleName: string
  readonly RoleId: string
  readonly Description: string
  readonly MaxSessionDuration: number
  AssumeRolePolicyDocument: Document
  Tags: { Key: string; Value: string }[]
}
export interface ManagedPolicy {
  readonly Arn: string
  readonly document: Document
}
export interface Key {
  readonly region: string
  readonly KeyId: string
  readonly CreationDate: number
  Description: string
  KeyManager: 'CUSTOMER' | 'AWS'
  Enabled: boolean
  rotation: boolean
  policy: Document
  tags: { TagKey: string; TagValue: string }[]
}
export interface Trail {
  readonly HomeRegion: string
  readonly Name: string
  S3BucketName: string
  IsMultiRegionTrail: boolean
  LogFileValidationEnabled: boolean
  KmsKeyId?: string
  status: { IsLogging: boolean; StartLoggingTime?: number; StopLoggingTime?: number; LatestDeliveryTime?: number }
  selectors: WireObject[]
  tags: { Key: string; Value: string }[]
}

/** Reads the recorded accounts; each call is a fresh copy that a play may change. */
export async function recordedAccounts(): Promise<readonly Account[]> {
  return JSON.parse(await readFile(new URL('account.json', import.meta.url), 'utf8')) as Account[]
}

/** An account in which nothing is. */
export function emptyAccount(id: string, name: string): Account {
  return {
    id,
    name,
    label: 'prod',
    region: 'us-east-1',
    auditRole: { name: 'TriplineAudit', externalId: 'demo-external-id' },
    buckets: [],
    vpcs: [],
    securityGroups: [],
    networkAcls: [],
    routeTables: [],
    flowLogs: [],
    users: [],
    groups: [],
    roles: [],
    managedPolicies: [],
    keys: [],
    trails: [],
  }
}

/** The member of a list that the play speaks of. A play that names something unrecorded is wrong, so this throws. */
export function only<T>(list: readonly T[], which: (each: T) => boolean, what: string): T {
  const found = list.find(which)
  if (found === undefined) throw new TypeError(`There is no ${what} in what was recorded`)
  return found
}
