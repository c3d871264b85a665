import type { Sessions } from '#aws'

/** A page of an account's event history in one region. */
export interface EventPage {
  /** Raw records, for the decoder. */
  readonly records: readonly string[]
  /** Where it goes on; null at the end. */
  readonly next: string | null
}
/** All management events of a time, as CloudTrail keeps them for 90 days, whether or not there is a trail. */
export interface EventPages {
  /** Newest first. `next` belongs to the page before, of the same time. Throws AwsError. */
  page(
    where: { readonly accountId: string; readonly region: string },
    time: { readonly from: Date; readonly until: Date },
    next: string | null,
    signal: AbortSignal,
  ): Promise<EventPage>
}

const pageSize = 50

/** Asks `LookupEvents` through the account's audit role: at most two calls a second an account and region, AWS's own limit. */
export function createEventPages({ sessions }: { readonly sessions: Sessions }): EventPages {
  return {
    async page({ accountId, region }, { from, until }, next, signal) {
      const { LookupEventsCommand } = await import('@aws-sdk/client-cloudtrail')
      const client = await sessions.open(accountId, region, signal).client('cloudtrail')
      const { Events, NextToken } = await client.send(
        new LookupEventsCommand({
          StartTime: from,
          EndTime: until,
          MaxResults: pageSize,
          ...(next === null ? {} : { NextToken: next }),
        }),
      )
      const records = (Events ?? []).flatMap(({ CloudTrailEvent }) => (CloudTrailEvent === undefined ? [] : [CloudTrailEvent]))
      return { records, next: NextToken === undefined || NextToken === '' ? null : NextToken }
    },
  }
}
