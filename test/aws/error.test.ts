import { describe, expect, test } from 'vitest'
import { toAwsError } from '../../services/aws/error.ts'

const call = { service: 'ec2', operation: 'DescribeVpcs', accountId: '111111111111', region: 'eu-west-1' }
function anError(name: string, httpStatusCode?: number): Error {
  return Object.assign(new Error('text from outside'), {
    name,
    ...(httpStatusCode === undefined ? {} : { $metadata: { httpStatusCode } }),
  })
}

describe("AWS's many words are a few codes", () => {
  test.each([
    ['AccessDeniedException', 400, 'access-denied', false],
    ['UnauthorizedOperation', 403, 'access-denied', false],
    ['SomeNewDenial', 403, 'access-denied', false],
    ['OptInRequired', 403, 'region-off', false],
    ['AuthFailure', 401, 'region-off', false],
    ['RegionDisabledException', 403, 'region-off', false],
    ['RequestLimitExceeded', 503, 'throttled', true],
    ['ThrottlingException', 400, 'throttled', true],
    ['Whatever', 429, 'throttled', true],
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

  test.each(['ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EAI_AGAIN'])("Node's %s is unavailable", (code) => {
    expect(toAwsError(Object.assign(new Error('x'), { code }), call)).toMatchObject({ code: 'unavailable', awsCode: code })
  })

  test('something that is no error at all is a bad answer', () => {
    expect(toAwsError('boom', call)).toMatchObject({ code: 'bad-answer', awsCode: 'unknown' })
  })
})
