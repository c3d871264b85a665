import type { ListTagsOfResourceCommandOutput, TableDescription } from '@aws-sdk/client-dynamodb'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, gather, idPages, must, resourceOf, together } from '../reading.ts'
import { dynamodbTableShape } from '../shapes/dynamodb-table.ts'

const type = 'AWS.DynamoDB.Table'
const throughput = ['LastDecreaseDateTime', 'LastIncreaseDateTime', 'NumberOfDecreasesToday'].map(
  (name) => `ProvisionedThroughput.${name}`,
)

/**
 * `arn:aws:dynamodb:{region}:{accountId}:table/{name}`, read in one round of calls and a second for the scaling of its indexes,
 * when it has any. What stands in it is never read.
 */
export const dynamodbTable: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  volatile: [
    'ItemCount',
    'TableSizeBytes',
    'TableStatus',
    'RestoreSummary.RestoreInProgress',
    ...throughput,
    ...throughput.map((path) => `GlobalSecondaryIndexes[].${path}`),
    'GlobalSecondaryIndexes[].Backfilling',
    'GlobalSecondaryIndexes[].IndexSizeBytes',
    'GlobalSecondaryIndexes[].IndexStatus',
    'GlobalSecondaryIndexes[].ItemCount',
    'LocalSecondaryIndexes[].IndexSizeBytes',
    'LocalSecondaryIndexes[].ItemCount',
  ],
  async *list(session, token) {
    const { paginateListTables } = await import('@aws-sdk/client-dynamodb')
    const pages = paginateListTables({ client: await session.client('dynamodb'), pageSize: 100, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ TableNames }) => TableNames?.map((name) => arnOf(session, name)),
      ({ LastEvaluatedTableName }) => LastEvaluatedTableName,
    )
  },
  async fetch(session, ref) {
    const name = resourceOf(session, 'dynamodb', ref.id, 'table/')
    const found = name === null ? null : await together(describe(session, name), readParts(session, name))
    if (found === null) return { status: 'gone' }
    const [table, { backups, scaling, tags, timeToLive }] = found
    const indexes = table.GlobalSecondaryIndexes?.map(({ IndexName }) => `table/${table.TableName}/index/${IndexName}`) ?? []
    const ofIndexes = indexes.length === 0 ? [] : await scalingOf(session, indexes)
    const attributes = dynamodbTableShape.parse({
      ...table,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: table.TableArn,
      ResourceType: type,
      Tags: tags,
      TimeCreated: table.CreationDateTime,
      Arn: table.TableArn,
      Id: table.TableId,
      Name: table.TableName,
      AutoScalingDescriptions: [...scaling, ...ofIndexes],
      ContinuousBackupsDescription: backups.ContinuousBackupsDescription,
      TimeToLiveDescription: timeToLive.TimeToLiveDescription,
    })
    return { status: 'present', attributes }
  },
}

async function describe(session: Session, TableName: string): Promise<TableDescription | null> {
  const { DescribeTableCommand } = await import('@aws-sdk/client-dynamodb')
  const dynamodb = await session.client('dynamodb')
  const answer = await unless(dynamodb.send(new DescribeTableCommand({ TableName })), 'ResourceNotFound')
  return answer === null ? null : must(answer.Table, 'Table')
}

async function readParts(session: Session, TableName: string) {
  const aws = await import('@aws-sdk/client-dynamodb')
  const dynamodb = await session.client('dynamodb')
  const [backups, scaling, tags, timeToLive] = await Promise.all([
    dynamodb.send(new aws.DescribeContinuousBackupsCommand({ TableName })),
    scalingOf(session, [`table/${TableName}`]),
    tagsOf(session, arnOf(session, TableName)),
    dynamodb.send(new aws.DescribeTimeToLiveCommand({ TableName })),
  ])
  return { backups, scaling, tags, timeToLive }
}

async function scalingOf(session: Session, ResourceIds: string[]) {
  const { paginateDescribeScalableTargets } = await import('@aws-sdk/client-application-auto-scaling')
  const client = await session.client('applicationAutoScaling')
  const pages = paginateDescribeScalableTargets({ client }, { ServiceNamespace: 'dynamodb', ResourceIds })
  return gather(pages, (page) => page.ScalableTargets)
}

async function tagsOf(session: Session, ResourceArn: string) {
  const { ListTagsOfResourceCommand } = await import('@aws-sdk/client-dynamodb')
  const dynamodb = await session.client('dynamodb')
  const tags = []
  let next: { NextToken?: string } | null = {}
  while (next !== null) {
    const { Tags = [], NextToken }: ListTagsOfResourceCommandOutput = await dynamodb.send(
      new ListTagsOfResourceCommand({ ResourceArn, ...next }),
    )
    tags.push(...Tags)
    next = NextToken === undefined ? null : { NextToken }
  }
  return tags
}

function arnOf({ partition, region, accountId }: Session, name: string): string {
  return `arn:${partition}:dynamodb:${region}:${accountId}:table/${name}`
}
