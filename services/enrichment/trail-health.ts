import type { Sessions } from '#aws'

/** A trail that records for an account, as AWS says that it does. */
export interface TrailHealth {
  readonly arn: string
  /** Null: all regions. */
  readonly region: string | null
  readonly logging: boolean
  /** When it was stopped last; null when it was not. */
  readonly stoppedAt: Date | null
  readonly startedAt: Date | null
  readonly deliveredAt: Date | null
  /** AWS's word for what was wrong at the last delivery; null when it went well. */
  readonly deliveryError: string | null
}
export interface TrailWatch {
  /** All trails that record for the account in these regions, those of its organisation too. Throws AwsError. */
  of(accountId: string, regions: readonly string[], signal: AbortSignal): Promise<readonly TrailHealth[]>
}

/** Asks `GetTrailStatus` in each trail's home region, through the account's audit role. */
export function createTrailWatch({ sessions }: { readonly sessions: Sessions }): TrailWatch {
  return {
    async of(accountId, regions, signal) {
      const { DescribeTrailsCommand, GetTrailStatusCommand } = await import('@aws-sdk/client-cloudtrail')
      const found = new Map<string, TrailHealth>()
      for (const region of regions) {
        const session = sessions.open(accountId, region, signal)
        const client = await session.client('cloudtrail')
        const { trailList } = await client.send(new DescribeTrailsCommand({ includeShadowTrails: true }))
        for (const { TrailARN: arn, HomeRegion: home = region, IsMultiRegionTrail: everywhere } of trailList ?? []) {
          if (arn === undefined || found.has(arn)) continue
          const at = home === region ? client : await session.client('cloudtrail', home)
          const status = await at.send(new GetTrailStatusCommand({ Name: arn }))
          const error = status.LatestDeliveryError ?? ''
          found.set(arn, {
            arn,
            region: everywhere === true ? null : home,
            logging: status.IsLogging === true,
            stoppedAt: status.StopLoggingTime ?? null,
            startedAt: status.StartLoggingTime ?? null,
            deliveredAt: status.LatestDeliveryTime ?? null,
            deliveryError: error === '' ? null : error,
          })
        }
      }
      return [...found.values()]
    },
  }
}
