import { describe, expect, test } from 'vitest'
import { inShort, touched, type Call } from '../support/touched.ts'

const own = 'arn:aws:eks:us-east-1:111111111111'
const shop = `us-east-1 ${own}:cluster/shop`
const inShop = { clusterName: 'shop', nodegroupName: 'general', fargateProfileName: 'batch' }

describe('what happens to a cluster is found', () => {
  test.each<[string, Call, readonly string[]]>([
    ['created', { name: 'CreateCluster', request: { name: 'shop' } }, [`create ${shop}`]],
    ['created, as once told', { name: 'CreateCluster', request: { clusterName: 'shop' } }, [`create ${shop}`]],
    ['set up anew', { name: 'UpdateClusterConfig', request: { name: 'shop' } }, [`update ${shop}`]],
    ['with another version', { name: 'UpdateClusterVersion', request: { name: 'shop', version: '1.34' } }, [`update ${shop}`]],
    ['encrypted', { name: 'AssociateEncryptionConfig', request: { clusterName: 'shop' } }, [`update ${shop}`]],
    ['with new nodes', { name: 'CreateNodegroup', request: inShop }, [`update ${shop}`]],
    ['with changed nodes', { name: 'UpdateNodegroupConfig', request: inShop }, [`update ${shop}`]],
    ['with newer nodes', { name: 'UpdateNodegroupVersion', request: inShop }, [`update ${shop}`]],
    ['without nodes', { name: 'DeleteNodegroup', request: inShop }, [`update ${shop}`]],
    ['with a Fargate profile', { name: 'CreateFargateProfile', request: inShop }, [`update ${shop}`]],
    ['without a Fargate profile', { name: 'DeleteFargateProfile', request: inShop }, [`update ${shop}`]],
    ['tagged', { name: 'TagResource', request: { resourceArn: `${own}:cluster/shop`, tags: { team: 'a' } } }, [`update ${shop}`]],
    [
      'tagged by an escaped ARN',
      { name: 'TagResource', request: { resourceArn: encodeURIComponent(`${own}:cluster/shop`), tags: { team: 'a' } } },
      [`update ${shop}`],
    ],
    [
      'with tagged nodes',
      { name: 'UntagResource', request: { resourceArn: `${own}:nodegroup/shop/general/0a1b` } },
      [`update ${shop}`],
    ],
    ['deleted', { name: 'DeleteCluster', request: { name: 'shop' } }, [`delete ${shop}`]],
  ])('%s', (_, call, expected) => {
    expect(inShort(touched('eks', call))).toEqual(expected)
  })
})

describe('no cluster is touched', () => {
  test.each<[string, Call]>([
    ['by add-ons', { name: 'CreateAddon', request: { clusterName: 'shop', addonName: 'coredns' } }],
    ['by a tag of an add-on', { name: 'TagResource', request: { resourceArn: `${own}:addon/shop/coredns/0a1b` } }],
    ['of another account', { name: 'TagResource', request: { resourceArn: `${own}:cluster/shop`.replace('1111', '2222') } }],
    ['by a name that is none', { name: 'DeleteCluster', request: { name: '../shop' } }],
  ])('%s', (_, call) => {
    expect(touched('eks', call)).toEqual([])
  })
})

describe('what the state must show', () => {
  test.each<[string, Call, readonly unknown[]]>([
    [
      'everything that the call says of the network, since a part of it may have been so before',
      {
        name: 'UpdateClusterConfig',
        request: {
          name: 'shop',
          resourcesVpcConfig: { endpointPublicAccess: true, endpointPrivateAccess: false, publicAccessCidrs: ['0.0.0.0/0'] },
        },
      },
      [
        { kind: 'is', path: ['ResourcesVpcConfig', 'EndpointPublicAccess'], value: true },
        { kind: 'is', path: ['ResourcesVpcConfig', 'EndpointPrivateAccess'], value: false },
        { kind: 'is', path: ['ResourcesVpcConfig', 'PublicAccessCidrs'], value: ['0.0.0.0/0'] },
      ],
    ],
    [
      'any change, when it is about logs',
      { name: 'UpdateClusterConfig', request: { name: 'shop', logging: {} } },
      [{ kind: 'change' }],
    ],
    [
      'the version',
      { name: 'UpdateClusterVersion', request: { name: 'shop', version: '1.34' } },
      [{ kind: 'is', path: ['Version'], value: '1.34' }],
    ],
    [
      'no tag any more',
      { name: 'UntagResource', request: { resourceArn: `${own}:cluster/shop`, tagKeys: ['team'] } },
      [{ kind: 'is', path: ['Tags', 'team'], value: null }],
    ],
  ])('%s', (_, call, expected) => {
    expect(touched('eks', call)[0]?.witnesses).toEqual(expected)
  })
})
