import type { Fetcher } from '../fetcher.ts'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import { after, idPages, must, resourceOf, together } from '../reading.ts'
import { snsTopicShape } from '../shapes/sns-topic.ts'

const type = 'AWS.SNS.Topic'

/** `arn:aws:sns:{region}:{accountId}:{name}`, read in one round of calls. Its subscriptions are only counted. */
export const snsTopic: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: ['BeginningArchiveTime', 'SubscriptionsConfirmed', 'SubscriptionsDeleted', 'SubscriptionsPending'],
  async *list(session, token) {
    const { paginateListTopics } = await import('@aws-sdk/client-sns')
    yield* idPages(
      paginateListTopics({ client: await session.client('sns'), ...after(token) }, {}),
      ({ Topics }) => Topics?.map(({ TopicArn }) => must(TopicArn, 'TopicArn')),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const name = resourceOf(session, 'sns', ref.id)
    const found = name === null ? null : await together(describe(session, ref.id), tagsOf(session, ref.id))
    if (found === null) return { status: 'gone' }
    const [topic, tags] = found
    const attributes = snsTopicShape.parse({
      ...topic,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: ref.id,
      ResourceType: type,
      Tags: tags,
      Arn: ref.id,
      Id: ref.id,
      Name: name,
    })
    return { status: 'present', attributes }
  },
}

async function describe(session: Session, TopicArn: string): Promise<Record<string, string> | null> {
  const { GetTopicAttributesCommand } = await import('@aws-sdk/client-sns')
  const sns = await session.client('sns')
  const answer = await unless(sns.send(new GetTopicAttributesCommand({ TopicArn })), 'NotFound')
  return answer === null ? null : must(answer.Attributes, 'Attributes')
}

async function tagsOf(session: Session, ResourceArn: string) {
  const { ListTagsForResourceCommand } = await import('@aws-sdk/client-sns')
  const sns = await session.client('sns')
  return (await sns.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags
}
