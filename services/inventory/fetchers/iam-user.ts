import type { MFADevice } from '@aws-sdk/client-iam'
import type { Session } from '#aws'
import { createCredentialReports } from '../credential-report.ts'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, decodeDocument, gather, idPages, lastPart, must, together } from '../reading.ts'
import { iamUserShape } from '../shapes/iam-user.ts'

const type = 'AWS.IAM.User'

/**
 * `arn:aws:iam::{accountId}:user/{path}{name}`, read in one round of calls and a second for inline policies. Made, and not just
 * there, since it keeps each account's credential report for a while.
 */
export function createIamUser(): Fetcher {
  const reports = createCredentialReports()
  return {
    type,
    shape: 1,
    scope: 'global',
    async *list(session, token) {
      const { paginateListUsers } = await import('@aws-sdk/client-iam')
      const pages = paginateListUsers({ client: await session.client('iam'), pageSize: 1_000, ...after(token) }, {})
      yield* idPages(
        pages,
        ({ Users }) => Users?.map(({ Arn }) => must(Arn, 'Arn')),
        ({ Marker }) => Marker,
      )
    },
    async fetch(session, ref) {
      const name = lastPart(ref.id)
      const { GetUserCommand } = await import('@aws-sdk/client-iam')
      const iam = await session.client('iam')
      const get = unless(iam.send(new GetUserCommand({ UserName: name })), 'NoSuchEntity')
      const found = await together(get, Promise.all([readParts(session, name), reports.of(session)]))
      if (found === null) return { status: 'gone' }
      const [{ User: answer }, [parts, report]] = found
      const user = must(answer, 'User')
      const attributes = iamUserShape.parse({
        AccountId: session.accountId,
        Region: 'global',
        ResourceId: user.Arn,
        ResourceType: type,
        Tags: user.Tags,
        TimeCreated: user.CreateDate,
        Arn: user.Arn,
        Id: user.UserId,
        Name: user.UserName,
        CredentialReport: report.entry(must(user.Arn, 'Arn'), must(user.CreateDate, 'CreateDate')),
        Groups: parts.groups,
        InlinePolicies: parts.inline,
        ManagedPolicyNames: parts.attached.map(({ PolicyName }) => PolicyName),
        PasswordLastUsed: user.PasswordLastUsed,
        Path: user.Path,
        PermissionsBoundary: user.PermissionsBoundary,
        VirtualMFA: parts.devices.find(isVirtual),
      })
      return { status: 'present', attributes }
    },
  }
}

async function readParts(session: Session, UserName: string) {
  const aws = await import('@aws-sdk/client-iam')
  const paging = { client: await session.client('iam'), pageSize: 1_000 }
  const [inline, attached, groups, devices] = await Promise.all([
    inlinePolicies(session, UserName),
    gather(aws.paginateListAttachedUserPolicies(paging, { UserName }), (page) => page.AttachedPolicies),
    gather(aws.paginateListGroupsForUser(paging, { UserName }), (page) => page.Groups),
    gather(aws.paginateListMFADevices(paging, { UserName }), (page) => page.MFADevices),
  ])
  return { inline, attached, groups, devices }
}

async function inlinePolicies(session: Session, UserName: string): Promise<Record<string, string>> {
  const { GetUserPolicyCommand, paginateListUserPolicies } = await import('@aws-sdk/client-iam')
  const client = await session.client('iam')
  const names = await gather(paginateListUserPolicies({ client, pageSize: 1_000 }, { UserName }), (page) => page.PolicyNames)
  const documents = await Promise.all(
    names.map(async (PolicyName) => {
      const { PolicyDocument } = await client.send(new GetUserPolicyCommand({ UserName, PolicyName }))
      return [PolicyName, decodeDocument(must(PolicyDocument, 'PolicyDocument'))] as const
    }),
  )
  return Object.fromEntries(documents)
}

/** Hardware tokens have a plain serial number, passkeys `…:u2f/…`. */
function isVirtual({ SerialNumber }: MFADevice): boolean {
  return /^arn:[\w-]+:iam::\d+:mfa\//.test(SerialNumber ?? '')
}
