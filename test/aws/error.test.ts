import { describe, expect, test } from 'vitest'
import { AwsError, toAwsError } from '../../services/aws/error.ts'
import { toInventoryError } from '../../services/inventory/error.ts'

const call = { service: 'ec2', operation: 'DescribeVpcs', accountId: '111111111111', region: 'eu-west-1' }
function anError(name: string, httpStatusCode?: number): Error {
  return Object.assign(new Error('text from outside'), {
    name,
    ...(httpStatusCode === undefined ? {} : { $metadata: { httpStatusCode } }),
  })
}

// All of @smithy/core's list but LimitExceededException, which is told by the service; then what the models of Redshift, SNS, SQS and
// Route 53 say, and the same words as older protocols put them.
const throttlings = `
  BandwidthLimitExceeded EC2ThrottledException PriorRequestNotComplete ProvisionedThroughputExceededException
  RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown ThrottledException Throttling
  ThrottlingException TooManyRequestsException TransactionInProgressException
  DependentServiceRequestThrottlingFault KMSThrottlingException KMS.ThrottlingException KmsThrottled
  PriorRequestNotCompleteException ProvisionedThroughputExceeded Throttled Client.RequestLimitExceeded`
  .trim()
  .split(/\s+/)

describe("AWS's many words are a few codes", () => {
  test.each([
    ['AccessDeniedException', 400, 'access-denied', false],
    ['UnauthorizedOperation', 403, 'access-denied', false],
    ['SomeNewDenial', 403, 'access-denied', false],
    ['OptInRequired', 403, 'region-off', false],
    ['AuthFailure', 401, 'region-off', false],
    ['RegionDisabledException', 403, 'region-off', false],
    ['InvalidToken', 400, 'region-off', false],
    ['AuthorizationErrorException', 403, 'access-denied', false],
    ['ExpiredToken', 400, 'expired', true],
    ['RequestExpired', 400, 'expired', true],
    ['InvalidVpcID.NotFound', 400, 'not-found', false],
    ['NoSuchBucketPolicy', 404, 'not-found', false],
    ['NoSuchEntityException', 404, 'not-found', false],
    ['InternalError', 500, 'unavailable', true],
    ['Unknown', 502, 'unavailable', true],
    ['TimeoutError', undefined, 'unavailable', true],
    ['PermanentRedirect', 301, 'wrong-region', false],
    ['ValidationError', 400, 'bad-answer', false],
    ['SyntaxError', 200, 'bad-answer', false],
  ])('%s with HTTP %s is %s', (name, status, code, retryable) => {
    expect(toAwsError(anError(name, status), call)).toMatchObject({ code, retryable })
  })

  test.each(['ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'EAI_AGAIN'])("Node's %s is unavailable", (code) => {
    expect(toAwsError(Object.assign(new Error('x'), { code }), call)).toMatchObject({ code: 'unavailable', awsCode: code })
  })

  test('something that is no error at all is a bad answer', () => {
    expect(toAwsError('boom', call)).toMatchObject({ code: 'bad-answer', awsCode: 'unknown' })
  })

  test.each(throttlings)('%s is throttling, whatever its HTTP status', (name) => {
    for (const status of [400, 403, 503]) expect(toAwsError(anError(name, status), call).code).toBe('throttled')
  })

  test.each([429, 509])('HTTP %s is throttling by itself', (status) => {
    expect(toAwsError(anError('Whatever', status), call).code).toBe('throttled')
  })

  test('what the model of the SDK marks as throttling is', () => {
    const error = Object.assign(anError('NewWord', 400), { $retryable: { throttling: true } })
    expect(toAwsError(error, call).code).toBe('throttled')
  })

  test.each([
    ['dynamodb', 'LimitExceededException', 'throttled'],
    ['iam', 'LimitExceededException', 'bad-answer'],
    ['logs', 'LimitExceededException', 'bad-answer'],
    ['kms', 'LimitExceededException', 'bad-answer'],
    ['wafv2', 'WAFLimitsExceededException', 'bad-answer'],
    ['sqs', 'OverLimit', 'bad-answer'],
  ])("%s's %s is %s: mostly it counts things and not calls", (service, name, code) => {
    expect(toAwsError(anError(name, 400), { ...call, service }).code).toBe(code)
  })

  const who = 'User: arn:aws:iam::123456789012:user/Matt is not authorized to perform: iam:ListRoles on resource: *'
  test.each([
    [`${who} with an explicit deny in a service control policy`, 'scp-denied'],
    [`${who} with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/p-2`, 'scp-denied'],
    [`${who} because no service control policy allows the iam:ListRoles action`, 'scp-denied'],
    [`${who} with an explicit deny in a resource control policy`, 'access-denied'],
    [`${who} with an explicit deny in a permissions boundary`, 'access-denied'],
    [`${who} because no session policy allows the iam:ListRoles action`, 'access-denied'],
    [`${who} because no identity-based policy allows the iam:ListRoles action`, 'access-denied'],
    [who.replace('*', 'service-control-policy'), 'access-denied'],
    ['', 'access-denied'],
  ])('"%s" is %s, and the text is not kept', (message, code) => {
    const error = toAwsError(Object.assign(anError('AccessDenied', 403), { message }), call)
    expect(error).toMatchObject({ code, retryable: false })
    expect(error.message).not.toContain('Matt')
    const busy = Object.assign(anError('ThrottlingException', 400), { message })
    expect(toAwsError(busy, call).code).toBe('throttled')
  })

  test('a host that the DNS does not know is a region that is not there, unless it has answered before', () => {
    const error = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })
    expect(toAwsError(error, call)).toMatchObject({ code: 'region-off', awsCode: 'ENOTFOUND' })
    expect(toAwsError(error, call, true)).toMatchObject({ code: 'unavailable', retryable: true })
  })

  test.each(['AuthFailure', 'InvalidClientTokenId', 'UnrecognizedClientException', 'InvalidAccessKeyId', 'InvalidToken'])(
    '%s where credentials were known before means that these are past their time',
    (name) => {
      expect(toAwsError(anError(name, 403), call).code).toBe('region-off')
      expect(toAwsError(anError(name, 403), call, true).code).toBe('expired')
      expect(toAwsError(anError('OptInRequired', 403), call, true).code).toBe('region-off')
    },
  )

  test('members of an answer are not taken for what Node says', () => {
    const error = Object.assign(anError('AccessDeniedException', 400), { $fault: 'client', code: 'ECONNRESET' })
    expect(toAwsError(error, call)).toMatchObject({ code: 'access-denied', awsCode: 'AccessDenied' })
  })

  test.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': '86400' }, 60_000],
    [{ 'retry-after': new Date(Date.now() - 5_000).toUTCString() }, 0],
    [{ 'retry-after': '<!channel>' }, null],
    [{ 'x-amz-retry-after': '1500' }, 1_500],
    [{ 'x-amz-retry-after': '-5' }, null],
    [{}, null],
  ])('Retry-After %o is %s ms', (headers, ms) => {
    const error = Object.assign(anError('SlowDown', 503), { $response: { statusCode: 503, headers } })
    expect(toAwsError(error, call).retryAfterMs).toBe(ms)
  })

  test('what the inventory makes of it says the cause, and when to come again', () => {
    const slow = new AwsError('throttled', call, 'OwnLimit', '', 1_500)
    expect(toInventoryError(slow, 'fetch')).toMatchObject({ code: 'throttled', retryable: true, retryAfterMs: 1_500 })
    const denied = new AwsError('scp-denied', call, 'AccessDenied')
    expect(toInventoryError(denied, 'fetch')).toMatchObject({ code: 'scp-denied', retryable: false, retryAfterMs: null })
  })
})
