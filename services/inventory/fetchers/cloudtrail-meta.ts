import type { GetEventSelectorsResponse, Trail } from '@aws-sdk/client-cloudtrail'
import type { Session } from '#aws'
import { must } from '../reading.ts'
import { cloudtrailMetaShape } from '../shapes/cloudtrail-meta.ts'
import { accountWide } from './account-wide.ts'
import { inEveryRegion } from './regions.ts'

/**
 * `{accountId}::AWS.CloudTrail.Meta`: all trails that log the account's events, the organisation's too, and what those log that
 * do so in every region. Each region is asked, since a trail of one region shows nowhere else.
 */
export const cloudtrailMeta = accountWide('AWS.CloudTrail.Meta', cloudtrailMetaShape, async (session) => {
  const found = await inEveryRegion(session, (region) => trailsIn(session, region))
  const trails = new Map(found.flat().map((trail) => [must(trail.TrailARN, 'TrailARN'), trail]))
  const selectors = await Promise.all(
    [...trails].flatMap(([arn, trail]) => (trail.IsMultiRegionTrail === true ? [selectorsOf(session, arn, trail)] : [])),
  )
  return {
    GlobalAdvancedEventSelectors: selectors.flatMap(({ AdvancedEventSelectors }) => AdvancedEventSelectors ?? []),
    GlobalEventSelectors: selectors.flatMap(({ EventSelectors }) => EventSelectors ?? []),
    Trails: [...trails.keys()].toSorted(),
  }
})

async function trailsIn(session: Session, region: string): Promise<readonly Trail[]> {
  const { DescribeTrailsCommand } = await import('@aws-sdk/client-cloudtrail')
  const client = await session.client('cloudtrail', region)
  return (await client.send(new DescribeTrailsCommand({ includeShadowTrails: true }))).trailList ?? []
}

/** What a trail selects; nothing when it does not log. */
async function selectorsOf(session: Session, arn: string, { HomeRegion }: Trail): Promise<GetEventSelectorsResponse> {
  const { GetEventSelectorsCommand, GetTrailStatusCommand } = await import('@aws-sdk/client-cloudtrail')
  const client = await session.client('cloudtrail', must(HomeRegion, 'HomeRegion'))
  const [{ IsLogging }, selectors] = await Promise.all([
    client.send(new GetTrailStatusCommand({ Name: arn })),
    client.send(new GetEventSelectorsCommand({ TrailName: arn })),
  ])
  return must(IsLogging, 'IsLogging') ? selectors : {}
}
