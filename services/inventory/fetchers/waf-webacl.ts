import type { ActivatedRule, ListWebACLsResponse, Tag, WAFClient } from '@aws-sdk/client-waf'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { idPages, lastPart, must, together } from '../reading.ts'
import { wafRegionalWebAclShape, wafWebAclShape } from '../shapes/waf-webacl.ts'

// AWS WAF Classic, which AWS is switching off; its successor is read in `wafv2-webacl.ts`.

type Scope = Fetcher['scope']

/** `arn:aws:waf::{accountId}:webacl/{id}`, for CloudFront; read in one round of calls and a second for the rules. */
export const wafWebAcl: Fetcher = webAcls('AWS.WAF.WebACL', 'global')
/** `arn:aws:waf-regional:{region}:{accountId}:webacl/{id}`, for load balancers and API stages; read in the same way. */
export const wafRegionalWebAcl: Fetcher = webAcls('AWS.WAF.Regional.WebACL', 'regional')

function webAcls(type: string, scope: Scope): Fetcher {
  return {
    type,
    shape: 1,
    scope,
    async *list(session, token) {
      yield* idPages(
        listed(session, scope, token),
        ({ WebACLs }) => WebACLs?.map(({ WebACLId }) => arnOf(session, scope, must(WebACLId, 'WebACLId'))),
        ({ NextMarker }) => NextMarker,
      )
    },
    async fetch(session, ref) {
      const id = lastPart(ref.id)
      const arn = arnOf(session, scope, id)
      if (arn !== ref.id) return { status: 'gone' }
      const { aws, client } = await open(session, scope)
      const found = await together(
        unless(client.send(new aws.GetWebACLCommand({ WebACLId: id })), 'WAFNonexistentItem'),
        Promise.all([
          unless(client.send(new aws.GetLoggingConfigurationCommand({ ResourceArn: arn })), 'WAFNonexistentItem'),
          tagsOf(session, scope, arn),
          scope === 'global' ? null : associatedWith(session, id),
        ]),
      )
      if (found === null) return { status: 'gone' }
      const [{ WebACL }, [logging, tags, associated]] = found
      const acl = must(WebACL, 'WebACL')
      const attributes = (scope === 'global' ? wafWebAclShape : wafRegionalWebAclShape).parse({
        ...acl,
        AccountId: session.accountId,
        Region: scope === 'global' ? 'global' : session.region,
        ResourceId: arn,
        ResourceType: type,
        Tags: tags,
        Arn: arn,
        Id: acl.WebACLId,
        AssociatedResources: associated,
        LoggingConfiguration: logging?.LoggingConfiguration,
        Rules: await Promise.all((acl.Rules ?? []).map((rule) => withBody(session, scope, rule))),
      })
      return { status: 'present', attributes }
    },
  }
}

/** The two APIs have the same calls and answers, under other names and addresses. */
async function open(session: Session, scope: Scope) {
  if (scope === 'global') return { aws: await import('@aws-sdk/client-waf'), client: await session.client('waf') }
  const aws: unknown = await import('@aws-sdk/client-waf-regional')
  const client: unknown = await session.client('wafRegional')
  return { aws: aws as typeof import('@aws-sdk/client-waf'), client: client as WAFClient }
}

async function* listed(session: Session, scope: Scope, token: string | null): AsyncGenerator<ListWebACLsResponse> {
  const { aws, client } = await open(session, scope)
  // Regions that came after its successor have no address for it.
  const none = scope === 'regional' ? ['ENOTFOUND'] : []
  let NextMarker = token ?? undefined
  do {
    const page = await unless(client.send(new aws.ListWebACLsCommand({ Limit: 100, NextMarker })), ...none)
    yield page ?? {}
    NextMarker = page?.NextMarker || undefined
  } while (NextMarker !== undefined)
}

async function tagsOf(session: Session, scope: Scope, ResourceARN: string): Promise<readonly Tag[]> {
  const { aws, client } = await open(session, scope)
  const tags: Tag[] = []
  let NextMarker: string | undefined
  do {
    const page = await client.send(new aws.ListTagsForResourceCommand({ ResourceARN, Limit: 100, NextMarker }))
    tags.push(...(page.TagInfoForResource?.TagList ?? []))
    NextMarker = page.NextMarker || undefined
  } while (NextMarker !== undefined)
  return tags
}

async function associatedWith(session: Session, WebACLId: string): Promise<readonly string[]> {
  const { ListResourcesForWebACLCommand } = await import('@aws-sdk/client-waf-regional')
  const client = await session.client('wafRegional')
  const kinds = ['APPLICATION_LOAD_BALANCER', 'API_GATEWAY'] as const
  const answers = await Promise.all(
    kinds.map((ResourceType) => client.send(new ListResourcesForWebACLCommand({ WebACLId, ResourceType }))),
  )
  return [...new Set(answers.flatMap(({ ResourceArns }) => ResourceArns ?? []))]
}

/** An entry of a web ACL together with the rule, rate-based rule or rule group that it stands for. */
async function withBody(session: Session, scope: Scope, entry: ActivatedRule) {
  const { aws, client } = await open(session, scope)
  const RuleId = must(entry.RuleId, 'RuleId')
  if (entry.Type === 'GROUP') {
    const { RuleGroup } = await client.send(new aws.GetRuleGroupCommand({ RuleGroupId: RuleId }))
    return { ...must(RuleGroup, 'RuleGroup'), ...entry }
  }
  if (entry.Type === 'RATE_BASED') {
    const { Rule } = await client.send(new aws.GetRateBasedRuleCommand({ RuleId }))
    return { ...must(Rule, 'Rule'), Predicates: Rule?.MatchPredicates, ...entry }
  }
  const { Rule } = await client.send(new aws.GetRuleCommand({ RuleId }))
  return { ...must(Rule, 'Rule'), ...entry }
}

function arnOf({ partition, region, accountId }: Session, scope: Scope, id: string): string {
  return `arn:${partition}:${scope === 'global' ? 'waf:' : `waf-regional:${region}`}:${accountId}:webacl/${id}`
}
