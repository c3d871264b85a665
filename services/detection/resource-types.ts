// Panther's attributes of each resource type, as fetchers write them. Types only: a policy's `resourceTypes` choose among them.

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Every field that AWS may leave out is there, with null. Members of lists are never null. */
type Unset<T> = T extends string | number | boolean
  ? T | null
  : T extends readonly (infer Member)[]
    ? readonly (Member extends object ? Fields<Member> : Member)[] | null
    : T extends Map<string, infer Value>
      ? Readonly<Record<string, Value>> | null
      : Fields<T> | null
type Fields<T> = { readonly [Key in keyof T]: Unset<T[Key]> }
/** An RFC 3339 time. */
type Time = string
/** A JSON document as text. */
type Document = string

interface Tag {
  Key: string
  Value: string
}

/** What every resource has. A region of `global` is an account-wide service. */
export interface ResourceAttributes {
  readonly ResourceId: string
  readonly ResourceType: string
  readonly AccountId: string
  readonly Region: string
  readonly Arn?: string
  readonly Id?: string
  readonly Name?: string
  readonly Tags: Readonly<Record<string, string>> | null
  readonly TimeCreated: Time | null
}

/** A type without a written shape, or several types at once: look before you read. */
export type AnyResource = ResourceAttributes & { readonly [attribute: string]: Json | undefined }

interface Grantee {
  DisplayName: string
  EmailAddress: string
  ID: string
  Type: string
  URI: string
}
interface Grant {
  Grantee: Grantee
  Permission: string
}
interface LifecycleRule {
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: number }
  Expiration: { Date: Time; Days: number; ExpiredObjectDeleteMarker: boolean }
  Filter: { And: { Prefix: string; Tags: Tag[] }; Prefix: string; Tag: Tag }
  ID: string
  NoncurrentVersionExpiration: { NoncurrentDays: number }
  NoncurrentVersionTransitions: { NoncurrentDays: number; StorageClass: string }[]
  Prefix: string
  Status: string
  Transitions: { Date: Time; Days: number; StorageClass: string }[]
}
export interface S3Bucket
  extends
    ResourceAttributes,
    Fields<{
      EncryptionRules: {
        ApplyServerSideEncryptionByDefault: { KMSMasterKeyID: string; SSEAlgorithm: string }
        BucketKeyEnabled: boolean
      }[]
      Grants: Grant[]
      LifecycleRules: LifecycleRule[]
      LoggingPolicy: { TargetBucket: string; TargetGrants: Grant[]; TargetPrefix: string }
      MFADelete: string
      ObjectLockConfiguration: {
        ObjectLockEnabled: string
        Rule: { DefaultRetention: { Days: number; Mode: string; Years: number } }
      }
      Owner: { DisplayName: string; ID: string }
      Policy: Document
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: boolean
        BlockPublicPolicy: boolean
        IgnorePublicAcls: boolean
        RestrictPublicBuckets: boolean
      }
      Versioning: string
    }> {
  readonly ResourceType: 'AWS.S3.Bucket'
  readonly Arn: string
  readonly Name: string
}

interface IpPermissionFields {
  /** Null with protocol `-1`: every port. */
  FromPort: number
  /** `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all. */
  IpProtocol: string
  IpRanges: { CidrIp: string; Description: string }[]
  Ipv6Ranges: { CidrIpv6: string; Description: string }[]
  PrefixListIds: { Description: string; PrefixListId: string }[]
  ToPort: number
  UserIdGroupPairs: {
    Description: string
    GroupId: string
    GroupName: string
    PeeringStatus: string
    UserId: string
    VpcId: string
    VpcPeeringConnectionId: string
  }[]
}
export type IpPermission = Fields<IpPermissionFields>
export interface SecurityGroup
  extends
    ResourceAttributes,
    Fields<{
      Description: string
      IpPermissions: IpPermissionFields[]
      IpPermissionsEgress: IpPermissionFields[]
      OwnerId: string
      VpcId: string
    }> {
  readonly ResourceType: 'AWS.EC2.SecurityGroup'
  readonly Arn: string
  readonly Id: string
  readonly Name: string
}

interface BlockState {
  State: string
  StatusMessage: string
}
interface FlowLog {
  CreationTime: Time
  DeliverLogsErrorMessage: string
  DeliverLogsPermissionArn: string
  DeliverLogsStatus: string
  FlowLogId: string
  FlowLogStatus: string
  LogDestination: string
  LogDestinationType: string
  LogFormat: string
  LogGroupName: string
  MaxAggregationInterval: number
  ResourceId: string
  Tags: Tag[]
  TrafficType: string
}
interface RouteTable {
  Associations: {
    AssociationState: BlockState
    GatewayId: string
    Main: boolean
    RouteTableAssociationId: string
    RouteTableId: string
    SubnetId: string
  }[]
  OwnerId: string
  PropagatingVgws: { GatewayId: string }[]
  RouteTableId: string
  Routes: {
    CarrierGatewayId: string
    DestinationCidrBlock: string
    DestinationIpv6CidrBlock: string
    DestinationPrefixListId: string
    EgressOnlyInternetGatewayId: string
    GatewayId: string
    InstanceId: string
    InstanceOwnerId: string
    LocalGatewayId: string
    NatGatewayId: string
    NetworkInterfaceId: string
    Origin: string
    State: string
    TransitGatewayId: string
    VpcPeeringConnectionId: string
  }[]
  Tags: Tag[]
  VpcId: string
}
export interface Vpc
  extends
    ResourceAttributes,
    Fields<{
      CidrBlock: string
      CidrBlockAssociationSet: { AssociationId: string; CidrBlock: string; CidrBlockState: BlockState }[]
      DefaultNetworkAclId: string
      DefaultSecurityGroupId: string
      DhcpOptionsId: string
      FlowLogs: FlowLog[]
      InstanceTenancy: string
      Ipv6CidrBlockAssociationSet: {
        AssociationId: string
        Ipv6CidrBlock: string
        Ipv6CidrBlockState: BlockState
        Ipv6Pool: string
        NetworkBorderGroup: string
      }[]
      IsDefault: boolean
      NetworkAcls: string[]
      OwnerId: string
      RouteTables: RouteTable[]
      SecurityGroups: string[]
      StaleSecurityGroups: string[]
      State: string
    }> {
  readonly ResourceType: 'AWS.EC2.VPC'
  readonly Arn: string
  readonly Id: string
}

interface CredentialReport {
  ARN: string
  AccessKey1Active: boolean
  AccessKey1LastRotated: Time
  AccessKey1LastUsedDate: Time
  AccessKey1LastUsedRegion: string
  AccessKey1LastUsedService: string
  AccessKey2Active: boolean
  AccessKey2LastRotated: Time
  AccessKey2LastUsedDate: Time
  AccessKey2LastUsedRegion: string
  AccessKey2LastUsedService: string
  Cert1Active: boolean
  Cert1LastRotated: Time
  Cert2Active: boolean
  Cert2LastRotated: Time
  MfaActive: boolean
  PasswordEnabled: boolean
  PasswordLastChanged: Time
  PasswordLastUsed: Time
  PasswordNextRotation: Time
  UserCreationTime: Time
  UserName: string
}
interface Boundary {
  PermissionsBoundaryArn: string
  PermissionsBoundaryType: string
}
export interface IamUser
  extends
    ResourceAttributes,
    Fields<{
      CredentialReport: CredentialReport
      Groups: { Arn: string; CreateDate: Time; GroupId: string; GroupName: string; Path: string }[]
      /** Name to policy document. */
      InlinePolicies: Map<string, Document>
      ManagedPolicyNames: string[]
      PasswordLastUsed: Time
      Path: string
      PermissionsBoundary: Boundary
      VirtualMFA: { EnableDate: Time; SerialNumber: string }
    }> {
  readonly ResourceType: 'AWS.IAM.User'
  readonly Arn: string
  readonly Id: string
  readonly Name: string
}
export interface IamRole
  extends
    ResourceAttributes,
    Fields<{
      AssumeRolePolicyDocument: Document
      Description: string
      /** Name to policy document. */
      InlinePolicies: Map<string, Document>
      ManagedPolicyNames: string[]
      MaxSessionDuration: number
      Path: string
      PermissionsBoundary: Boundary
    }> {
  readonly ResourceType: 'AWS.IAM.Role'
  readonly Arn: string
  readonly Id: string
  readonly Name: string
}

export interface KmsKey
  extends
    ResourceAttributes,
    Fields<{
      CloudHsmClusterId: string
      CustomKeyStoreId: string
      DeletionDate: Time
      Description: string
      Enabled: boolean
      ExpirationModel: string
      /** `AWS` or `CUSTOMER`. */
      KeyManager: string
      /** Null for keys that AWS manages. */
      KeyRotationEnabled: boolean
      KeyState: string
      KeyUsage: string
      Origin: string
      Policy: Document
      ValidTo: Time
    }> {
  readonly ResourceType: 'AWS.KMS.Key'
  readonly Arn: string
  readonly Id: string
}

export interface CloudTrail
  extends
    ResourceAttributes,
    Fields<{
      CloudWatchLogsLogGroupArn: string
      CloudWatchLogsRoleArn: string
      EventSelectors: {
        DataResources: { Type: string; Values: string[] }[]
        ExcludeManagementEventSources: string[]
        IncludeManagementEvents: boolean
        ReadWriteType: string
      }[]
      HasCustomEventSelectors: boolean
      HomeRegion: string
      IncludeGlobalServiceEvents: boolean
      IsMultiRegionTrail: boolean
      IsOrganizationTrail: boolean
      KmsKeyId: string
      LogFileValidationEnabled: boolean
      S3BucketName: string
      S3KeyPrefix: string
      SnsTopicARN: string
      SnsTopicName: string
      Status: {
        IsLogging: boolean
        LatestCloudWatchLogsDeliveryError: string
        LatestCloudWatchLogsDeliveryTime: Time
        LatestDeliveryAttemptSucceeded: string
        LatestDeliveryAttemptTime: string
        LatestDeliveryError: string
        LatestDeliveryTime: Time
        LatestDigestDeliveryError: string
        LatestDigestDeliveryTime: Time
        LatestNotificationAttemptSucceeded: string
        LatestNotificationAttemptTime: string
        LatestNotificationError: string
        LatestNotificationTime: Time
        StartLoggingTime: Time
        StopLoggingTime: Time
        TimeLoggingStarted: string
        TimeLoggingStopped: string
      }
    }> {
  readonly ResourceType: 'AWS.CloudTrail'
  readonly Arn: string
  readonly Name: string
}

/** The types with a written shape. */
export interface ResourceShapes {
  'AWS.S3.Bucket': S3Bucket
  'AWS.EC2.SecurityGroup': SecurityGroup
  'AWS.EC2.VPC': Vpc
  'AWS.IAM.User': IamUser
  'AWS.IAM.Role': IamRole
  'AWS.KMS.Key': KmsKey
  'AWS.CloudTrail': CloudTrail
}
/** The name of a resource type; any AWS name may be given, some have a written shape. */
export type ResourceTypeName = keyof ResourceShapes | (string & Record<never, never>)
/** What a policy over these types is handed. */
export type AttributesOf<Type extends ResourceTypeName> = [Type] extends [never]
  ? AnyResource
  : [Type] extends [keyof ResourceShapes]
    ? ResourceShapes[Type]
    : AnyResource
