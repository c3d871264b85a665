import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, decodeDocument, gather, idPages, must, together } from '../reading.ts'
import { iamRoleShape } from '../shapes/iam-role.ts'
import { documentsOf, nameIn, withoutPath } from './iam.ts'

const type = 'AWS.IAM.Role'

/** `arn:aws:iam::{accountId}:role/{path}{name}`, read in one round of calls and a second for inline policies. */
export const iamRole: Fetcher = {
  type,
  shape: 2,
  scope: 'global',
  eventId: withoutPath,
  async *list(session, token) {
    const { paginateListRoles } = await import('@aws-sdk/client-iam')
    const pages = paginateListRoles({ client: await session.client('iam'), pageSize: 1_000, ...after(token) }, {})
    yield* idPages(
      pages,
      ({ Roles }) => Roles?.map(({ Arn }) => must(Arn, 'Arn')),
      ({ Marker }) => Marker,
    )
  },
  async fetch(session, ref) {
    const name = nameIn(session, 'role', ref.id)
    if (name === null) return { status: 'gone' }
    const { GetRoleCommand } = await import('@aws-sdk/client-iam')
    const iam = await session.client('iam')
    const get = unless(iam.send(new GetRoleCommand({ RoleName: name })), 'NoSuchEntity')
    const found = await together(get, Promise.all([inlinePolicies(session, name), managedPolicyNames(session, name)]))
    if (found === null) return { status: 'gone' }
    const [{ Role: answer }, [inline, managed]] = found
    const role = must(answer, 'Role')
    const attributes = iamRoleShape.parse({
      ...role,
      AccountId: session.accountId,
      Region: 'global',
      ResourceId: role.Arn,
      ResourceType: type,
      TimeCreated: role.CreateDate,
      Id: role.RoleId,
      Name: role.RoleName,
      AssumeRolePolicyDocument: role.AssumeRolePolicyDocument === undefined ? null : decodeDocument(role.AssumeRolePolicyDocument),
      InlinePolicies: inline,
      InlinePolicyNames: Object.keys(inline),
      ManagedPolicyNames: managed,
    })
    return { status: 'present', attributes }
  },
}

async function inlinePolicies(session: Session, RoleName: string): Promise<Record<string, string>> {
  const { GetRolePolicyCommand, paginateListRolePolicies } = await import('@aws-sdk/client-iam')
  const client = await session.client('iam')
  const names = await gather(paginateListRolePolicies({ client, pageSize: 1_000 }, { RoleName }), (page) => page.PolicyNames)
  return documentsOf(names, (PolicyName) => client.send(new GetRolePolicyCommand({ RoleName, PolicyName })))
}

async function managedPolicyNames(session: Session, RoleName: string): Promise<readonly string[]> {
  const { paginateListAttachedRolePolicies } = await import('@aws-sdk/client-iam')
  const pages = paginateListAttachedRolePolicies({ client: await session.client('iam'), pageSize: 1_000 }, { RoleName })
  const attached = await gather(pages, (page) => page.AttachedPolicies)
  return attached.map(({ PolicyName }) => must(PolicyName, 'PolicyName'))
}
