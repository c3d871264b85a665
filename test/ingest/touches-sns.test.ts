import { describe, expect, test } from 'vitest'
import type { Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const topicArn = 'arn:aws:sns:us-east-1:111111111111:orders'
const set = (attributeName: string, attributeValue: string): Call => ({
  name: 'SetTopicAttributes',
  request: { topicArn, attributeName, attributeValue },
})

test.each<[Call, string]>([
  [{ name: 'CreateTopic', request: { name: 'orders' }, response: { topicArn } }, 'create'],
  [set('Policy', '{}'), 'update'],
  [{ name: 'AddPermission', request: { topicArn, label: 'x' } }, 'update'],
  [{ name: 'RemovePermission', request: { topicArn, label: 'x' } }, 'update'],
  [{ name: 'TagResource', request: { resourceArn: topicArn, tags: [] } }, 'update'],
  [{ name: 'UntagResource', request: { resourceArn: topicArn, tagKeys: [] } }, 'update'],
  [{ name: 'DeleteTopic', request: { topicArn } }, 'delete'],
])('a topic is found: %o', (call, kind) => {
  expect(inShort(touched('sns', call))).toEqual([`${kind} us-east-1 ${topicArn}`])
})

test.each<[string, Call]>([
  ['by who subscribes', { name: 'Subscribe', request: { topicArn }, response: { subscriptionArn: `${topicArn}:1` } }],
  ['in another account', { name: 'DeleteTopic', request: { topicArn: 'arn:aws:sns:us-east-1:222222222222:orders' } }],
  ['by the ARN of a subscription', { name: 'TagResource', request: { resourceArn: `${topicArn}:1-2-3` } }],
  ['by a name', { name: 'DeleteTopic', request: { topicArn: 'orders' } }],
])('nothing is touched %s', (_, call) => {
  expect(touched('sns', call)).toEqual([])
})

describe('what a state must show', () => {
  const is = (path: string, value: string | null): Witness => ({ kind: 'is', path: path.split('.'), value })
  test.each<[string, Call, readonly Witness[]]>([
    ['an attribute as it was set', set('KmsMasterKeyId', 'alias/orders'), [is('KmsMasterKeyId', 'alias/orders')]],
    ['an attribute that was taken away', set('KmsMasterKeyId', ''), [is('KmsMasterKeyId', null)]],
    ['that a document changed', set('Policy', '{}'), [{ kind: 'change' }]],
    [
      'the tags of a new topic',
      { name: 'CreateTopic', request: { name: 'orders', tags: [{ key: 'team', value: 'shop' }] }, response: { topicArn } },
      [{ kind: 'present' }, is('Tags.team', 'shop')],
    ],
    [
      'tags that are gone',
      { name: 'UntagResource', request: { resourceArn: topicArn, tagKeys: ['team'] } },
      [is('Tags.team', null)],
    ],
  ])('%s', (_, call, expected) => {
    expect(touched('sns', call).map(({ witnesses }) => witnesses)).toEqual([expected])
  })
})
