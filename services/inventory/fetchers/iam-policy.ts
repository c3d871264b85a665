import type { Session } from '#aws'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, decodeDocument, idPages, must, together } from '../reading.ts'
import { iamPolicyShape } from '../shapes/iam-policy.ts'

const type = 'AWS.IAM.Policy'

/** `arn:aws:iam::{accountId}:policy/{path}{name}`, read in one round of calls and a second for its document. AWS's own are not ours. */
export const iamPolicy: Fetcher = {
  type,
  shape: 1,
  scope: 'global',
  async *list(session, token) {
    const { paginateListPolicies } = await import('@aws-sdk/client-iam')
    const paging = { client: await session.client('iam'), pageSize: 1_000, ...after(token) }
    yield* idPages(
      paginateListPolicies(paging, { Scope: 'Local' }),
      ({ Policies }) => Policies?.map(({ Arn }) => must(Arn, 'Arn')),
      ({ Marker }) => Marker,
    )
  },
  async fetch(session, ref) {
    const { accountId, partition } = session
    if (!ref.id.startsWith(`arn:${partition}:iam::${accountId}:policy/`)) return { status: 'gone' }
    const { GetPolicyCommand, GetPolicyVersionCommand } = await import('@aws-sdk/client-iam')
    const iam = await session.client('iam')
    const get = unless(iam.send(new GetPolicyCommand({ PolicyArn: ref.id })), 'NoSuchEntity')
    const found = await together(get, entitiesOf(session, ref.id))
    if (found === null) return { status: 'gone' }
    const [{ Policy: answer }, entities] = found
    const policy = must(answer, 'Policy')
    const command = new GetPolicyVersionCommand({ PolicyArn: ref.id, VersionId: policy.DefaultVersionId })
    const { PolicyVersion } = await iam.send(command)
    const attributes = iamPolicyShape.parse({
      ...policy,
      AccountId: accountId,
      Region: 'global',
      ResourceId: policy.Arn,
      ResourceType: type,
      TimeCreated: policy.CreateDate,
      Id: policy.PolicyId,
      Name: policy.PolicyName,
      Entities: entities,
      PolicyDocument: decodeDocument(must(PolicyVersion?.Document, 'Document')),
    })
    return { status: 'present', attributes }
  },
}

/** Who has it, be it attached or as a boundary. */
async function entitiesOf(session: Session, PolicyArn: string) {
  const { paginateListEntitiesForPolicy } = await import('@aws-sdk/client-iam')
  const paging = { client: await session.client('iam'), pageSize: 1_000 }
  const pages = await Array.fromAsync(paginateListEntitiesForPolicy(paging, { PolicyArn }))
  return {
    PolicyGroups: pages.flatMap(({ PolicyGroups }) => PolicyGroups ?? []),
    PolicyRoles: pages.flatMap(({ PolicyRoles }) => PolicyRoles ?? []),
    PolicyUsers: pages.flatMap(({ PolicyUsers }) => PolicyUsers ?? []),
  }
}
