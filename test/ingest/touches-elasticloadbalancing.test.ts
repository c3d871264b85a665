import { describe, expect, test } from 'vitest'
import { inShort, touched, type Call } from '../support/touched.ts'

const own = 'arn:aws:elasticloadbalancing:us-east-1:111111111111'
const loadBalancerArn = `${own}:loadbalancer/app/shop/50dc6c495c0c9188`
const listenerArn = `${own}:listener/app/shop/50dc6c495c0c9188/0467ef3c8400ae65`
const shop = `us-east-1 ${loadBalancerArn}`
const call = (name: string, request: Call['request'], response: Call['response'] = null): Call => ({
  name,
  request: request ?? null,
  response,
  extra: { apiVersion: '2015-12-01' },
})

describe('what happens to a load balancer is found', () => {
  test.each<[string, Call, readonly string[]]>([
    ['created', call('CreateLoadBalancer', { name: 'shop' }, { loadBalancers: [{ loadBalancerArn }] }), [`create ${shop}`]],
    ['with other groups', call('SetSecurityGroups', { loadBalancerArn, securityGroups: ['sg-1'] }), [`update ${shop}`]],
    ['in other subnets', call('SetSubnets', { loadBalancerArn, subnets: ['subnet-1'] }), [`update ${shop}`]],
    ['with other addresses', call('SetIpAddressType', { loadBalancerArn, ipAddressType: 'ipv4' }), [`update ${shop}`]],
    ['with a new listener', call('CreateListener', { loadBalancerArn }, { listeners: [{ listenerArn }] }), [`update ${shop}`]],
    ['with a changed listener', call('ModifyListener', { listenerArn, sslPolicy: 'x' }), [`update ${shop}`]],
    ['without a listener', call('DeleteListener', { listenerArn }), [`update ${shop}`]],
    ['tagged', call('AddTags', { resourceArns: [loadBalancerArn], tags: [{ key: 'team', value: 'a' }] }), [`update ${shop}`]],
    ['untagged', call('RemoveTags', { resourceArns: [loadBalancerArn], tagKeys: ['team'] }), [`update ${shop}`]],
    ['deleted', call('DeleteLoadBalancer', { loadBalancerArn }), [`delete ${shop}`]],
  ])('%s', (_, event, expected) => {
    expect(inShort(touched('elasticloadbalancing', event))).toEqual(expected)
  })

  test('of every kind', () => {
    for (const kind of ['net', 'gateway']) {
      const other = loadBalancerArn.replace('/app/', `/${kind}/`)
      expect(inShort(touched('elasticloadbalancing', call('DeleteLoadBalancer', { loadBalancerArn: other })))).toEqual([
        `delete us-east-1 ${other}`,
      ])
    }
  })

  test('each one of several that are tagged at once', () => {
    const second = loadBalancerArn.replace('shop', 'back')
    const tags = call('AddTags', { resourceArns: [loadBalancerArn, second], tags: [{ key: 'team', value: 'a' }] })
    expect(inShort(touched('elasticloadbalancing', tags))).toEqual([`update ${shop}`, `update us-east-1 ${second}`])
  })
})

describe('no load balancer is touched', () => {
  test.each<[string, Call]>([
    [
      'by classic ones',
      { name: 'CreateLoadBalancer', request: { loadBalancerName: 'shop' }, response: { dNSName: 'shop.elb.amazonaws.com' } },
    ],
    ['by the end of a classic one', { name: 'DeleteLoadBalancer', request: { loadBalancerName: 'shop' } }],
    ['by the ARN of a classic one', { name: 'AddTags', request: { resourceArns: [`${own}:loadbalancer/shop`] } }],
    ['by a tag of a listener', call('AddTags', { resourceArns: [listenerArn] })],
    ['by a tag of a target group', call('AddTags', { resourceArns: [`${own}:targetgroup/shop/73e2d6bc24d8a067`] })],
    ['by rules', call('ModifyRule', { ruleArn: listenerArn.replace('listener', 'listener-rule') })],
    ['of another account', call('DeleteLoadBalancer', { loadBalancerArn: loadBalancerArn.replace('1111', '2222') })],
  ])('%s', (_, event) => {
    expect(touched('elasticloadbalancing', event)).toEqual([])
  })
})

describe('what the state must show', () => {
  test.each<[string, Call, readonly unknown[]]>([
    [
      'just these groups',
      call('SetSecurityGroups', { loadBalancerArn, securityGroups: ['sg-1', 'sg-2'] }),
      [{ kind: 'is', path: ['SecurityGroups'], value: ['sg-1', 'sg-2'] }],
    ],
    [
      'the kind of its addresses',
      call('SetIpAddressType', { loadBalancerArn, ipAddressType: 'dualstack' }),
      [{ kind: 'is', path: ['IpAddressType'], value: 'dualstack' }],
    ],
    [
      'the new listener',
      call('CreateListener', { loadBalancerArn }, { listeners: [{ listenerArn }] }),
      [{ kind: 'has', path: ['Listeners'], value: { ListenerArn: listenerArn } }],
    ],
    ['any change of a listener', call('ModifyListener', { listenerArn, port: 80 }), [{ kind: 'change' }]],
    [
      'the listener no more',
      call('DeleteListener', { listenerArn }),
      [{ kind: 'lacks', path: ['Listeners'], value: { ListenerArn: listenerArn } }],
    ],
    [
      'the tag',
      call('AddTags', { resourceArns: [loadBalancerArn], tags: [{ key: 'team', value: 'a' }] }),
      [{ kind: 'is', path: ['Tags', 'team'], value: 'a' }],
    ],
  ])('%s', (_, event, expected) => {
    expect(touched('elasticloadbalancing', event)[0]?.witnesses).toEqual(expected)
  })
})
