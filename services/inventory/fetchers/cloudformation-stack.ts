import type { Stack } from '@aws-sdk/client-cloudformation'
import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, gather, idPages, must, resourceOf } from '../reading.ts'
import { cloudformationStackShape } from '../shapes/cloudformation-stack.ts'

const type = 'AWS.CloudFormation.Stack'

/**
 * `arn:{partition}:cloudformation:{region}:{accountId}:stack/{name}/{uuid}`, read in one call, and more where drift was ever looked
 * for; events know it without the uuid. Drift is what the last detection found: we start none, since that is no read and would show
 * in the account's own trail. `Drifts` has the resources that differ from their template. For 90 days after its end a stack is still
 * shown by its full id, as deleted: it is gone.
 */
export const cloudformationStack: Fetcher = {
  type,
  shape: 1,
  scope: 'regional',
  // The stack says when drift was last looked for; each resource repeats it.
  volatile: ['Drifts[].Timestamp'],
  eventId: (id) => id.replace(/(:stack\/[^/]+)\/.*$/, '$1'),
  async *list(session, token) {
    const { paginateDescribeStacks } = await import('@aws-sdk/client-cloudformation')
    const pages = paginateDescribeStacks({ client: await session.client('cloudformation'), ...after(token) }, {})
    yield* idPages(
      pages,
      ({ Stacks }) => Stacks?.map(({ StackId }) => must(StackId, 'StackId')),
      ({ NextToken }) => NextToken,
    )
  },
  async fetch(session, ref) {
    const form = /^stack\/([A-Za-z][A-Za-z0-9-]*)(?:\/([\w-]+))?$/.exec(resourceOf(session, 'cloudformation', ref.id) ?? '')
    if (form === null) return { status: 'gone' }
    const asked = form[2] === undefined ? must(form[1], 'name') : ref.id
    const stack = await describe(session, asked)
    if (stack === null) return { status: 'gone' }
    const wasChecked = stack.DriftInformation?.LastCheckTimestamp !== undefined
    const attributes = cloudformationStackShape.parse({
      ...stack,
      AccountId: session.accountId,
      Region: session.region,
      ResourceId: stack.StackId,
      ResourceType: type,
      TimeCreated: stack.CreationTime,
      Arn: stack.StackId,
      Id: stack.StackId,
      Name: stack.StackName,
      Drifts: wasChecked ? await drifts(session, asked) : null,
    })
    return { status: 'present', attributes }
  },
}

/** CloudFormation's word for a stack that is not there is that the request is not valid; so only well-formed names are asked for. */
async function describe(session: Session, StackName: string): Promise<Stack | null> {
  const { DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation')
  const client = await session.client('cloudformation')
  const answer = await unless(client.send(new DescribeStacksCommand({ StackName })), 'ValidationError')
  const stack = answer?.Stacks?.[0]
  return stack === undefined || stack.StackStatus === 'DELETE_COMPLETE' ? null : stack
}

async function drifts(session: Session, StackName: string) {
  const { paginateDescribeStackResourceDrifts } = await import('@aws-sdk/client-cloudformation')
  const pages = paginateDescribeStackResourceDrifts(
    { client: await session.client('cloudformation'), pageSize: 100 },
    { StackName, StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'] },
  )
  return gather(pages, (page) => page.StackResourceDrifts)
}
