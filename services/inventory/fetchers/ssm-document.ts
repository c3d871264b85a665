import type { AccountSharingInfo, DescribeDocumentPermissionResponse, DocumentDescription } from '@aws-sdk/client-ssm'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, idPages, lastPart, must, together } from '../reading.ts'
import { ssmDocumentShape } from '../shapes/ssm-document.ts'

const type = 'AWS.SSM.Document'

/**
 * `arn:aws:ssm:{region}:{accountId}:document/{name}`: the account's own, not those that AWS or others share. Read in one round of
 * calls as its default version is; the content itself is not kept, only its hash.
 */
export const ssmDocument: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  async *list(session, token) {
    const { paginateListDocuments } = await import('@aws-sdk/client-ssm')
    const paging = { client: await session.client('ssm'), pageSize: 50, ...after(token) }
    yield* idPages(
      paginateListDocuments(paging, { Filters: [{ Key: 'Owner', Values: ['Self'] }] }),
      ({ DocumentIdentifiers }) => DocumentIdentifiers?.map(({ Name }) => arnOf(session, must(Name, 'Name'))),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const { ListTagsForResourceCommand } = await import('@aws-sdk/client-ssm')
    const ssm = await session.client('ssm')
    const name = lastPart(ref.id)
    if (arnOf(session, name) !== ref.id) return { status: 'gone' }
    const found = await together(
      describe(session, name),
      Promise.all([
        sharing(session, name),
        ssm.send(new ListTagsForResourceCommand({ ResourceType: 'Document', ResourceId: name })),
      ]),
    )
    if (found === null) return { status: 'gone' }
    const [document, [shared, { TagList }]] = found
    const attributes = ssmDocumentShape.parse({
      ...document,
      ...shared,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: ref.id,
      ResourceType: type,
      Tags: TagList,
      TimeCreated: document.CreatedDate,
      Arn: ref.id,
      Id: document.Name,
    })
    return { status: 'present', attributes }
  },
}

/** Null also for a document of AWS, which answers to its bare name in every account. */
async function describe(session: Session, Name: string): Promise<DocumentDescription | null> {
  const { DescribeDocumentCommand } = await import('@aws-sdk/client-ssm')
  const ssm = await session.client('ssm')
  const answer = await unless(ssm.send(new DescribeDocumentCommand({ Name })), 'InvalidDocument')
  const document = answer === null ? null : must(answer.Document, 'Document')
  return document?.Owner === session.accountId ? document : null
}

/** Whom it is shared with; `all` is everybody. */
async function sharing(session: Session, Name: string) {
  const { DescribeDocumentPermissionCommand } = await import('@aws-sdk/client-ssm')
  const ssm = await session.client('ssm')
  const [AccountIds, AccountSharingInfoList]: [string[], AccountSharingInfo[]] = [[], []]
  let NextToken: string | undefined
  do {
    const command = new DescribeDocumentPermissionCommand({ Name, PermissionType: 'Share', MaxResults: 200, NextToken })
    const page: DescribeDocumentPermissionResponse = await ssm.send(command)
    AccountIds.push(...(page.AccountIds ?? []))
    AccountSharingInfoList.push(...(page.AccountSharingInfoList ?? []))
    NextToken = page.NextToken || undefined
  } while (NextToken !== undefined)
  return { AccountIds, AccountSharingInfoList }
}

function arnOf({ partition, region, accountId }: Session, name: string): string {
  return `arn:${partition}:ssm:${region}:${accountId}:document/${name}`
}
