import type { Seen } from './fault-proxy.ts'

/** An answer as it goes over the wire. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

/** Which kind of policy said no: a service control policy by a deny of its own (`scp`) or by not allowing (`scp-silent`). */
export type DeniedBy = 'iam' | 'boundary' | 'session' | 'rcp' | 'scp' | 'scp-silent'

const query = new Set(['iam', 'sts', 'rds', 'redshift', 'elasticloadbalancing', 'cloudformation', 'sns'])
const restJson = new Set(['lambda', 'eks', 'guardduty'])

/** An error in the form of the service's protocol. */
export function errorAnswer(service: string, status: number, code: string, message: string): Answer {
  if (service === 's3') return xml('application/xml', status, `<?xml version="1.0"?>${element(code, message)}`)
  if (service === 'ec2')
    return xml('text/xml', status, `<Response><Errors>${element(code, message)}</Errors><RequestID>1</RequestID></Response>`)
  if (query.has(service))
    return xml('text/xml', status, `<ErrorResponse>${element(code, message)}<RequestId>1</RequestId></ErrorResponse>`)
  const headers = { 'content-type': 'application/x-amz-json-1.1' }
  if (!restJson.has(service)) return { status, headers, body: JSON.stringify({ __type: code, message }) }
  return { status, headers: { 'content-type': 'application/json', 'x-amzn-errortype': code }, body: JSON.stringify({ message }) }
}

/** "Slow down" in the service's own words. */
export function throttled({ service }: Seen): Answer {
  if (service === 's3') return errorAnswer(service, 503, 'SlowDown', 'Please reduce your request rate.')
  if (service === 'ec2') return errorAnswer(service, 503, 'RequestLimitExceeded', 'Request limit exceeded.')
  if (service === 'sqs') return errorAnswer(service, 403, 'RequestThrottled', 'The request was denied due to request throttling.')
  if (service === 'eks') return errorAnswer(service, 429, 'ThrottlingException', 'Rate exceeded')
  if (query.has(service)) return errorAnswer(service, 400, 'Throttling', 'Rate exceeded')
  if (service === 'lambda') {
    const answer = errorAnswer(service, 429, 'TooManyRequestsException', '')
    return { ...answer, body: JSON.stringify({ Reason: 'CallerRateLimitExceeded', Type: 'User', message: 'Rate exceeded' }) }
  }
  const kms = 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.'
  return errorAnswer(service, 400, 'ThrottlingException', service === 'kms' ? kms : 'Rate exceeded')
}

/** "You may not" in the service's own words, with the reason in IAM's. */
export function denied(call: Seen, by: DeniedBy): Answer {
  const { service, operation } = call
  const action = `${service}:${operation}`
  const reasons: Readonly<Record<DeniedBy, string>> = {
    iam: `because no identity-based policy allows the ${action} action`,
    boundary: `because no permissions boundary allows the ${action} action`,
    session: `because no session policy allows the ${action} action`,
    rcp: 'with an explicit deny in a resource control policy',
    scp: 'with an explicit deny in a service control policy',
    'scp-silent': `because no service control policy allows the ${action} action`,
  }
  const resource = /RoleArn=([^&]+)/.exec(call.body)?.[1]
  const on = resource === undefined ? '' : ` on resource: ${decodeURIComponent(resource)}`
  const who = `arn:aws:sts::${call.accountId ?? '000000000000'}:assumed-role/audit/tripline`
  const message = `User: ${who} is not authorized to perform: ${action}${on} ${reasons[by]}`
  if (service === 'ec2')
    return errorAnswer(service, 403, 'UnauthorizedOperation', `You are not authorized to perform this operation. ${message}`)
  if (service === 'sns') return errorAnswer(service, 403, 'AuthorizationError', message)
  if (service === 's3' || query.has(service)) return errorAnswer(service, 403, 'AccessDenied', message)
  return errorAnswer(service, restJson.has(service) ? 403 : 400, 'AccessDeniedException', message)
}

/** A region that the account has switched off does not know its credentials; with `optIn`, one that was never switched on. */
export function regionOff({ service }: Seen, optIn: boolean): Answer {
  if (optIn) return errorAnswer(service, 403, 'OptInRequired', 'The AWS access key ID needs a subscription for the service.')
  if (service === 'ec2')
    return errorAnswer(service, 401, 'AuthFailure', 'AWS was not able to validate the provided access credentials')
  if (service === 's3')
    return errorAnswer(service, 403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  const text = 'The security token included in the request is invalid'
  if (query.has(service)) return errorAnswer(service, 403, 'InvalidClientTokenId', text)
  return errorAnswer(service, restJson.has(service) ? 403 : 400, 'UnrecognizedClientException', text)
}

/** The session's credentials are past their time. */
export function expired({ service }: Seen): Answer {
  if (service === 'ec2') return errorAnswer(service, 400, 'RequestExpired', 'Request has expired.')
  if (service === 's3') return errorAnswer(service, 400, 'ExpiredToken', 'The provided token has expired.')
  const text = 'The security token included in the request is expired'
  if (query.has(service)) return errorAnswer(service, 403, 'ExpiredToken', text)
  return errorAnswer(service, restJson.has(service) ? 403 : 400, 'ExpiredTokenException', text)
}

/** Every value that a call names: parts of its path, parameters, members of its JSON. Not the action, version and page. */
export function valuesOf(call: Seen): readonly string[] {
  const given = [...pairsOf(call)].filter(([key]) => !/^(Action|Version|AWSAccessKeyId|x-id)$/.test(key) && !pageKey.test(key))
  return [...call.path.split('/').map(decodeURIComponent), ...given.map(([, value]) => value)].filter((value) => value.length > 3)
}

/** What names the page in a request, under all the names that services have for it. */
export const pageKey = /^(next-?token|marker|continuation-?token|starting-?token|next-?marker|exclusivestart\w+name)$/i

export function* pairsOf(call: Seen): Generator<readonly [key: string, value: string]> {
  yield* new URLSearchParams(call.query)
  if (/^[A-Za-z]+=/.test(call.body)) return yield* new URLSearchParams(call.body)
  if (!call.body.startsWith('{')) return undefined
  yield* leaves('', JSON.parse(call.body) as unknown)
  return undefined
}

function* leaves(key: string, value: unknown): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [key, value]
  else if (Array.isArray(value)) for (const each of value) yield* leaves(key, each)
  else if (typeof value === 'object' && value !== null) for (const [name, each] of Object.entries(value)) yield* leaves(name, each)
}

function xml(type: string, status: number, body: string): Answer {
  return { status, headers: { 'content-type': type }, body }
}

function element(code: string, message: string): string {
  return `<Error><Code>${escaped(code)}</Code><Message>${escaped(message)}</Message></Error>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
