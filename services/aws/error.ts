import { TriplineError } from '#runtime'

/** Closed codes. `not-found` covers "not configured" too: `awsCode` tells them apart. */
export type AwsErrorCode =
  | 'access-denied'
  | 'scp-denied'
  | 'region-off'
  | 'role-missing'
  | 'throttled'
  | 'expired'
  | 'unavailable'
  | 'not-found'
  | 'wrong-region'
  | 'wrong-account'
  | 'bad-answer'

/** One call, as it is named in messages. */
export interface Call {
  readonly service: string
  readonly operation: string
  readonly accountId: string
  readonly region: string
}

/** An AWS call that did not work. Never holds the SDK's error or AWS's message: those carry headers and text from outside. */
export class AwsError extends TriplineError<AwsErrorCode> {
  override readonly name = 'AwsError'
  readonly call: Call
  /** AWS's own word without a trailing `Exception` (`NoSuchBucketPolicy`), or Node's (`ECONNREFUSED`). */
  readonly awsCode: string
  /** After how long it makes sense to come again, by AWS's word or our own limit; null when neither says. */
  readonly retryAfterMs: number | null
  constructor(code: AwsErrorCode, call: Call, awsCode: string, detail = '', retryAfterMs: number | null = null) {
    const where = `${call.service} ${call.operation} in account ${call.accountId} ${call.region}`
    super(code, `${where}: ${code} (${awsCode})${detail === '' ? '' : `: ${detail}`}`, { retryable: retryable.has(code) })
    this.call = call
    this.awsCode = awsCode
    this.retryAfterMs = retryAfterMs
  }
}

const retryable: ReadonlySet<AwsErrorCode> = new Set(['throttled', 'expired', 'unavailable'])

/** What AWS's words mean to us. Words that are not here are told apart by HTTP status. */
const meanings: Readonly<Partial<Record<AwsErrorCode, readonly string[]>>> = {
  'access-denied': [
    'AccessDenied',
    'AllAccessDisabled',
    'AuthorizationError',
    'KMSAccessDenied',
    'KmsAccessDenied',
    'NotAuthorized',
    'UnauthorizedOperation',
  ],
  // Credentials that STS has just made are not known in a region that the account has switched off.
  'region-off': [
    'AuthFailure',
    'InvalidAccessKeyId',
    'InvalidClientTokenId',
    'InvalidToken',
    'OptInRequired',
    'RegionDisabled',
    'UnrecognizedClient',
    // A region that is not there has no name in the DNS; a DNS that is away says EAI_AGAIN.
    'ENOTFOUND',
  ],
  expired: ['ExpiredToken', 'RequestExpired', 'TokenRefreshRequired'],
  // The SDK's own list without LimitExceeded, which mostly is a quota of things and no rate; then the services' models.
  throttled: [
    'BandwidthLimitExceeded',
    'EC2Throttled',
    'PriorRequestNotComplete',
    'ProvisionedThroughputExceeded',
    'RequestLimitExceeded',
    'RequestThrottled',
    'SlowDown',
    'Throttled',
    'Throttling',
    'TooManyRequests',
    'TransactionInProgress',
    'DependentServiceRequestThrottlingFault',
    'KMS.Throttling',
    'KMSThrottling',
    'KmsThrottled',
  ],
  'wrong-region': ['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraint'],
  'not-found': ['NotFound', 'NoSuchEntity', 'NoSuchBucket', 'TrailNotFound', 'WAFNonexistentItem'],
  unavailable: [
    'InternalError',
    'InternalFailure',
    'ServiceUnavailable',
    'Unavailable',
    'ServiceFailure',
    'KMSInternal',
    'DependencyTimeout',
    'RequestTimeout',
    'TimeoutError',
    'AbortError',
    'CredentialsProviderError',
    // Clocks apart: the client has learned AWS's time from this answer.
    'InvalidSignature',
    'RequestInTheFuture',
    'RequestTimeTooSkewed',
    'SignatureDoesNotMatch',
  ],
}
const codeOf = new Map(
  Object.entries(meanings).flatMap(([code, words]) => words.map((word) => [word, code as AwsErrorCode] as const)),
)

/** Services that say LimitExceeded to too many calls at once; to all others it is a quota of things. */
const limitIsRate: ReadonlySet<string> = new Set(['dynamodb'])

/** What a word means in a place that has answered before: its region is on and there, so it is something else. */
const meaningWhereKnown: ReadonlyMap<string, AwsErrorCode> = new Map([
  ['AuthFailure', 'expired'],
  ['InvalidAccessKeyId', 'expired'],
  ['InvalidClientTokenId', 'expired'],
  ['InvalidToken', 'expired'],
  ['UnrecognizedClient', 'expired'],
  ['ENOTFOUND', 'unavailable'],
])

/** Maps whatever an SDK client threw. `known` says that this service answered the account in this region before. */
export function toAwsError(error: unknown, call: Call, known = false): AwsError {
  if (error instanceof AwsError) return error
  const word = wordOf(error)
  const code = (known ? meaningWhereKnown.get(word) : undefined) ?? meaningOf(error, word, call)
  return new AwsError(code, call, word, describeStatus(error), code === 'throttled' ? retryAfterMs(error) : null)
}

function meaningOf(error: unknown, word: string, { service }: Call): AwsErrorCode {
  if (word === 'LimitExceeded' && limitIsRate.has(service)) return 'throttled'
  const code = codeOf.get(word) ?? byShape(error, word)
  return code === 'access-denied' && saysServiceControlPolicy(error) ? 'scp-denied' : code
}

function byShape(error: unknown, word: string): AwsErrorCode {
  const status = statusOf(error)
  if (/^E[A-Z_]+$/.test(word)) return 'unavailable'
  if (status === 429 || status === 509 || saysThrottling(error)) return 'throttled'
  if (status !== null && status >= 500) return 'unavailable'
  if (status === 401 || status === 403) return 'access-denied'
  if (status === 301 || status === 307) return 'wrong-region'
  if (status === 404 || /NotFound(Error)?$|^NoSuch/.test(word)) return 'not-found'
  return 'bad-answer'
}

/** The error's own word, only if it is a plain one: answers come from outside. */
function wordOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  // Members of an answer's body become the error's own: only what never was an answer may have Node's `code`.
  const node = !('$fault' in error) && 'code' in error && typeof error.code === 'string' ? error.code : null
  const word = (node ?? error.name).replace(/^(?:Client|Server)\./, '').replace(/(?<=.)Exception$/, '')
  return /^[\w.-]{1,80}$/.test(word) ? word : 'unknown'
}

/** By IAM's own phrases. AWS's text is looked at here and never kept. */
function saysServiceControlPolicy(error: unknown): boolean {
  const message = error instanceof Error ? error.message.slice(0, 8_192) : ''
  return /(?:with an explicit deny in a|because no) service control policy\b/.test(message)
}

/** The SDK's models mark some errors as throttling. */
function saysThrottling(error: unknown): boolean {
  return memberOf(memberOf(error, '$retryable'), 'throttling') === true
}

function statusOf(error: unknown): number | null {
  const status = memberOf(memberOf(error, '$metadata'), 'httpStatusCode') ?? memberOf(responseOf(error), 'statusCode')
  return typeof status === 'number' ? status : null
}

function describeStatus(error: unknown): string {
  const status = statusOf(error)
  return status === null ? '' : `HTTP ${status}`
}

/** How long AWS asks to wait, at most a minute; null when it does not say. In seconds, as a date, or in AWS's own header in ms. */
function retryAfterMs(error: unknown): number | null {
  const headers = memberOf(responseOf(error), 'headers')
  const given = memberOf(headers, 'retry-after')
  const own = memberOf(headers, 'x-amz-retry-after')
  const ms = typeof given === 'string' ? standardMs(given) : typeof own === 'string' ? Number(own) : Number.NaN
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, 60_000) : null
}

function standardMs(given: string): number {
  return /^[\d.]{1,10}$/.test(given) ? Number(given) * 1_000 : Math.max(0, Date.parse(given.slice(0, 40)) - Date.now())
}

function responseOf(error: unknown): unknown {
  return memberOf(error, '$response')
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
