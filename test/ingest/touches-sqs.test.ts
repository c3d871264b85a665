import { describe, expect, test } from 'vitest'
import type { Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const queueUrl = 'https://sqs.us-east-1.amazonaws.com/111111111111/orders'
const id = 'arn:aws:sqs:us-east-1:111111111111:orders'
const set = (attributes: Record<string, string>): Call => ({ name: 'SetQueueAttributes', request: { queueUrl, attributes } })

test.each<[Call, string]>([
  [{ name: 'CreateQueue', request: { queueName: 'orders' }, response: { queueUrl } }, 'create'],
  [{ name: 'CreateQueue', request: { queueName: 'orders' } }, 'create'],
  [set({ VisibilityTimeout: '100' }), 'update'],
  [{ name: 'AddPermission', request: { queueUrl, label: 'x' } }, 'update'],
  [{ name: 'RemovePermission', request: { queueUrl, label: 'x' } }, 'update'],
  [{ name: 'TagQueue', request: { queueUrl, tags: {} } }, 'update'],
  [{ name: 'UntagQueue', request: { queueUrl, tagKeys: [] } }, 'update'],
  [{ name: 'DeleteQueue', request: { queueUrl: 'https://queue.amazonaws.com/111111111111/orders' } }, 'delete'],
])('a queue is found: %o', (call, kind) => {
  expect(inShort(touched('sqs', call))).toEqual([`${kind} us-east-1 ${id}`])
})

test('a FIFO queue in China is found', () => {
  const call = { name: 'DeleteQueue', region: 'cn-north-1', request: { queueUrl: `https://sqs.cn/111111111111/orders.fifo` } }
  expect(inShort(touched('sqs', call))).toEqual(['delete cn-north-1 arn:aws-cn:sqs:cn-north-1:111111111111:orders.fifo'])
})

test.each<[string, Call]>([
  ['by messages', { name: 'PurgeQueue', request: { queueUrl } }],
  ['in another account', { name: 'DeleteQueue', request: { queueUrl: queueUrl.replaceAll('1111', '2222') } }],
  ['by a broken URL', { name: 'DeleteQueue', request: { queueUrl: 'https://sqs/1/a/b' } }],
])('nothing is touched %s', (_, call) => {
  expect(touched('sqs', call)).toEqual([])
})

describe('what a state must show', () => {
  const is = (path: string, value: string | number | boolean | null): Witness => ({ kind: 'is', path: path.split('.'), value })
  test.each<[string, Call, readonly Witness[]]>([
    [
      'attributes as they were set',
      set({ SqsManagedSseEnabled: 'false', VisibilityTimeout: '100', KmsMasterKeyId: 'alias/orders' }),
      [is('SqsManagedSseEnabled', false), is('VisibilityTimeout', 100), is('KmsMasterKeyId', 'alias/orders')],
    ],
    [
      'what was taken away, documents included',
      set({ KmsMasterKeyId: '', Policy: '', RedrivePolicy: '' }),
      [is('KmsMasterKeyId', null), is('Policy', null), is('RedrivePolicy', null)],
    ],
    ['that a document changed', set({ Policy: '{}' }), [{ kind: 'change' }]],
    ['its tags', { name: 'TagQueue', request: { queueUrl, tags: { team: 'shop' } } }, [is('Tags.team', 'shop')]],
    ['tags that are gone', { name: 'UntagQueue', request: { queueUrl, tagKeys: ['team'] } }, [is('Tags.team', null)]],
  ])('%s', (_, call, expected) => {
    expect(touched('sqs', call).map(({ witnesses }) => witnesses)).toEqual([expected])
  })
})
