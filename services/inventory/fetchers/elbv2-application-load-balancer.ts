import type { Listener } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, gather, idPages, must, resourceOf, together } from '../reading.ts'
import { elbv2ApplicationLoadBalancerShape } from '../shapes/elbv2-application-load-balancer.ts'

const type = 'AWS.ELBV2.ApplicationLoadBalancer'

/**
 * `arn:{partition}:elasticloadbalancing:{region}:{accountId}:loadbalancer/{app|net|gateway}/{name}/{id}`, read in two rounds of
 * calls. All kinds of load balancers, despite the type's name; only those for HTTP (`app`) can have a web ACL.
 */
export const elbv2ApplicationLoadBalancer: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: ['State'],
  async *list(session, token) {
    const { paginateDescribeLoadBalancers } = await import('@aws-sdk/client-elastic-load-balancing-v2')
    const paging = { client: await session.client('elbv2'), pageSize: 400, ...after(token) }
    yield* idPages(
      paginateDescribeLoadBalancers(paging, {}),
      ({ LoadBalancers }) => LoadBalancers?.map(({ LoadBalancerArn }) => must(LoadBalancerArn, 'LoadBalancerArn')),
      ({ NextMarker }) => NextMarker,
    )
  },
  async fetch(session, ref) {
    const resource = resourceOf(session, 'elasticloadbalancing', ref.id) ?? ''
    if (!/^loadbalancer\/(?:app|net|gateway)\/[\w-]+\/[0-9a-f]+$/.test(resource)) return { status: 'gone' }
    const found = await together(describe(session, ref.id), readParts(session, ref.id))
    if (found === null) return { status: 'gone' }
    const [balancer, { tags, listeners, webAcl }] = found
    const [SSLPolicies, classicWebAcl] = await Promise.all([
      sslPolicies(session, listeners),
      webAcl === null && balancer.Type === 'application' ? askClassicWaf(session, ref.id) : null,
    ])
    const attributes = elbv2ApplicationLoadBalancerShape.parse({
      ...balancer,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: balancer.LoadBalancerArn,
      ResourceType: type,
      Tags: tags,
      TimeCreated: balancer.CreatedTime,
      Arn: balancer.LoadBalancerArn,
      Name: balancer.LoadBalancerName,
      CanonicalHostedZonedId: balancer.CanonicalHostedZoneId,
      Listeners: listeners,
      SSLPolicies,
      WebAcl: webAcl ?? classicWebAcl,
    })
    return { status: 'present', attributes }
  },
}

async function describe(session: Session, arn: string) {
  const { DescribeLoadBalancersCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2')
  const elb = await session.client('elbv2')
  const answer = await unless(elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] })), 'LoadBalancerNotFound')
  return answer?.LoadBalancers?.[0] ?? null
}

async function readParts(session: Session, arn: string) {
  const { DescribeTagsCommand, paginateDescribeListeners } = await import('@aws-sdk/client-elastic-load-balancing-v2')
  const client = await session.client('elbv2')
  const [{ TagDescriptions }, listeners, webAcl] = await Promise.all([
    client.send(new DescribeTagsCommand({ ResourceArns: [arn] })),
    gather(paginateDescribeListeners({ client, pageSize: 100 }, { LoadBalancerArn: arn }), (page) => page.Listeners),
    arn.includes(':loadbalancer/app/') ? askWaf(session, arn) : null,
  ])
  return { tags: TagDescriptions?.[0]?.Tags, listeners, webAcl }
}

/** What the security policies that the listeners name stand for. */
async function sslPolicies(session: Session, listeners: readonly Listener[]) {
  const names = [...new Set(listeners.flatMap(({ SslPolicy }) => SslPolicy ?? []))]
  if (names.length === 0) return null
  const { DescribeSSLPoliciesCommand } = await import('@aws-sdk/client-elastic-load-balancing-v2')
  const elb = await session.client('elbv2')
  const { SslPolicies } = await elb.send(new DescribeSSLPoliciesCommand({ Names: names }))
  return Object.fromEntries((SslPolicies ?? []).map((policy) => [must(policy.Name, 'Name'), policy] as const))
}

async function askWaf(session: Session, ResourceArn: string) {
  const { GetWebACLForResourceCommand } = await import('@aws-sdk/client-wafv2')
  const waf = await session.client('wafv2')
  const { WebACL } = await waf.send(new GetWebACLForResourceCommand({ ResourceArn }))
  return WebACL ? { ARN: WebACL.ARN, Name: WebACL.Name, WebACLId: WebACL.Id } : null
}

/**
 * The web ACL of classic WAF, which AWS is ending. It has none for us when it does not know the load balancer, refuses to serve
 * any more (`WAFBadRequest`), or has no address in the region.
 */
async function askClassicWaf(session: Session, ResourceArn: string) {
  const { GetWebACLForResourceCommand } = await import('@aws-sdk/client-waf-regional')
  const waf = await session.client('wafRegional')
  const ask = waf.send(new GetWebACLForResourceCommand({ ResourceArn }))
  const acl = (await unless(ask, 'WAFNonexistentItem', 'WAFBadRequest', 'ENOTFOUND'))?.WebACLSummary
  if (acl === undefined) return null
  const { partition, region, accountId } = session
  return { ...acl, ARN: `arn:${partition}:waf-regional:${region}:${accountId}:webacl/${acl.WebACLId}` }
}
