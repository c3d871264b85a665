import { describe, expect, test } from 'vitest'
import { inShort, touched, type Call } from '../support/touched.ts'

const arn = 'arn:aws:lambda:us-east-1:111111111111:function:f'
const f = `us-east-1 ${arn}`

describe('what happens to a function is found', () => {
  test.each<[string, Call, readonly string[]]>([
    [
      'created',
      { name: 'CreateFunction20150331', request: { functionName: 'f' }, response: { functionArn: arn } },
      [`create ${f}`],
    ],
    ['with new code', { name: 'UpdateFunctionCode20150331v2', request: { functionName: 'f' } }, [`update ${f}`]],
    ['set up anew', { name: 'UpdateFunctionConfiguration20150331v2', request: { functionName: arn } }, [`update ${f}`]],
    ['opened', { name: 'AddPermission20150331v2', request: { functionName: 'f', principal: '*' } }, [`update ${f}`]],
    ['closed', { name: 'RemovePermission20150331v2', request: { functionName: '111111111111:function:f' } }, [`update ${f}`]],
    ['opened by a whole policy', { name: 'PutResourcePolicy', request: { resourceArn: arn } }, [`update ${f}`]],
    ['given an address', { name: 'CreateFunctionUrlConfig', request: { functionName: 'f', authType: 'NONE' } }, [`update ${f}`]],
    ['with another address', { name: 'UpdateFunctionUrlConfig', request: { functionName: 'f' } }, [`update ${f}`]],
    ['without an address', { name: 'DeleteFunctionUrlConfig', request: { functionName: 'f' } }, [`update ${f}`]],
    ['tagged', { name: 'TagResource20170331v2', request: { resource: arn, tags: { team: 'a' } } }, [`update ${f}`]],
    [
      'tagged by an escaped ARN',
      { name: 'TagResource20170331v2', request: { resource: arn.replaceAll(':', '%3A') } },
      [`update ${f}`],
    ],
    ['untagged', { name: 'UntagResource20170331v2', request: { resource: arn, tagKeys: ['team'] } }, [`update ${f}`]],
    ['deleted', { name: 'DeleteFunction20150331', request: { functionName: 'f' } }, [`delete ${f}`]],
    [
      'named by its latest version',
      { name: 'UpdateFunctionCode20150331v2', request: { functionName: 'f:$LATEST' } },
      [`update ${f}`],
    ],
  ])('%s', (_, call, expected) => {
    expect(inShort(touched('lambda', call))).toEqual(expected)
  })

  test.each(['', '20150331', '20150331v2', '20170331', '20170331v2', '20181031', '20311231v7'])(
    'whatever version of the API is written behind the call (%o)',
    (version) => {
      expect(touched('lambda', { name: `UpdateFunctionCode${version}`, request: { functionName: 'f' } })).toHaveLength(1)
    },
  )

  test('in the partition of its region', () => {
    const [touch] = touched('lambda', { name: 'DeleteFunction20150331', region: 'cn-north-1', request: { functionName: 'f' } })
    expect(touch?.ref.id).toBe('arn:aws-cn:lambda:cn-north-1:111111111111:function:f')
  })
})

describe('the function itself is left alone', () => {
  test.each<[string, Call]>([
    ['when one version is deleted', { name: 'DeleteFunction20150331', request: { functionName: 'f', qualifier: '3' } }],
    ['when one version is deleted by its ARN', { name: 'DeleteFunction20150331', request: { functionName: `${arn}:3` } }],
    ['when an alias is opened', { name: 'AddPermission20150331v2', request: { functionName: 'f:live' } }],
    ['by aliases and versions', { name: 'CreateAlias20150331', request: { functionName: 'f', name: 'live' } }],
    ['by a version of another kind', { name: 'UpdateFunctionCode2015', request: { functionName: 'f' } }],
    ['by a call for another account', { name: 'AddPermission20150331v2', request: { functionName: arn.replace('1111', '2222') } }],
    [
      'when another thing is tagged',
      { name: 'TagResource20170331v2', request: { resource: arn.replace('function:f', 'event-source-mapping:x') } },
    ],
    ['when the name is none', { name: 'DeleteFunction20150331', request: { functionName: '../f' } }],
  ])('%s', (_, call) => {
    expect(touched('lambda', call)).toEqual([])
  })
})

describe('what the state must show', () => {
  const lastModified = '2026-04-11T14:02:33.000+0000'
  test.each<[string, Call, readonly unknown[]]>([
    [
      'the time of an update',
      { name: 'UpdateFunctionConfiguration20150331v2', request: { functionName: 'f', timeout: 3 }, response: { lastModified } },
      [{ kind: 'is', path: ['LastModified'], value: lastModified }],
    ],
    [
      'any change, when the answer was about a new version',
      { name: 'UpdateFunctionCode20150331v2', request: { functionName: 'f', publish: true }, response: { lastModified } },
      [{ kind: 'change' }],
    ],
    [
      'the tag',
      { name: 'TagResource20170331v2', request: { resource: arn, tags: { team: 'a' } } },
      [{ kind: 'is', path: ['Tags', 'team'], value: 'a' }],
    ],
    [
      'no tag any more',
      { name: 'UntagResource20170331v2', request: { resource: arn, tagKeys: ['team'] } },
      [{ kind: 'is', path: ['Tags', 'team'], value: null }],
    ],
    [
      'any change after a new permission',
      { name: 'AddPermission20150331v2', request: { functionName: 'f' } },
      [{ kind: 'change' }],
    ],
  ])('%s', (_, call, expected) => {
    expect(touched('lambda', call)[0]?.witnesses).toEqual(expected)
  })
})
