import { TriplineError } from '#runtime'

/** Closed codes. `not-found` covers "not configured" too: `awsCode` tells them apart. */
export type AwsErrorCode =
  | 'access-denied'
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

/** An AWS call that did not work. Never holds the SDK's error: that carries headers. */
export class AwsError extends TriplineError<AwsErrorCode> {
  override readonly name = 'AwsError'
  readonly call: Call
  /** AWS's own word without a trailing `Exception` (`NoSuchBucketPolicy`), or Node's (`ECONNREFUSED`). */
  readonly awsCode: string
  constructor(code: AwsErrorCode, call: Call, awsCode: string, detail = '') {
    const where = `${call.service} ${call.operation} in account ${call.accountId} ${call.region}`
    super(code, `${where}: ${code} (${awsCode})${detail === '' ? '' : `: ${detail}`}`, { retryable: retryable.has(code) })
    this.call = call
    this.awsCode = awsCode
  }
}

const retryable: ReadonlySet<AwsErrorCode> = new Set(['throttled', 'expired', 'unavailable'])

/** What AWS's words mean to us. Words that are not here are told apart by HTTP status. */
const meanings: Readonly<Partial<Record<AwsErrorCode, readonly string[]>>> = {
  'access-denied': ['AccessDenied', 'UnauthorizedOperation', 'Client.UnauthorizedOperation', 'AllAccessDisabled', 'NotAuthorized'],
  // Credentials that STS has just made are not known in a region that the account has switched off.
  'region-off': [
    'OptInRequired',
    'RegionDisabled',
    'UnrecognizedClient',
    'InvalidClientTokenId',
    'AuthFailure',
    'InvalidAccessKeyId',
  ],
  expired: ['ExpiredToken', 'RequestExpired', 'TokenRefreshRequired'],
  throttled: [
    'Throttling',
    'Throttled',
    'ThrottledException',
    'RequestLimitExceeded',
    'TooManyRequests',
    'SlowDown',
    'RequestThrottled',
    'RequestThrottledException',
    'BandwidthLimitExceeded',
    'EC2ThrottledException',
  ],
  'wrong-region': ['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraint'],
  'not-found': ['NotFound', 'NoSuchEntity', 'NoSuchBucket', 'TrailNotFound'],
  unavailable: [
    'InternalError',
    'InternalFailure',
    'ServiceUnavailable',
    'Unavailable',
    'ServiceFailure',
    'KMSInternal',
    'DependencyTimeout',
    'RequestTimeout',
    'RequestTimeTooSkewed',
    'TimeoutError',
    'AbortError',
    'CredentialsProviderError',
  ],
}
const codeOf = new Map(
  Object.entries(meanings).flatMap(([code, words]) => words.map((word) => [word, code as AwsErrorCode] as const)),
)

/** Maps whatever an SDK client threw. */
export function toAwsError(error: unknown, call: Call): AwsError {
  if (error instanceof AwsError) return error
  const word = wordOf(error)
  return new AwsError(codeOf.get(word) ?? byShape(error, word), call, word, describeStatus(error))
}

function byShape(error: unknown, word: string): AwsErrorCode {
  const status = statusOf(error)
  if (/^E[A-Z_]+$/.test(word)) return 'unavailable'
  if (status === 429) return 'throttled'
  if (status !== null && status >= 500) return 'unavailable'
  if (status === 401 || status === 403) return 'access-denied'
  if (status === 301 || status === 307) return 'wrong-region'
  if (status === 404 || /NotFound(Error)?$|^NoSuch/.test(word)) return 'not-found'
  return 'bad-answer'
}

/** The error's own word, only if it is a plain one: answers come from outside. */
function wordOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const given = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  const word = given.replace(/(?<=.)Exception$/, '')
  return /^[\w.-]{1,80}$/.test(word) ? word : 'unknown'
}

function statusOf(error: unknown): number | null {
  for (const field of ['$metadata', '$response']) {
    const found: unknown = error instanceof Error ? Reflect.get(error, field) : null
    if (typeof found !== 'object' || found === null) continue
    const status: unknown = Reflect.get(found, field === '$metadata' ? 'httpStatusCode' : 'statusCode')
    if (typeof status === 'number') return status
  }
  return null
}

function describeStatus(error: unknown): string {
  const status = statusOf(error)
  return status === null ? '' : `HTTP ${status}`
}

/** How long AWS asks to wait, in ms; null when it does not say. */
export function retryAfterMs(error: unknown): number | null {
  const response: unknown = error instanceof Error ? Reflect.get(error, '$response') : null
  const headers: unknown = typeof response === 'object' && response !== null ? Reflect.get(response, 'headers') : null
  const given: unknown = typeof headers === 'object' && headers !== null ? Reflect.get(headers, 'retry-after') : null
  const seconds = typeof given === 'string' ? Number(given) : Number.NaN
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 60) * 1_000 : null
}
