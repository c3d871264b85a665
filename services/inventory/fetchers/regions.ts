import type { Session } from '#aws'
import { awsCodeOf } from '../error.ts'
import { must } from '../reading.ts'

/** The id of what there is once in an account's region. */
export function regionalId({ accountId, region }: Pick<Session, 'accountId' | 'region'>, type: string): string {
  return `${accountId}:${region}:${type}`
}

/**
 * What a read finds in each region that the account has switched on. One that cannot be read fails them all: what is not seen is
 * not "none". Only where the service has no address, as in a new region that it has not come to, there is nothing of it.
 */
export async function inEveryRegion<Found>(session: Session, read: (region: string) => Promise<Found>): Promise<readonly Found[]> {
  const { DescribeRegionsCommand } = await import('@aws-sdk/client-ec2')
  const ec2 = await session.client('ec2')
  const { Regions } = await ec2.send(new DescribeRegionsCommand({}))
  const regions = must(Regions, 'Regions').map(({ RegionName }) => must(RegionName, 'RegionName'))
  const results = await Promise.allSettled(regions.map(read))
  const failures = results.filter((each) => each.status === 'rejected').map(({ reason }): unknown => reason)
  const isAway = (error: unknown): boolean => awsCodeOf(error) === 'ENOTFOUND'
  const failure = failures.length === results.length ? failures[0] : failures.find((each) => !isAway(each))
  if (failure !== undefined) throw failure
  return results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
}
