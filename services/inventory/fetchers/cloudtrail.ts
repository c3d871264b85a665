import type { Trail } from '@aws-sdk/client-cloudtrail'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { gather, must, together } from '../reading.ts'
import { cloudtrailShape } from '../shapes/cloudtrail.ts'

const type = 'AWS.CloudTrail'

/**
 * `arn:aws:cloudtrail:{homeRegion}:{accountId}:trail/{name}`, read in one round of calls in the trail's home region: elsewhere
 * there are only shadows of it. A trail of the organisation belongs to the account that made it.
 */
export const cloudtrail: Fetcher = {
  type,
  shape: 2,
  scope: 'regional',
  // What the delivery of the log does from hour to hour.
  volatile: [
    'CloudWatchLogsDeliveryTime',
    'DeliveryAttemptSucceeded',
    'DeliveryAttemptTime',
    'DeliveryTime',
    'DigestDeliveryTime',
    'NotificationAttemptSucceeded',
    'NotificationAttemptTime',
    'NotificationTime',
  ].map((key) => `Status.Latest${key}`),
  async *list(session) {
    const { DescribeTrailsCommand } = await import('@aws-sdk/client-cloudtrail')
    const client = await session.client('cloudtrail')
    const { trailList } = await client.send(new DescribeTrailsCommand({ includeShadowTrails: false }))
    const own = (trailList ?? []).filter((trail) => trail.HomeRegion === session.region && isOwn(session, trail))
    yield { ids: own.map(({ TrailARN }) => must(TrailARN, 'TrailARN')), next: null }
  },
  async fetch(session, ref) {
    const region = ref.id.split(':')[3] ?? session.region
    const found = await together(describe(session, region, ref.id), readParts(session, region, ref.id))
    if (found === null) return { status: 'gone' }
    const [trail, { status, selectors, tags }] = found
    const attributes = cloudtrailShape.parse({
      ...trail,
      AccountId: session.accountId,
      Region: trail.HomeRegion ?? region,
      ResourceId: trail.TrailARN,
      ResourceType: type,
      Tags: tags,
      Arn: trail.TrailARN,
      AdvancedEventSelectors: selectors.AdvancedEventSelectors,
      EventSelectors: selectors.EventSelectors,
      Status: status,
    })
    return { status: 'present', attributes }
  },
}

async function describe(session: Session, region: string, arn: string): Promise<Trail | null> {
  const { DescribeTrailsCommand } = await import('@aws-sdk/client-cloudtrail')
  const client = await session.client('cloudtrail', region)
  const answer = await unless(client.send(new DescribeTrailsCommand({ trailNameList: [arn] })), 'TrailNotFound')
  return answer?.trailList?.find((trail) => trail.TrailARN === arn && isOwn(session, trail)) ?? null
}

async function readParts(session: Session, region: string, arn: string) {
  const aws = await import('@aws-sdk/client-cloudtrail')
  const client = await session.client('cloudtrail', region)
  const [status, selectors, tags] = await Promise.all([
    client.send(new aws.GetTrailStatusCommand({ Name: arn })),
    client.send(new aws.GetEventSelectorsCommand({ TrailName: arn })),
    gather(aws.paginateListTags({ client }, { ResourceIdList: [arn] }), (page) =>
      page.ResourceTagList?.flatMap(({ TagsList }) => TagsList ?? []),
    ),
  ])
  return { status, selectors, tags }
}

function isOwn(session: Session, trail: Trail): boolean {
  return trail.TrailARN?.split(':')[4] === session.accountId
}
