import type { ListTagsForResourceResponse, ListWebACLsResponse, ResourceType, Scope, Tag } from '@aws-sdk/client-wafv2'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher, Page } from '../fetcher.ts'
import { must, together } from '../reading.ts'
import { wafv2WebAclShape } from '../shapes/wafv2-webacl.ts'

const type = 'AWS.WAFv2.WebACL'

/** The one region that answers for CloudFront's web ACLs, whose ARNs name it too. */
const cloudFrontRegion = 'us-east-1'

/** What a regional web ACL may stand before. */
const protectable: readonly ResourceType[] = [
  'APPLICATION_LOAD_BALANCER',
  'API_GATEWAY',
  'APPSYNC',
  'COGNITO_USER_POOL',
  'APP_RUNNER_SERVICE',
  'VERIFIED_ACCESS_INSTANCE',
  'AGENTCORE_GATEWAY',
]
const everywhere: ReadonlySet<ResourceType> = new Set(['APPLICATION_LOAD_BALANCER', 'API_GATEWAY'])

/**
 * `arn:aws:wafv2:{region}:{accountId}:regional/webacl/{name}/{id}`, and `…:us-east-1:{accountId}:global/webacl/…` for CloudFront.
 * Read in one round of calls.
 */
export const wafv2WebAcl: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  async *list(session, token) {
    const from = token ?? 'REGIONAL '
    if (from.startsWith('REGIONAL ')) {
      for await (const { ids, next } of pages(session, 'REGIONAL', from.slice('REGIONAL '.length)))
        yield { ids, next: next ?? (session.region === cloudFrontRegion ? 'CLOUDFRONT ' : null) }
    }
    if (session.region !== cloudFrontRegion) return
    yield* pages(session, 'CLOUDFRONT', from.startsWith('CLOUDFRONT ') ? from.slice('CLOUDFRONT '.length) : '')
  },
  async fetch(session, ref) {
    const { GetLoggingConfigurationCommand, GetWebACLCommand } = await import('@aws-sdk/client-wafv2')
    const { partition, region, accountId } = session
    const [where, kind, Name, Id] = ref.id.slice(`arn:${partition}:wafv2:${region}:${accountId}:`.length).split('/')
    const arn = `arn:${partition}:wafv2:${region}:${accountId}:${where}/webacl/${Name}/${Id}`
    if (arn !== ref.id || kind !== 'webacl' || Name === undefined || Id === undefined) return { status: 'gone' }
    const Scope = where === 'global' ? 'CLOUDFRONT' : 'REGIONAL'
    const client = await session.client('wafv2')
    const found = await together(
      unless(client.send(new GetWebACLCommand({ Name, Id, Scope })), 'WAFNonexistentItem'),
      Promise.all([
        unless(client.send(new GetLoggingConfigurationCommand({ ResourceArn: arn })), 'WAFNonexistentItem'),
        tagsOf(session, arn),
        Scope === 'CLOUDFRONT' ? null : associatedWith(session, arn),
      ]),
    )
    if (found === null) return { status: 'gone' }
    const [{ WebACL }, [logging, tags, associated]] = found
    const acl = legible(must(WebACL, 'WebACL'))
    const attributes = wafv2WebAclShape.parse({
      ...acl,
      AccountId: accountId,
      Region: region,
      ResourceId: arn,
      ResourceType: type,
      Tags: tags,
      Arn: arn,
      AssociatedResources: associated,
      LoggingConfiguration: logging?.LoggingConfiguration,
      Scope,
      WebACLId: acl.Id,
    })
    return { status: 'present', attributes }
  },
}

/** What is searched for stands in bytes, deep inside statements. */
function legible<Answer>(value: Answer): Answer {
  if (value instanceof Uint8Array) return Buffer.from(value).toString() as Answer
  if (Array.isArray(value)) return value.map(legible) as Answer
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, legible(each)])) as Answer
}

async function* pages(session: Session, scope: Scope, marker: string): AsyncGenerator<Page> {
  const { ListWebACLsCommand } = await import('@aws-sdk/client-wafv2')
  const client = await session.client('wafv2')
  let NextMarker = marker || undefined
  do {
    const page: ListWebACLsResponse = await client.send(new ListWebACLsCommand({ Scope: scope, Limit: 100, NextMarker }))
    NextMarker = page.NextMarker || undefined
    const ids = (page.WebACLs ?? []).map(({ ARN }) => must(ARN, 'ARN'))
    yield { ids, next: NextMarker === undefined ? null : `${scope} ${NextMarker}` }
  } while (NextMarker !== undefined)
}

async function tagsOf(session: Session, ResourceARN: string): Promise<readonly Tag[]> {
  const { ListTagsForResourceCommand } = await import('@aws-sdk/client-wafv2')
  const client = await session.client('wafv2')
  const tags: Tag[] = []
  let NextMarker: string | undefined
  do {
    const page: ListTagsForResourceResponse = await client.send(
      new ListTagsForResourceCommand({ ResourceARN, Limit: 100, NextMarker }),
    )
    tags.push(...(page.TagInfoForResource?.TagList ?? []))
    NextMarker = page.NextMarker || undefined
  } while (NextMarker !== undefined)
  return tags
}

async function associatedWith(session: Session, WebACLArn: string): Promise<readonly string[]> {
  const { ListResourcesForWebACLCommand } = await import('@aws-sdk/client-wafv2')
  const client = await session.client('wafv2')
  const answers = await Promise.all(
    protectable.map((ResourceType) => {
      const answer = client.send(new ListResourcesForWebACLCommand({ WebACLArn, ResourceType }))
      // A kind of resource that the region does not have is not a valid value there.
      return everywhere.has(ResourceType) ? answer : unless(answer, 'WAFInvalidParameter')
    }),
  )
  return [...new Set(answers.flatMap((answer) => answer?.ResourceArns ?? []))]
}
