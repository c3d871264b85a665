import type { Sessions } from '#aws'

/** What CloudTrail remembers by itself: 90 days of management events, whether or not there is a trail. */
export interface EventHistory {
  /** The records that name a resource, newest first, as CloudTrail keeps them; raw text, for the decoder. Throws AwsError. */
  of(where: { accountId: string; region: string }, resourceName: string, signal: AbortSignal): Promise<readonly string[]>
}

/** Most of what names a resource only reads it: one page may hold no write. */
const pages = 3
const pageSize = 50

/** Asks `LookupEvents` through the account's audit role, at most two calls a second an account and region: AWS's own limit, which people in the console share. */
export function createEventHistory({ sessions }: { readonly sessions: Sessions }): EventHistory {
  return {
    async of({ accountId, region }, resourceName, signal) {
      const { LookupEventsCommand } = await import('@aws-sdk/client-cloudtrail')
      const client = await sessions.open(accountId, region, signal).client('cloudtrail')
      const records: string[] = []
      let next: string | undefined
      for (let page = 0; page < pages; page += 1) {
        const { Events, NextToken } = await client.send(
          new LookupEventsCommand({
            LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: resourceName }],
            MaxResults: pageSize,
            ...(next === undefined ? {} : { NextToken: next }),
          }),
        )
        for (const { CloudTrailEvent } of Events ?? []) if (CloudTrailEvent !== undefined) records.push(CloudTrailEvent)
        if (NextToken === undefined || NextToken === '') break
        next = NextToken
      }
      return records
    },
  }
}
