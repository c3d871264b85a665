import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, gather, idPages, must, together } from '../reading.ts'
import { iamGroupShape } from '../shapes/iam-group.ts'
import { documentsOf, nameIn, withoutPath } from './iam.ts'

const type = 'AWS.IAM.Group'

/** `arn:aws:iam::{accountId}:group/{path}{name}`, read in one round of calls and a second for inline policies. */
export const iamGroup: Fetcher = {
  type,
  shape: 1,
  scope: 'global',
  volatile: ['Users[].PasswordLastUsed'],
  eventId: withoutPath,
  async *list(session, token) {
    const { paginateListGroups } = await import('@aws-sdk/client-iam')
    const pages = paginateListGroups({ client: await session.client('iam'), pageSize: 1_000, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ Groups }) => Groups?.map(({ Arn }) => must(Arn, 'Arn')),
      ({ Marker }) => Marker,
    )
  },
  async fetch(session, ref) {
    const name = nameIn(session, 'group', ref.id)
    if (name === null) return { status: 'gone' }
    const found = await together(
      unless(describe(session, name), 'NoSuchEntity'),
      Promise.all([inlinePolicies(session, name), attachedPolicies(session, name)]),
    )
    if (found === null) return { status: 'gone' }
    const [{ group, users }, [inline, attached]] = found
    const attributes = iamGroupShape.parse({
      ...group,
      AccountId: session.accountId,
      Region: 'global',
      ResourceId: group.Arn,
      ResourceType: type,
      TimeCreated: group.CreateDate,
      Id: group.GroupId,
      Name: group.GroupName,
      InlinePolicies: inline,
      InlinePolicyNames: Object.keys(inline),
      ManagedPolicyARNs: attached.map(({ PolicyArn }) => PolicyArn),
      ManagedPolicyNames: attached.map(({ PolicyName }) => PolicyName),
      Users: users,
    })
    return { status: 'present', attributes }
  },
}

/** The group with all its users: each page has both. */
async function describe(session: Session, GroupName: string) {
  const { paginateGetGroup } = await import('@aws-sdk/client-iam')
  const pages = await Array.fromAsync(paginateGetGroup({ client: await session.client('iam'), pageSize: 1_000 }, { GroupName }))
  return { group: must(pages[0]?.Group, 'Group'), users: pages.flatMap(({ Users }) => Users ?? []) }
}

async function inlinePolicies(session: Session, GroupName: string): Promise<Record<string, string>> {
  const { GetGroupPolicyCommand, paginateListGroupPolicies } = await import('@aws-sdk/client-iam')
  const client = await session.client('iam')
  const names = await gather(paginateListGroupPolicies({ client, pageSize: 1_000 }, { GroupName }), (page) => page.PolicyNames)
  return documentsOf(names, (PolicyName) => client.send(new GetGroupPolicyCommand({ GroupName, PolicyName })))
}

async function attachedPolicies(session: Session, GroupName: string) {
  const { paginateListAttachedGroupPolicies } = await import('@aws-sdk/client-iam')
  const pages = paginateListAttachedGroupPolicies({ client: await session.client('iam'), pageSize: 1_000 }, { GroupName })
  return gather(pages, (page) => page.AttachedPolicies)
}
