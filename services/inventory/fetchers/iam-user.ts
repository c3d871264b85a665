import type { AccessKeyMetadata, MFADevice, SigningCertificate } from '@aws-sdk/client-iam'
import type { Session } from '#aws'
import { freshEntry, type Credential } from '../credentials.ts'
import type { CredentialReports } from '../credential-report.ts'
import { unless } from '../error.ts'
import type { Fetcher } from '../fetcher.ts'
import { after, gather, idPages, must, together } from '../reading.ts'
import { volatileReport } from '../shapes/credential-report.ts'
import { iamUserShape } from '../shapes/iam-user.ts'
import { documentsOf, nameIn, withoutPath } from './iam.ts'

const type = 'AWS.IAM.User'

/**
 * `arn:aws:iam::{accountId}:user/{path}{name}`, read in one round of calls and a second for inline policies. The credential report
 * is hours old: what calls tell of keys, password and MFA goes before it.
 */
export function createIamUser(reports: CredentialReports): Fetcher {
  return {
    type,
    shape: 2,
    scope: 'global',
    volatile: ['PasswordLastUsed', ...volatileReport],
    eventId: withoutPath,
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
      const name = nameIn(session, 'user', ref.id)
      if (name === null) return { status: 'gone' }
      const { GetUserCommand } = await import('@aws-sdk/client-iam')
      const iam = await session.client('iam')
      const get = unless(iam.send(new GetUserCommand({ UserName: name })), 'NoSuchEntity')
      const found = await together(get, Promise.all([readParts(session, name), reports.of(session)]))
      if (found === null) return { status: 'gone' }
      const [{ User: answer }, [parts, report]] = found
      const user = must(answer, 'User')
      const [arn, createdAt] = [must(user.Arn, 'Arn'), must(user.CreateDate, 'CreateDate')]
      const live = {
        arn,
        name: must(user.UserName, 'UserName'),
        createdAt,
        accessKeys: parts.keys.map(asCredential),
        certificates: parts.certificates.map(asCredential),
        passwordSince: parts.login === null ? null : must(parts.login.LoginProfile?.CreateDate, 'CreateDate'),
        passwordLastUsed: user.PasswordLastUsed ?? null,
        hasMfa: parts.devices.length > 0,
      }
      const attributes = iamUserShape.parse({
        ...user,
        AccountId: session.accountId,
        Region: 'global',
        ResourceId: arn,
        ResourceType: type,
        TimeCreated: createdAt,
        Id: user.UserId,
        Name: user.UserName,
        AccessKeys: parts.keys,
        CredentialReport: freshEntry(live, report.entry(arn, createdAt)),
        Groups: parts.groups,
        InlinePolicies: parts.inline,
        InlinePolicyNames: Object.keys(parts.inline),
        MFADevices: parts.devices,
        ManagedPolicyNames: parts.attached.map(({ PolicyName }) => PolicyName),
        VirtualMFA: parts.devices.find(isVirtual),
      })
      return { status: 'present', attributes }
    },
  }
}

async function readParts(session: Session, UserName: string) {
  const aws = await import('@aws-sdk/client-iam')
  const client = await session.client('iam')
  const paging = { client, pageSize: 1_000 }
  const [inline, attached, groups, devices, keys, certificates, login] = await Promise.all([
    inlinePolicies(session, UserName),
    gather(aws.paginateListAttachedUserPolicies(paging, { UserName }), (page) => page.AttachedPolicies),
    gather(aws.paginateListGroupsForUser(paging, { UserName }), (page) => page.Groups),
    gather(aws.paginateListMFADevices(paging, { UserName }), (page) => page.MFADevices),
    gather(aws.paginateListAccessKeys(paging, { UserName }), (page) => page.AccessKeyMetadata),
    gather(aws.paginateListSigningCertificates(paging, { UserName }), (page) => page.Certificates),
    unless(client.send(new aws.GetLoginProfileCommand({ UserName })), 'NoSuchEntity'),
  ])
  return { inline, attached, groups, devices, keys, certificates, login }
}

async function inlinePolicies(session: Session, UserName: string): Promise<Record<string, string>> {
  const { GetUserPolicyCommand, paginateListUserPolicies } = await import('@aws-sdk/client-iam')
  const client = await session.client('iam')
  const names = await gather(paginateListUserPolicies({ client, pageSize: 1_000 }, { UserName }), (page) => page.PolicyNames)
  return documentsOf(names, (PolicyName) => client.send(new GetUserPolicyCommand({ UserName, PolicyName })))
}

function asCredential(given: AccessKeyMetadata | SigningCertificate): Credential {
  const [id, createdAt] = 'CertificateId' in given ? [given.CertificateId, given.UploadDate] : [given.AccessKeyId, given.CreateDate]
  return { id: must(id, 'id'), isActive: given.Status === 'Active', createdAt: must(createdAt, 'date') }
}

/** Hardware tokens have a plain serial number, passkeys `…:u2f/…`. */
function isVirtual({ SerialNumber }: MFADevice): boolean {
  return /^arn:[\w-]+:iam::\d+:mfa\//.test(SerialNumber ?? '')
}
