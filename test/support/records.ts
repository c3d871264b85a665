import { randomUUID } from 'node:crypto'

interface Call {
  readonly account: string
  readonly source: string
  readonly name: string
  readonly request?: Record<string, unknown> | null
  readonly response?: Record<string, unknown> | null
  readonly id?: string
  readonly time?: Date
  readonly region?: string
  readonly errorCode?: string
  readonly extra?: Record<string, unknown>
}

/** A CloudTrail record of a call, as AWS writes it. */
export function aRecord(call: Call): Record<string, unknown> {
  return {
    eventVersion: '1.09',
    userIdentity: {
      type: 'IAMUser',
      principalId: 'AIDAEXAMPLE',
      arn: `arn:aws:iam::${call.account}:user/mallory`,
      accountId: call.account,
      userName: 'mallory',
    },
    eventTime: `${(call.time ?? new Date()).toISOString().slice(0, 19)}Z`,
    eventSource: call.source,
    eventName: call.name,
    awsRegion: call.region ?? 'us-east-1',
    sourceIPAddress: '198.51.100.7',
    userAgent: 'aws-cli/2.15.0 Python/3.11.6 Linux/6.1',
    requestParameters: call.request ?? null,
    responseElements: call.response ?? null,
    requestID: randomUUID(),
    eventID: call.id ?? randomUUID(),
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: call.account,
    eventCategory: 'Management',
    ...(call.errorCode === undefined ? {} : { errorCode: call.errorCode, errorMessage: 'denied' }),
    ...call.extra,
  }
}

/** The EventBridge envelope that carries a record out of its account. */
export function anEnvelope(record: Record<string, unknown>, detailType = 'AWS API Call via CloudTrail'): Record<string, unknown> {
  const source = String(record['eventSource']).split('.')[0]
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source: `aws.${source}`,
    account: record['recipientAccountId'],
    time: record['eventTime'],
    region: record['awsRegion'],
    resources: [],
    detail: record,
  }
}
