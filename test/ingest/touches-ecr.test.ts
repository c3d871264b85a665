import { describe, expect, test } from 'vitest'
import type { Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const resourceArn = 'arn:aws:ecr:us-east-1:111111111111:repository/shop/web'
const repositoryName = 'shop/web'

test.each<[Call, string]>([
  [{ name: 'CreateRepository', request: { repositoryName } }, 'create'],
  [{ name: 'SetRepositoryPolicy', request: { repositoryName, registryId: '111111111111', policyText: '{}' } }, 'update'],
  [{ name: 'PutLifecyclePolicy', request: { repositoryName, lifecyclePolicyText: '{}' } }, 'update'],
  [{ name: 'PutImageTagMutability', request: { repositoryName, imageTagMutability: 'MUTABLE' } }, 'update'],
  [{ name: 'PutImageScanningConfiguration', request: { repositoryName } }, 'update'],
  [{ name: 'DeleteRepositoryPolicy', request: { repositoryName } }, 'update'],
  [{ name: 'DeleteLifecyclePolicy', request: { repositoryName } }, 'update'],
  [{ name: 'TagResource', request: { resourceArn, tags: [] } }, 'update'],
  [{ name: 'UntagResource', request: { resourceArn, tagKeys: [] } }, 'update'],
  [{ name: 'DeleteRepository', request: { repositoryName, force: true } }, 'delete'],
])('a repository is found: %o', (call, kind) => {
  expect(inShort(touched('ecr', call))).toEqual([`${kind} us-east-1 ${resourceArn}`])
})

test.each<[string, Call]>([
  ['by images', { name: 'PutImage', request: { repositoryName, imageTag: 'latest' } }],
  ['in the registry of another account', { name: 'DeleteRepository', request: { repositoryName, registryId: '222222222222' } }],
  [
    'by the ARN of another account',
    { name: 'TagResource', request: { resourceArn: 'arn:aws:ecr:us-east-1:222222222222:repository/shop/web' } },
  ],
  ['by a broken name', { name: 'DeleteRepository', request: { repositoryName: '../Shop' } }],
])('nothing is touched %s', (_, call) => {
  expect(touched('ecr', call)).toEqual([])
})

describe('what a state must show', () => {
  const is = (path: string, value: string | boolean | null): Witness => ({ kind: 'is', path: path.split('.'), value })
  test.each<[string, Call, readonly Witness[]]>([
    [
      'whether tags may move',
      { name: 'PutImageTagMutability', request: { repositoryName, imageTagMutability: 'IMMUTABLE' } },
      [is('ImageTagMutability', 'IMMUTABLE')],
    ],
    [
      'whether it scans',
      { name: 'PutImageScanningConfiguration', request: { repositoryName, imageScanningConfiguration: { scanOnPush: false } } },
      [is('ImageScanningConfiguration.ScanOnPush', false)],
    ],
    ['no policy', { name: 'DeleteRepositoryPolicy', request: { repositoryName } }, [is('PolicyText', null)]],
    ['a change of policy', { name: 'SetRepositoryPolicy', request: { repositoryName, policyText: '{}' } }, [{ kind: 'change' }]],
    [
      'its tags',
      { name: 'TagResource', request: { resourceArn, tags: [{ key: 'team', value: 'shop' }] } },
      [is('Tags.team', 'shop')],
    ],
    ['tags that are gone', { name: 'UntagResource', request: { resourceArn, tagKeys: ['team'] } }, [is('Tags.team', null)]],
  ])('%s', (_, call, expected) => {
    expect(touched('ecr', call).map(({ witnesses }) => witnesses)).toEqual([expected])
  })
})
