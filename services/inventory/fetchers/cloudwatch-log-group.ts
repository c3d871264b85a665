import type { LogGroup } from '@aws-sdk/client-cloudwatch-logs'
import type { Session } from '#aws'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, must, resourceOf, together } from '../reading.ts'
import { cloudwatchLogGroupShape } from '../shapes/cloudwatch-log-group.ts'

const type = 'AWS.CloudWatch.LogGroup'

/** `arn:{partition}:logs:{region}:{accountId}:log-group:{name}:*`, read in one round of calls; events know it without the `:*`. */
export const cloudwatchLogGroup: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: ['StoredBytes'],
  eventId: (id) => id.replace(/:\*$/, ''),
  async *list(session, token) {
    const { paginateDescribeLogGroups } = await import('@aws-sdk/client-cloudwatch-logs')
    const pages = paginateDescribeLogGroups({ client: await session.client('logs'), pageSize: 50, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ logGroups }) => logGroups?.map(({ arn }) => must(arn, 'arn')),
      ({ nextToken }) => nextToken,
    )
  },
  async fetch(session, ref) {
    const name = /^log-group:([\w/.#-]+)(?::\*)?$/.exec(resourceOf(session, 'logs', ref.id) ?? '')?.[1]
    if (name === undefined) return { status: 'gone' }
    const found = await together(describe(session, name), tags(session, ref.id.replace(/:\*$/, '')))
    if (found === null) return { status: 'gone' }
    const [group, Tags] = found
    const attributes = cloudwatchLogGroupShape.parse({
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: group.arn,
      ResourceType: type,
      Tags,
      TimeCreated: new Date(must(group.creationTime, 'creationTime')),
      Arn: group.arn,
      Name: group.logGroupName,
      LogGroupName: group.logGroupName,
      KmsKeyId: group.kmsKeyId,
      MetricFilterCount: group.metricFilterCount,
      RetentionInDays: group.retentionInDays,
      StoredBytes: group.storedBytes,
    })
    return { status: 'present', attributes }
  },
}

/** Groups are found by the beginning of their names: others may begin with the whole name of this one. */
async function describe(session: Session, name: string): Promise<LogGroup | null> {
  const { paginateDescribeLogGroups } = await import('@aws-sdk/client-cloudwatch-logs')
  const pages = paginateDescribeLogGroups({ client: await session.client('logs'), pageSize: 50 }, { logGroupNamePrefix: name })
  for await (const { logGroups } of pages) {
    const found = logGroups?.find(({ logGroupName }) => logGroupName === name)
    if (found !== undefined) return found
  }
  return null
}

async function tags(session: Session, resourceArn: string): Promise<Record<string, string> | undefined> {
  const { ListTagsForResourceCommand } = await import('@aws-sdk/client-cloudwatch-logs')
  const logs = await session.client('logs')
  return (await logs.send(new ListTagsForResourceCommand({ resourceArn }))).tags
}
