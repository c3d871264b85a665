import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart, must, resourceOf, together } from '../reading.ts'
import { sqsQueueShape } from '../shapes/sqs-queue.ts'

const type = 'AWS.SQS.Queue'

/** `arn:aws:sqs:{region}:{accountId}:{name}`, read in one round of calls; never its messages. SQS itself goes by URLs. */
export const sqsQueue: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesDelayed', 'ApproximateNumberOfMessagesNotVisible'],
  async *list(session, token) {
    const { paginateListQueues } = await import('@aws-sdk/client-sqs')
    const { partition, region, accountId } = session
    yield* idPages(
      paginateListQueues({ client: await session.client('sqs'), pageSize: 1_000, ...after(token) }, {}),
      ({ QueueUrls }) => QueueUrls?.map((url) => `arn:${partition}:sqs:${region}:${accountId}:${lastPart(url)}`),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const name = resourceOf(session, 'sqs', ref.id)
    if (name === null) return { status: 'gone' }
    const url = urlOf(session, name)
    const found = await together(describe(session, url), tagsOf(session, url))
    if (found === null) return { status: 'gone' }
    const [queue, tags] = found
    const attributes = sqsQueueShape.parse({
      ...queue,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: ref.id,
      ResourceType: type,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      TimeCreated: queue['CreatedTimestamp'],
      Arn: ref.id,
      Id: ref.id,
      Name: name,
      QueueUrl: url,
    })
    return { status: 'present', attributes }
  },
}

async function describe(session: Session, QueueUrl: string): Promise<Record<string, string> | null> {
  const { GetQueueAttributesCommand } = await import('@aws-sdk/client-sqs')
  const sqs = await session.client('sqs')
  const answer = await unless(sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] })), 'QueueDoesNotExist')
  return answer === null ? null : must(answer.Attributes, 'Attributes')
}

async function tagsOf(session: Session, QueueUrl: string): Promise<Record<string, string>> {
  const { ListQueueTagsCommand } = await import('@aws-sdk/client-sqs')
  const sqs = await session.client('sqs')
  return (await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags ?? {}
}

/** As SQS builds it: asking for it would cost another call. */
function urlOf({ partition, region, accountId }: Session, name: string): string {
  return `https://sqs.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}/${accountId}/${name}`
}
