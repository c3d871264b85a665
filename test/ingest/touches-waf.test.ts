import { describe, expect, test } from 'vitest'
import { inShort, touched, type Call } from '../support/touched.ts'

const account = '111111111111'
const id = '3bffd3ed-fa2e-445e-869f-a6a7cf153fd3'
const balancer = `arn:aws:elasticloadbalancing:us-east-1:${account}:loadbalancer/app/shop/50dc6c495c0c9188`
const stage = 'arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5/stages/prod'
const tags = [{ key: 'team', value: 'shop' }]

describe.each([
  { service: 'waf', arn: `arn:aws:waf::${account}:webacl/${id}`, region: 'global', type: 'AWS.WAF.WebACL' },
  {
    service: 'waf-regional',
    arn: `arn:aws:waf-regional:us-east-1:${account}:webacl/${id}`,
    region: 'us-east-1',
    type: 'AWS.WAF.Regional.WebACL',
  },
])('$service', ({ service, arn, region, type }) => {
  const here = `${region} ${arn}`

  test.each<[Call, readonly string[]]>([
    [
      {
        name: 'CreateWebACL',
        request: { name: 'shop', metricName: 'shop', defaultAction: { type: 'ALLOW' } },
        response: { webACL: { webACLId: id, webACLArn: arn } },
      },
      [`create ${here}`],
    ],
    [{ name: 'UpdateWebACL', request: { webACLId: id, changeToken: 't' } }, [`update ${here}`]],
    [
      { name: 'PutLoggingConfiguration', request: { loggingConfiguration: { resourceArn: arn, logDestinationConfigs: ['x'] } } },
      [`update ${here}`],
    ],
    [{ name: 'DeleteLoggingConfiguration', request: { resourceArn: arn } }, [`update ${here}`]],
    [{ name: 'TagResource', request: { resourceARN: arn, tags } }, [`update ${here}`]],
    [{ name: 'UntagResource', request: { resourceARN: arn, tagKeys: ['team'] } }, [`update ${here}`]],
    [{ name: 'DeleteWebACL', request: { webACLId: id, changeToken: 't' } }, [`delete ${here}`]],
    // A rule's tags and another account's web ACL are not ours.
    [{ name: 'TagResource', request: { resourceARN: arn.replace('webacl/', 'rule/'), tags } }, []],
    [{ name: 'TagResource', request: { resourceARN: arn.replace(account, '222222222222'), tags } }, []],
    // Which web ACLs have it, a rule's update does not say.
    [{ name: 'UpdateRule', request: { ruleId: id, updates: [] } }, []],
  ])('%o', (call, expected) => {
    expect(inShort(touched(service, call))).toEqual(expected)
  })

  test('its web ACLs are of its own kind, never of the other', () => {
    const call = { name: 'UpdateWebACL', request: { webACLId: id } }
    expect(touched(service, call).map(({ ref }) => ref)).toEqual([{ accountId: account, region, type, id: arn }])
    const other =
      service === 'waf' ? `arn:aws:waf-regional:us-east-1:${account}:webacl/${id}` : `arn:aws:waf::${account}:webacl/${id}`
    expect(touched(service, { name: 'TagResource', request: { resourceARN: other, tags } })).toEqual([])
  })

  test('an update shows the default action and the rules that came and went', () => {
    const updates = [
      { action: 'INSERT', activatedRule: { priority: 1, ruleId: 'r-1', action: { type: 'BLOCK' } } },
      { action: 'DELETE', activatedRule: { priority: 2, ruleId: 'r-2', action: { type: 'COUNT' } } },
      // Moved: still there.
      { action: 'DELETE', activatedRule: { priority: 3, ruleId: 'r-1', action: { type: 'BLOCK' } } },
    ]
    const call = { name: 'UpdateWebACL', request: { webACLId: id, defaultAction: { type: 'BLOCK' }, updates } }
    expect(touched(service, call)[0]?.witnesses).toEqual([
      { kind: 'is', path: ['DefaultAction', 'Type'], value: 'BLOCK' },
      { kind: 'has', path: ['Rules'], value: { RuleId: 'r-1' } },
      { kind: 'lacks', path: ['Rules'], value: { RuleId: 'r-2' } },
    ])
    expect(touched(service, { name: 'UpdateWebACL', request: { webACLId: id } })[0]?.witnesses).toEqual([{ kind: 'change' }])
  })

  test('tags show', () => {
    const request = { resourceARN: arn }
    const shown = (call: Call): unknown => touched(service, call)[0]?.witnesses
    expect(shown({ name: 'TagResource', request: { ...request, tags } })).toEqual([
      { kind: 'is', path: ['Tags', 'team'], value: 'shop' },
    ])
    expect(shown({ name: 'UntagResource', request: { ...request, tagKeys: ['team'] } })).toEqual([
      { kind: 'is', path: ['Tags', 'team'], value: null },
    ])
  })
})

describe('waf-regional, and what a web ACL stands before', () => {
  const acl = `us-east-1 arn:aws:waf-regional:us-east-1:${account}:webacl/${id}`
  test.each<[Call, readonly string[]]>([
    [
      { name: 'AssociateWebACL', request: { webACLId: id, resourceArn: balancer } },
      [`update ${acl}`, `update us-east-1 ${balancer}`],
    ],
    [
      { name: 'AssociateWebACL', request: { webAclId: id, resourceArn: balancer } },
      [`update ${acl}`, `update us-east-1 ${balancer}`],
    ],
    [{ name: 'AssociateWebACL', request: { webACLId: id, resourceArn: stage } }, [`update ${acl}`]],
    [{ name: 'DisassociateWebACL', request: { resourceArn: balancer } }, [`update us-east-1 ${balancer}`]],
  ])('%o', (call, expected) => {
    expect(inShort(touched('waf-regional', call))).toEqual(expected)
  })
})

describe('wafv2', () => {
  const arn = `arn:aws:wafv2:us-east-1:${account}:regional/webacl/shop/${id}`
  const front = `arn:aws:wafv2:us-east-1:${account}:global/webacl/shop/${id}`
  const named = { name: 'shop', scope: 'REGIONAL', id }
  const here = `us-east-1 ${arn}`

  test.each<[Call, readonly string[]]>([
    [
      {
        name: 'CreateWebACL',
        request: { name: 'shop', scope: 'REGIONAL', defaultAction: { allow: {} } },
        response: { summary: { name: 'shop', id, aRN: arn } },
      },
      [`create ${here}`],
    ],
    [
      { name: 'CreateWebACL', request: { name: 'shop', scope: 'CLOUDFRONT' }, response: { summary: { aRN: front } } },
      [`create us-east-1 ${front}`],
    ],
    [{ name: 'UpdateWebACL', request: { ...named, lockToken: 't' } }, [`update ${here}`]],
    [{ name: 'UpdateWebACL', request: { ...named, scope: 'CLOUDFRONT' } }, [`update us-east-1 ${front}`]],
    [{ name: 'DeleteWebACL', request: { ...named, lockToken: 't' } }, [`delete ${here}`]],
    [{ name: 'DeleteWebACL', region: 'eu-west-1', request: named }, [`delete eu-west-1 ${arn.replace('us-east-1', 'eu-west-1')}`]],
    [{ name: 'PutLoggingConfiguration', request: { loggingConfiguration: { resourceArn: arn } } }, [`update ${here}`]],
    [{ name: 'DeleteLoggingConfiguration', request: { resourceArn: arn } }, [`update ${here}`]],
    [{ name: 'DeleteFirewallManagerRuleGroups', request: { webACLArn: arn } }, [`update ${here}`]],
    [{ name: 'TagResource', request: { resourceARN: arn, tags } }, [`update ${here}`]],
    [{ name: 'UntagResource', request: { resourceARN: arn, tagKeys: ['team'] } }, [`update ${here}`]],
    [
      { name: 'AssociateWebACL', request: { webACLArn: arn, resourceArn: balancer } },
      [`update ${here}`, `update us-east-1 ${balancer}`],
    ],
    [{ name: 'AssociateWebACL', request: { webACLArn: arn, resourceArn: stage } }, [`update ${here}`]],
    [{ name: 'DisassociateWebACL', request: { resourceArn: balancer } }, [`update us-east-1 ${balancer}`]],
    // An IP set's tags, another account's web ACL, a call across accounts, a web ACL without a name.
    [{ name: 'TagResource', request: { resourceARN: arn.replace('webacl', 'ipset'), tags } }, []],
    [{ name: 'TagResource', request: { resourceARN: arn.replace(account, '222222222222'), tags } }, []],
    [{ name: 'CreateWebACL', response: { summary: { aRN: arn.replace(account, '222222222222') } } }, []],
    [{ name: 'DeleteWebACL', request: { scope: 'REGIONAL', id } }, []],
    [{ name: 'UpdateIPSet', request: named }, []],
    [{ name: 'DisassociateWebACL', request: { resourceArn: balancer.replace(account, '222222222222') } }, []],
  ])('%o', (call, expected) => {
    expect(inShort(touched('wafv2', call))).toEqual(expected)
  })

  test.each<[string, Call, object]>([
    [
      'wafv2',
      { name: 'AssociateWebACL', request: { webACLArn: arn, resourceArn: balancer } },
      { kind: 'is', path: ['WebAcl', 'ARN'], value: arn },
    ],
    [
      'waf-regional',
      { name: 'AssociateWebACL', request: { webACLId: id, resourceArn: balancer } },
      { kind: 'is', path: ['WebAcl', 'WebACLId'], value: id },
    ],
    ...['wafv2', 'waf-regional'].map((service): [string, Call, object] => [
      service,
      { name: 'DisassociateWebACL', request: { resourceArn: balancer } },
      { kind: 'is', path: ['WebAcl'], value: null },
    ]),
  ])('%s %o shows on the load balancer', (service, call, witness) => {
    const found = touched(service, call).find(({ ref }) => ref.type === 'AWS.ELBV2.ApplicationLoadBalancer')
    expect(found).toMatchObject({ ref: { id: balancer, region: 'us-east-1' }, kind: 'update', witnesses: [witness] })
  })

  test.each<[Call, readonly object[]]>([
    [{ name: 'UpdateWebACL', request: named }, [{ kind: 'change' }]],
    [
      { name: 'AssociateWebACL', request: { webACLArn: arn, resourceArn: balancer } },
      [{ kind: 'has', path: ['AssociatedResources'], value: balancer }],
    ],
    [{ name: 'AssociateWebACL', request: { webACLArn: arn, resourceArn: stage } }, [{ kind: 'change' }]],
    [{ name: 'TagResource', request: { resourceARN: arn, tags } }, [{ kind: 'is', path: ['Tags', 'team'], value: 'shop' }]],
    [
      { name: 'UntagResource', request: { resourceARN: arn, tagKeys: ['team'] } },
      [{ kind: 'is', path: ['Tags', 'team'], value: null }],
    ],
  ])('%o shows', (call, expected) => {
    expect(touched('wafv2', call)[0]?.witnesses).toEqual(expected)
  })
})
