// What a rule is handed, by log type. Types only: fields come from outside, and any may be missing.
import type { PantherFields } from '#model'
import type { CloudTrailRecord, RecordObject } from './cloudtrail-record.ts'

/** What is known of an event besides its record. */
export interface RuleEvent {
  /** `AWS.CloudTrail`, `AWS.VPCFlow`, … */
  readonly logType: string
  /** The account in which it happened, as was verified. */
  readonly accountId: string
  readonly region: string
  /** RFC 3339. */
  readonly time: string
  /** `p_any_ip_addresses`, `p_any_aws_arns` and the others, found when they are read. */
  readonly fields: PantherFields
}

/** A finding of GuardDuty. */
export type GuardDutyFinding = RecordObject & {
  readonly id?: string
  readonly arn?: string
  readonly accountId?: string
  readonly region?: string
  /** `UnauthorizedAccess:EC2/SSHBruteForce` */
  readonly type?: string
  /** 1 to 10; 7 and more is high, 9 and more critical. */
  readonly severity?: number
  readonly title?: string
  readonly description?: string
  readonly createdAt?: string
  readonly updatedAt?: string
  readonly resource?: RecordObject & { readonly resourceType?: string }
  readonly service?: RecordObject & {
    readonly archived?: boolean
    readonly count?: number
    readonly eventFirstSeen?: string
    readonly eventLastSeen?: string
  }
}

/** A finding in the form of Security Hub (ASFF), one of those that an event brings. */
export type SecurityHubFinding = RecordObject & {
  readonly Id?: string
  readonly ProductArn?: string
  readonly ProductName?: string
  readonly GeneratorId?: string
  readonly AwsAccountId?: string
  readonly Region?: string
  readonly Types?: readonly string[]
  readonly Title?: string
  readonly Description?: string
  readonly UpdatedAt?: string
  readonly RecordState?: string
  readonly Severity?: RecordObject & { readonly Label?: string; readonly Normalized?: number }
  readonly Workflow?: RecordObject & { readonly Status?: string }
  readonly Compliance?: RecordObject & { readonly Status?: string; readonly SecurityControlId?: string }
  readonly Resources?: readonly (RecordObject & { readonly Id?: string; readonly Type?: string; readonly Region?: string })[]
}

/** A finding of Inspector. */
export type InspectorFinding = RecordObject & {
  readonly findingArn?: string
  readonly awsAccountId?: string
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly severity?: string
  readonly status?: string
  readonly inspectorScore?: number
  /** `YES` or `NO` */
  readonly exploitAvailable?: string
  readonly fixAvailable?: string
  readonly packageVulnerabilityDetails?: RecordObject & { readonly vulnerabilityId?: string }
  readonly resources?: readonly (RecordObject & { readonly id?: string; readonly type?: string })[]
}

/** A finding of IAM Access Analyzer. */
export type AccessAnalyzerFinding = RecordObject & {
  readonly id?: string
  readonly accountId?: string
  readonly region?: string
  /** `ACTIVE`, `ARCHIVED` or `RESOLVED` */
  readonly status?: string
  readonly resourceType?: string
  readonly resource?: string
  readonly isPublic?: boolean
  readonly isDeleted?: boolean
  readonly principal?: RecordObject
  readonly action?: readonly string[]
}

/** A finding of Macie. */
export type MacieFinding = RecordObject & {
  readonly id?: string
  readonly accountId?: string
  readonly region?: string
  /** `Policy:IAMUser/S3BucketPublic` */
  readonly type?: string
  /** `POLICY` or `CLASSIFICATION` */
  readonly category?: string
  readonly title?: string
  readonly description?: string
  readonly archived?: boolean
  readonly severity?: RecordObject & { readonly score?: number; readonly description?: string }
  readonly resourcesAffected?: RecordObject & {
    readonly s3Bucket?: RecordObject & { readonly arn?: string; readonly name?: string }
    readonly s3Object?: RecordObject & { readonly key?: string; readonly path?: string }
  }
}

/** An event of AWS Health. */
export type HealthEvent = RecordObject & {
  readonly eventArn?: string
  readonly service?: string
  /** `AWS_ABUSE_DOS_REPORT` */
  readonly eventTypeCode?: string
  /** `issue`, `accountNotification`, `scheduledChange` or `investigation` */
  readonly eventTypeCategory?: string
  readonly eventScopeCode?: string
  readonly statusCode?: string
  readonly eventRegion?: string
  readonly affectedAccount?: string
  readonly eventDescription?: readonly (RecordObject & { readonly language?: string; readonly latestDescription?: string })[]
  readonly affectedEntities?: readonly (RecordObject & { readonly entityValue?: string })[]
}

/** A record of a VPC flow log; what was a dash is missing. */
export type VpcFlowRecord = RecordObject & {
  readonly account?: string
  readonly interfaceId?: string
  readonly instanceId?: string
  readonly srcAddr?: string
  readonly dstAddr?: string
  readonly srcPort?: number
  readonly dstPort?: number
  /** As IANA numbers them: 6 is TCP. */
  readonly protocol?: number
  readonly packets?: number
  readonly bytes?: number
  /** `ACCEPT` or `REJECT` */
  readonly action?: string
  readonly status?: string
}

/** A request in a server access log of S3; what was a dash is missing. */
export type S3AccessRecord = RecordObject & {
  readonly bucket?: string
  readonly remoteip?: string
  readonly requester?: string
  /** `REST.GET.OBJECT` */
  readonly operation?: string
  readonly key?: string
  readonly requesturi?: string
  readonly httpstatus?: number
  readonly errorcode?: string
  readonly useragent?: string
}

/** A request to the API server of an EKS cluster. */
export type EksAuditEvent = RecordObject & {
  readonly auditID?: string
  readonly stage?: string
  readonly verb?: string
  readonly requestURI?: string
  readonly user?: RecordObject & { readonly username?: string; readonly groups?: readonly string[] }
  readonly sourceIPs?: readonly string[]
  readonly userAgent?: string
  readonly objectRef?: RecordObject & { readonly resource?: string; readonly namespace?: string; readonly name?: string }
  readonly responseStatus?: RecordObject & { readonly code?: number }
}

/** The log types with a written shape; of all others a rule looks before it reads. */
export interface LogRecords {
  readonly 'AWS.CloudTrail': CloudTrailRecord
  readonly 'AWS.GuardDuty': GuardDutyFinding
  readonly 'AWS.SecurityFindingFormat': SecurityHubFinding
  readonly 'AWS.Inspector': InspectorFinding
  readonly 'AWS.AccessAnalyzer': AccessAnalyzerFinding
  readonly 'AWS.Macie': MacieFinding
  readonly 'AWS.Health': HealthEvent
  readonly 'AWS.VPCFlow': VpcFlowRecord
  readonly 'AWS.S3ServerAccess': S3AccessRecord
  readonly 'Amazon.EKS.Audit': EksAuditEvent
}
/** The name of a log type: one of these, or one that a schema declares. */
export type LogTypeName = keyof LogRecords | (string & {})
/** What a rule over these types is handed. */
export type RecordOf<Type extends LogTypeName> = Type extends keyof LogRecords ? LogRecords[Type] : RecordObject
