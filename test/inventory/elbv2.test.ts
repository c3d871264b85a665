import * as ec2 from '@aws-sdk/client-ec2'
import * as aws from '@aws-sdk/client-elastic-load-balancing-v2'
import * as wafv2 from '@aws-sdk/client-wafv2'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { diff } from '#model'
import { needMoto } from '../support/moto.ts'
import { playRecordings } from '../support/recordings.ts'
import { touched } from '../support/touched.ts'
import { documentedActions, neededActions } from './access.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'

const type = 'AWS.ELBV2.ApplicationLoadBalancer'
const closed = [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503', ContentType: 'text/plain' } }] as const

test('the example of a load balancer is complete', () => {
  expect(deviations(shapes[type], readExample(type))).toEqual([])
  expect(gaps(readExample(type))).toEqual([])
})

describe.runIf(needMoto('load balancers on moto'))('load balancers on moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let elb: aws.ElasticLoadBalancingV2Client
  let waf: wafv2.WAFV2Client
  let subnets: string[]

  beforeAll(async () => {
    stand = await openStand()
    const options = await stand.options(one)
    elb = new aws.ElasticLoadBalancingV2Client(options)
    waf = new wafv2.WAFV2Client(options)
    const network = new ec2.EC2Client(options)
    const { Vpc } = await network.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
    const made = await Promise.all(
      ['a', 'b'].map((zone, index) =>
        network.send(
          new ec2.CreateSubnetCommand({
            VpcId: Vpc?.VpcId,
            CidrBlock: `10.0.${index}.0/24`,
            AvailabilityZone: `eu-west-1${zone}`,
          }),
        ),
      ),
    )
    subnets = made.map(({ Subnet }) => Subnet?.SubnetId ?? '')
    // moto takes its time over the first call to a service and of an account.
    const clientsOf = async (id: string) => new aws.ElasticLoadBalancingV2Client(await stand.options(id))
    for (const each of [one, two]) await (await clientsOf(each)).send(new aws.DescribeLoadBalancersCommand({}))
    await waf.send(new wafv2.ListWebACLsCommand({ Scope: 'REGIONAL' }))
  }, 120_000)
  // moto has no classic WAF.
  beforeEach(() => playRecordings(stand.proxy, 'waf-regional.GetWebACLForResource.none'))
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function create(Name: string, Type: aws.LoadBalancerTypeEnum = 'application'): Promise<string> {
    const command = new aws.CreateLoadBalancerCommand({ Name, Subnets: subnets, Type, Tags: [{ Key: 'team', Value: 'shop' }] })
    return (await elb.send(command)).LoadBalancers?.[0]?.LoadBalancerArn ?? ''
  }

  test('shows its listeners, and what the security policy that they name stands for', async () => {
    const arn = await create('secure')
    const before = await stand.attributes(type, arn)
    expect(before).toMatchObject({
      Name: 'secure',
      LoadBalancerArn: arn,
      Type: 'application',
      Tags: { team: 'shop' },
      CanonicalHostedZonedId: expect.any(String),
      Listeners: null,
      SSLPolicies: null,
      WebAcl: null,
    })
    const listener = { LoadBalancerArn: arn, Protocol: 'HTTPS', Port: 443, SslPolicy: 'ELBSecurityPolicy-2016-08' } as const
    const Certificates = [{ CertificateArn: `arn:aws:iam::${one}:server-certificate/shop` }]
    await elb.send(new aws.CreateListenerCommand({ ...listener, Certificates, DefaultActions: [...closed] }))
    const after = await stand.attributes(type, arn)
    expect(after).toMatchObject({
      Listeners: [{ LoadBalancerArn: arn, Port: 443, DefaultActions: [{ FixedResponseConfig: { StatusCode: '503' } }] }],
      SSLPolicies: { 'ELBSecurityPolicy-2016-08': { SslProtocols: expect.arrayContaining(['TLSv1.2']) } },
    })
    expect(diff(before, after).map(({ path }) => path)).toEqual(['Listeners', 'SSLPolicies'])
  })

  test('its web ACL is asked of WAF, and of classic WAF only when that knows none', async () => {
    const arn = await create('walled')
    const { Summary } = await waf.send(
      new wafv2.CreateWebACLCommand({
        Name: 'wall',
        Scope: 'REGIONAL',
        DefaultAction: { Block: {} },
        VisibilityConfig: { SampledRequestsEnabled: false, CloudWatchMetricsEnabled: false, MetricName: 'wall' },
      }),
    )
    await waf.send(new wafv2.AssociateWebACLCommand({ WebACLArn: Summary?.ARN, ResourceArn: arn }))
    const WebAcl = { WebACLId: Summary?.Id, Name: 'wall', ARN: Summary?.ARN }
    expect(await stand.attributes(type, arn)).toMatchObject({ WebAcl })
    expect(neededActions(stand.proxy, ['waf-regional'])).toEqual([])
    await waf.send(new wafv2.DisassociateWebACLCommand({ ResourceArn: arn }))
    playRecordings(stand.proxy, 'waf-regional.GetWebACLForResource.one')
    const id = '3bffd3ed-fa2e-445e-869f-a6a7cf153fd3'
    expect(await stand.attributes(type, arn)).toMatchObject({
      WebAcl: { WebACLId: id, Name: 'classic', ARN: `arn:aws:waf-regional:eu-west-1:${one}:webacl/${id}` },
    })
  })

  test.each(['WAFNonexistentItemException', 'WAFBadRequestException', 'ENOTFOUND'])(
    'classic WAF that says %s has no web ACL for it',
    async (code) => {
      const arn = await create(`classic-${code.slice(0, 8)}`)
      stand.proxy.inject({ service: 'waf-regional' }, { kind: 'error', code, status: 400 })
      expect(await stand.attributes(type, arn)).toMatchObject({ WebAcl: null })
    },
  )

  test('a network load balancer is kept too, and no WAF is asked about it', async () => {
    const arn = await create('lines', 'network')
    expect(await stand.attributes(type, arn)).toMatchObject({ Type: 'network', WebAcl: null })
    expect(neededActions(stand.proxy, ['waf-regional'])).toEqual([])
    // moto's ARNs call every load balancer an application's; AWS's do not, and so WAF is not asked at all.
    stand.proxy.clear()
    await stand.fetch(type, arn.replace('/app/', '/net/'))
    expect(neededActions(stand.proxy, ['wafv2', 'waf-regional'])).toEqual([])
  })

  test('the event of a listener leads to its load balancer', async () => {
    const arn = await create('told')
    const { Listeners } = await elb.send(
      new aws.CreateListenerCommand({ LoadBalancerArn: arn, Protocol: 'HTTP', Port: 80, DefaultActions: [...closed] }),
    )
    const listenerArn = Listeners?.[0]?.ListenerArn ?? ''
    const call = { name: 'ModifyListener', region: 'eu-west-1', request: { listenerArn }, extra: { apiVersion: '2015-12-01' } }
    const [touch] = touched('elasticloadbalancing', call)
    expect(await stand.attributes(type, touch?.ref.id ?? '')).toMatchObject({ ResourceId: arn })
  })

  test('a deleted load balancer is gone, as is one of another account, and what is none', async () => {
    const arn = await create('short-lived')
    const gone = { status: 'gone' }
    expect(await stand.fetch(type, arn, two)).toEqual(gone)
    expect(await stand.fetch(type, arn.replace(one, two))).toEqual(gone)
    expect(await stand.fetch(type, `arn:aws:elasticloadbalancing:eu-west-1:${one}:loadbalancer/classic`)).toEqual(gone)
    await elb.send(new aws.DeleteLoadBalancerCommand({ LoadBalancerArn: arn }))
    expect(await stand.fetch(type, arn)).toEqual(gone)
  })

  test('only the load balancers of the account are listed', async () => {
    const arn = await create('listed')
    expect(await stand.list(type)).toContain(arn)
    expect(await stand.list(type, two)).toEqual([])
  })

  test('a load balancer of which any read is denied is unknown, and every read is documented', async () => {
    const arn = await create('guarded')
    const listener = { LoadBalancerArn: arn, Protocol: 'HTTPS', Port: 443, SslPolicy: 'ELBSecurityPolicy-2016-08' } as const
    const Certificates = [{ CertificateArn: `arn:aws:iam::${one}:server-certificate/shop` }]
    await elb.send(new aws.CreateListenerCommand({ ...listener, Certificates, DefaultActions: [...closed] }))
    const denied = { kind: 'error', code: 'AccessDenied', status: 403 } as const
    const reads = [
      ['elasticloadbalancing', 'DescribeLoadBalancers'],
      ['elasticloadbalancing', 'DescribeTags'],
      ['elasticloadbalancing', 'DescribeListeners'],
      ['elasticloadbalancing', 'DescribeSSLPolicies'],
      ['wafv2', 'GetWebACLForResource'],
      ['waf-regional', 'GetWebACLForResource'],
    ] as const
    for (const [service, operation] of reads) {
      stand.proxy.clear()
      playRecordings(stand.proxy, 'waf-regional.GetWebACLForResource.none')
      stand.proxy.inject({ service, operation }, denied)
      await expect(stand.fetch(type, arn)).rejects.toMatchObject({ code: 'access-denied', retryable: false })
    }
    stand.proxy.clear()
    playRecordings(stand.proxy, 'waf-regional.GetWebACLForResource.none')
    await stand.list(type)
    await stand.attributes(type, arn)
    expect(neededActions(stand.proxy, ['elasticloadbalancing'])).toEqual(documentedActions(['elasticloadbalancing']))
    const wafs = ['wafv2', 'waf-regional']
    expect(documentedActions(wafs)).toEqual(expect.arrayContaining([...neededActions(stand.proxy, wafs), 'wafv2:GetWebACL']))
  })
})
