import { describe, expect, test } from 'vitest'
import { isTrailKey, readNotification } from '../../services/ingest/read-notification.ts'

const key =
  'AWSLogs/o-abc1234567/111122223333/CloudTrail/eu-west-1/2026/11/21/111122223333_CloudTrail_eu-west-1_20261121T1200Z_x.json.gz'
const bucket = 'org-trail'

function ofS3(name: string, given: string): Record<string, unknown> {
  return { eventSource: 'aws:s3', eventName: name, s3: { bucket: { name: bucket }, object: { key: given, size: 1 } } }
}
const plain = { Records: [ofS3('ObjectCreated:Put', key)] }
const ofBus = {
  source: 'aws.s3',
  'detail-type': 'Object Created',
  detail: { bucket: { name: bucket }, object: { key: 'a b+%20.json', size: 1 } },
}
const bySns = (message: unknown): Record<string, unknown> => ({
  Type: 'Notification',
  TopicArn: 't',
  Message: JSON.stringify(message),
})

describe('a notification names its new objects', () => {
  test.each([
    ['as S3 writes it', plain, [key]],
    ['wrapped by SNS', bySns(plain), [key]],
    ['as EventBridge writes it, its key not encoded', ofBus, ['a b+%20.json']],
    ['as EventBridge writes it, wrapped by SNS', bySns(ofBus), ['a b+%20.json']],
    ['as CloudTrail writes it to SNS', bySns({ s3Bucket: bucket, s3ObjectKey: [key, 'other'] }), [key, 'other']],
    [
      'several, keys encoded as forms',
      { Records: [ofS3('ObjectCreated:Copy', 'a+b%2Bc%C3%A9'), ofS3('ObjectCreated:Put', 'd')] },
      ['a b+cé', 'd'],
    ],
    ['none: removed', { Records: [ofS3('ObjectRemoved:Delete', key)] }, []],
    ['none: the test that S3 sends at first', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: bucket }, []],
    ['none: other news of the bus', { ...ofBus, 'detail-type': 'Object Deleted' }, []],
  ])('%s', (_, message, keys) => {
    expect(readNotification(JSON.stringify(message))).toEqual(keys.map((each) => ({ bucket, key: each })))
  })

  test.each([
    ['no JSON', 'x'],
    ['no object', '[]'],
    ['a CloudTrail record', '{"eventName":"RunInstances"}'],
    ['CloudTrail records', '{"Records":[{"eventName":"RunInstances"}]}'],
    ['a bucket that is none', JSON.stringify(plain).replace(bucket, 'arn:aws:s3:us-east-1:1:accesspoint/x')],
    ['a key that is no key', JSON.stringify({ Records: [ofS3('ObjectCreated:Put', '%zz')] })],
    ['SNS around SNS', JSON.stringify(bySns(bySns(plain)))],
    ['far too deep', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
  ])('%s is none', (_, body) => {
    expect(readNotification(body)).toBeNull()
  })
})

test.each([
  [key, true],
  [`prefix/of/ours/${key.replace('o-abc1234567/', '')}`, true],
  [key.replace('/CloudTrail/', '/CloudTrail-Digest/'), false],
  [key.replace('/CloudTrail/', '/CloudTrail-Insight/'), false],
  ['AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/11/21/x.log.gz', false],
  ['AWSLogs/111122223333/CloudTrail/', false],
])('%s is a CloudTrail file: %s', (given, wanted) => {
  expect(isTrailKey(given)).toBe(wanted)
})
