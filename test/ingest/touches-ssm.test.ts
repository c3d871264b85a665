import { expect, test } from 'vitest'
import { inShort, touched, type Call } from '../support/touched.ts'

const account = '111111111111'
const arn = `arn:aws:ssm:us-east-1:${account}:document/RestartShop`
const here = `us-east-1 ${arn}`
const name = 'RestartShop'
const content = 'HIDDEN_DUE_TO_SECURITY_REASONS'

test.each<[Call, readonly string[]]>([
  [{ name: 'CreateDocument', request: { name, content, documentType: 'Command' } }, [`create ${here}`]],
  [{ name: 'UpdateDocument', request: { name, content, documentVersion: '$LATEST' } }, [`update ${here}`]],
  [{ name: 'UpdateDocumentDefaultVersion', request: { name, documentVersion: '2' } }, [`update ${here}`]],
  [{ name: 'UpdateDocumentMetadata', request: { name, documentReviews: { action: 'Approve' } } }, [`update ${here}`]],
  [{ name: 'ModifyDocumentPermission', request: { name, permissionType: 'Share', accountIdsToAdd: ['all'] } }, [`update ${here}`]],
  [{ name: 'DeleteDocument', request: { name } }, [`delete ${here}`]],
  [{ name: 'DeleteDocument', request: { name, documentVersion: '1' } }, [`update ${here}`]],
  [{ name: 'DeleteDocument', request: { name, versionName: 'first' } }, [`update ${here}`]],
  [{ name: 'AddTagsToResource', request: { resourceType: 'Document', resourceId: name, tags: [] } }, [`update ${here}`]],
  [{ name: 'RemoveTagsFromResource', request: { resourceType: 'Document', resourceId: name, tagKeys: [] } }, [`update ${here}`]],
  [{ name: 'DeleteDocument', request: { name: arn } }, [`delete ${here}`]],
  // A parameter's tags, another account's document, and no name.
  [{ name: 'AddTagsToResource', request: { resourceType: 'Parameter', resourceId: name, tags: [] } }, []],
  [{ name: 'ModifyDocumentPermission', request: { name: arn.replace(account, '222222222222') } }, []],
  [{ name: 'DeleteDocument', request: { name: 'a b' } }, []],
])('%o', (call, expected) => {
  expect(inShort(touched('ssm', call))).toEqual(expected)
})

test.each<[Call, readonly object[]]>([
  [
    { name: 'CreateDocument', request: { name, tags: [{ key: 'team', value: 'a' }] } },
    [{ kind: 'present' }, { kind: 'is', path: ['Tags', 'team'], value: 'a' }],
  ],
  [
    { name: 'UpdateDocument', request: { name }, response: { documentDescription: { latestVersion: '3', defaultVersion: '2' } } },
    [{ kind: 'is', path: ['LatestVersion'], value: '3' }],
  ],
  [{ name: 'UpdateDocument', request: { name } }, [{ kind: 'change' }]],
  [
    { name: 'UpdateDocumentDefaultVersion', request: { name, documentVersion: '3' } },
    [{ kind: 'is', path: ['DefaultVersion'], value: '3' }],
  ],
  [
    {
      name: 'ModifyDocumentPermission',
      request: { name, permissionType: 'Share', accountIdsToAdd: ['All'], accountIdsToRemove: ['222222222222'] },
    },
    [
      { kind: 'has', path: ['AccountIds'], value: 'all' },
      { kind: 'lacks', path: ['AccountIds'], value: '222222222222' },
    ],
  ],
  [
    {
      name: 'AddTagsToResource',
      request: { resourceType: 'Document', resourceId: name, tags: [{ key: 'team', value: 'a' }] },
    },
    [{ kind: 'is', path: ['Tags', 'team'], value: 'a' }],
  ],
  [
    { name: 'RemoveTagsFromResource', request: { resourceType: 'Document', resourceId: name, tagKeys: ['team'] } },
    [{ kind: 'is', path: ['Tags', 'team'], value: null }],
  ],
  [{ name: 'DeleteDocument', request: { name, documentVersion: '1' } }, [{ kind: 'change' }]],
])('%o shows', (call, expected) => {
  expect(touched('ssm', call).map(({ witnesses }) => witnesses)).toEqual([expected])
})
