import { AlertingError, type AlertingErrorCode } from './error.ts'

/** AWS's error names, by what follows from them. Unknown ones are `unavailable`: tried again, with a growing wait. */
const codes: ReadonlyMap<string, AlertingErrorCode> = new Map(
  Object.entries({
    'channel-gone': ['ResourceNotFoundException', 'NotFoundException', 'NotFound', 'NonExistentTopic', 'EndpointDisabledException'],
    denied: [
      'AccessDeniedException',
      'AccessDenied',
      'AuthorizationErrorException',
      'AuthorizationError',
      'NotAuthorizedForSourceException',
      'OperationDisabledException',
      'KMSAccessDeniedException',
      'KMSDisabledException',
      'KMSNotFoundException',
    ],
    'token-refused': [
      'CredentialsProviderError',
      'ExpiredToken',
      'ExpiredTokenException',
      'InvalidClientTokenId',
      'InvalidSignatureException',
      'SignatureDoesNotMatch',
      'UnrecognizedClientException',
    ],
    'rate-limited': [
      'Throttling',
      'ThrottlingException',
      'ThrottledException',
      'TooManyRequestsException',
      'KMSThrottlingException',
      'LimitExceededException',
    ],
    uncertain: ['InternalFailure', 'InternalException', 'InternalError', 'InternalErrorException', 'TimeoutError', 'AbortError'],
    refused: [
      'InvalidArgument',
      'InvalidParameter',
      'InvalidParameterException',
      'InvalidParameterValueException',
      'MalformedDetail',
      'ValidationError',
      'ValidationException',
    ],
  } satisfies Partial<Record<AlertingErrorCode, readonly string[]>>).flatMap(([code, names]) =>
    names.map((name) => [name, code as AlertingErrorCode] as const),
  ),
)
const throttledMs = 2_000

/** Our error for one of AWS's names. `attempt` names the try: `posting to siem`. */
export function awsFailure(name: string, attempt: string): AlertingError {
  const word = /^[A-Za-z]{1,80}$/u.test(name) ? name : 'unknown'
  const code = codes.get(word) ?? 'unavailable'
  return new AlertingError(code, `${attempt}: AWS answered ${word}`, code === 'rate-limited' ? throttledMs : null)
}

/** Our error for what a call to AWS threw. Only its name is kept: the rest may hold requests with credentials. */
export function awsError(error: unknown, attempt: string): AlertingError {
  if (error instanceof AlertingError) return error
  if (!(error instanceof Error)) return new AlertingError('uncertain', `${attempt}: no usable answer from AWS`)
  const status = statusOf(error)
  const network = 'code' in error && typeof error.code === 'string' && /^E[A-Z_]{2,30}$/u.test(error.code) ? error.code : null
  if (codes.has(error.name)) return awsFailure(error.name, attempt)
  if (status !== null && status >= 500) return new AlertingError('uncertain', `${attempt}: AWS answered HTTP ${status}`)
  if (network === null) return awsFailure(error.name, attempt)
  return new AlertingError(neverSent.has(network) ? 'unavailable' : 'uncertain', `${attempt}: no answer from AWS (${network})`)
}

/** Failures before a byte of the call left. */
const neverSent: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

function statusOf(error: Error): number | null {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null) return null
  const status = 'httpStatusCode' in error.$metadata ? error.$metadata.httpStatusCode : null
  return typeof status === 'number' ? status : null
}
