// A CloudTrail record as a rule sees it. Types only.

/** Anything inside a record. */
export type RecordValue = null | boolean | number | string | readonly RecordValue[] | RecordObject
export type RecordObject = { readonly [key: string]: RecordValue | undefined }

export type UserIdentity = RecordObject & {
  readonly type?: string
  readonly principalId?: string
  readonly arn?: string
  readonly accountId?: string
  readonly userName?: string
  readonly invokedBy?: string
  readonly sessionContext?: RecordObject & {
    readonly attributes?: RecordObject & { readonly mfaAuthenticated?: string; readonly creationDate?: string }
    readonly sessionIssuer?: RecordObject & { readonly type?: string; readonly arn?: string; readonly userName?: string }
  }
}

/** One record as AWS wrote it: fields come from outside, and any may be missing. */
export type CloudTrailRecord = RecordObject & {
  readonly eventSource: string
  readonly eventName: string
  readonly eventID?: string
  readonly eventTime?: string
  readonly eventType?: string
  readonly awsRegion?: string
  readonly recipientAccountId?: string
  readonly sourceIPAddress?: string
  readonly userAgent?: string
  readonly readOnly?: boolean
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly userIdentity?: UserIdentity
  readonly requestParameters?: RecordObject | null
  readonly responseElements?: RecordObject | null
  readonly additionalEventData?: RecordObject
  readonly resources?: readonly RecordObject[]
}
