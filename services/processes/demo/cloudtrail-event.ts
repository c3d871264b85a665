import { randomUUID } from 'node:crypto'
import { textAt, type Json, type JsonObject } from '#model'
import type { Account } from './account.ts'

/** A call as its caller made it. What a record says beyond this follows from the account and the moment. */
export interface ApiCall {
  readonly source: string
  readonly name: string
  readonly by: Caller
  readonly request?: JsonObject
  readonly response?: JsonObject
  readonly resources?: readonly Json[]
  readonly region?: string
  readonly readOnly?: boolean
  readonly failed?: { readonly code: string; readonly message: string }
  /** Console sign-ins have their own fields and detail type. */
  readonly signIn?: { readonly mfa: boolean }
}
/** Who calls, from where, with what. */
export interface Caller {
  readonly address: string
  readonly agent: string
  identity(account: Account): JsonObject
}

/** The CloudTrail record that AWS writes of the call, at this moment. */
export function recordOf(account: Account, call: ApiCall): JsonObject {
  const signIn = call.signIn
  return {
    eventVersion: '1.11',
    userIdentity: call.by.identity(account),
    eventTime: `${new Date().toISOString().slice(0, 19)}Z`,
    eventSource: call.source,
    eventName: call.name,
    awsRegion: call.region ?? account.region,
    sourceIPAddress: call.by.address,
    userAgent: call.by.agent,
    ...(call.failed === undefined ? {} : { errorCode: call.failed.code, errorMessage: call.failed.message }),
    requestParameters: call.request ?? null,
    responseElements: signIn === undefined ? (call.response ?? null) : { ConsoleLogin: 'Success' },
    ...(signIn === undefined
      ? { requestID: randomUUID() }
      : {
          additionalEventData: {
            LoginTo: `https://console.aws.amazon.com/console/home?region=${account.region}`,
            MobileVersion: 'No',
            MFAUsed: signIn.mfa ? 'Yes' : 'No',
          },
        }),
    eventID: randomUUID(),
    readOnly: call.readOnly ?? false,
    ...(call.resources === undefined ? {} : { resources: call.resources }),
    eventType: signIn === undefined ? 'AwsApiCall' : 'AwsConsoleSignIn',
    managementEvent: true,
    recipientAccountId: account.id,
    eventCategory: 'Management',
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: `${call.source.split('.')[0]}.${call.region ?? account.region}.amazonaws.com`,
    },
  }
}

/** The EventBridge envelope that carries a record out of its account. */
export function envelopeOf(record: JsonObject): JsonObject {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type':
      record['eventType'] === 'AwsConsoleSignIn' ? 'AWS Console Sign In via CloudTrail' : 'AWS API Call via CloudTrail',
    source: `aws.${textAt(record, 'eventSource')?.split('.')[0]}`,
    account: record['recipientAccountId'] ?? null,
    time: record['eventTime'] ?? null,
    region: record['awsRegion'] ?? null,
    resources: [],
    detail: record,
  }
}
