import type { Group, Role, User } from './account.ts'
import { credentialReport } from './aws-credential-report.ts'
import { fault, page, text, type Answer, type Call, type Service, type Wire } from './aws-wire.ts'

/** IAM: users, groups, roles and what is attached to them. */
export const iam: Service = {
  name: 'iam',
  protocol: 'query',
  namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  actions: {
    ListUsers: (call) =>
      paged(
        call,
        'Users',
        call.account.users.map((each) => user(call, each)),
      ),
    GetUser: (call) => onUser(call, (each) => ({ result: { User: { ...user(call, each), Tags: each.Tags } } })),
    ListUserPolicies: (call) => onUser(call, (each) => paged(call, 'PolicyNames', Object.keys(each.inline))),
    GetUserPolicy: (call) => onUser(call, (each) => inline(call, each, 'UserName', each.UserName)),
    ListAttachedUserPolicies: (call) => onUser(call, (each) => paged(call, 'AttachedPolicies', each.attached.map(attached))),
    ListGroupsForUser: (call) =>
      onUser(call, (each) =>
        paged(
          call,
          'Groups',
          call.account.groups.filter((group) => each.groups.includes(group.GroupName)).map((found) => group(call, found)),
        ),
      ),
    ListUserTags: (call) => onUser(call, (each) => paged(call, 'Tags', each.Tags)),
    ListAccessKeys: (call) =>
      onUser(call, (each) =>
        paged(
          call,
          'AccessKeyMetadata',
          each.accessKeys.map((key) => ({ UserName: each.UserName, ...key })),
        ),
      ),
    ListMFADevices: (call) =>
      onUser(call, (each) => paged(call, 'MFADevices', each.mfa === null ? [] : [{ UserName: each.UserName, ...each.mfa }])),
    GetLoginProfile: (call) =>
      onUser(call, (each) =>
        each.PasswordLastUsed === undefined
          ? noSuchEntity(`Login Profile for User ${each.UserName} cannot be found.`)
          : { result: { LoginProfile: { UserName: each.UserName, CreateDate: each.CreateDate, PasswordResetRequired: false } } },
      ),
    ListVirtualMFADevices: (call) =>
      paged(
        call,
        'VirtualMFADevices',
        call.account.users.flatMap((each) => (each.mfa === null ? [] : [{ ...each.mfa, User: user(call, each) }])),
      ),
    GenerateCredentialReport: () => ({ result: { State: 'COMPLETE' } }),
    GetCredentialReport: (call) => ({
      result: {
        Content: Buffer.from(credentialReport(call.account)).toString('base64'),
        ReportFormat: 'text/csv',
        GeneratedTime: new Date().toISOString(),
      },
    }),
    ListRoles: (call) =>
      paged(
        call,
        'Roles',
        call.account.roles.map((each) => role(call, each)),
      ),
    GetRole: (call) => onRole(call, (each) => ({ result: { Role: { ...role(call, each), Tags: each.Tags, RoleLastUsed: {} } } })),
    ListRolePolicies: (call) => onRole(call, (each) => paged(call, 'PolicyNames', Object.keys(each.inline))),
    GetRolePolicy: (call) => onRole(call, (each) => inline(call, each, 'RoleName', each.RoleName)),
    ListAttachedRolePolicies: (call) => onRole(call, (each) => paged(call, 'AttachedPolicies', each.attached.map(attached))),
    ListRoleTags: (call) => onRole(call, (each) => paged(call, 'Tags', each.Tags)),
    ListGroups: (call) =>
      paged(
        call,
        'Groups',
        call.account.groups.map((each) => group(call, each)),
      ),
    GetGroup: (call) =>
      onGroup(call, (each) => {
        const members = call.account.users.filter(({ groups }) => groups.includes(each.GroupName)).map((found) => user(call, found))
        const { items, next } = page(members, text(call, 'Marker'), text(call, 'MaxItems'), 100)
        return { result: { Group: group(call, each), Users: items, IsTruncated: next !== undefined, Marker: next } }
      }),
    ListGroupPolicies: (call) => onGroup(call, (each) => paged(call, 'PolicyNames', Object.keys(each.inline))),
    GetGroupPolicy: (call) => onGroup(call, (each) => inline(call, each, 'GroupName', each.GroupName)),
    ListAttachedGroupPolicies: (call) => onGroup(call, (each) => paged(call, 'AttachedPolicies', each.attached.map(attached))),
    ListPolicies: (call) =>
      paged(
        call,
        'Policies',
        call.account.managedPolicies
          .filter(({ Arn }) => text(call, 'Scope') !== 'Local' || !Arn.includes('::aws:'))
          .map(({ Arn }) => ({ PolicyName: Arn.slice(Arn.lastIndexOf('/') + 1), Arn })),
      ),
    GetPolicy: (call) => {
      const found = call.account.managedPolicies.find((each) => each.Arn === text(call, 'PolicyArn'))
      if (found === undefined) return noSuchEntity(`Policy ${text(call, 'PolicyArn')} does not exist or is not attachable.`)
      return {
        result: {
          Policy: { ...attached(found.Arn), PolicyArn: undefined, Arn: found.Arn, DefaultVersionId: 'v1', IsAttachable: true },
        },
      }
    },
    GetPolicyVersion: (call) => {
      const found = call.account.managedPolicies.find((each) => each.Arn === text(call, 'PolicyArn'))
      if (found === undefined || text(call, 'VersionId') !== 'v1')
        return noSuchEntity(`Policy version ${text(call, 'VersionId')} does not exist.`)
      return {
        result: {
          PolicyVersion: { Document: encodeURIComponent(JSON.stringify(found.document)), VersionId: 'v1', IsDefaultVersion: true },
        },
      }
    },
    // No account has set one: AWS's own is in force.
    GetAccountPasswordPolicy: (call) => noSuchEntity(`The Password Policy with domain name ${call.account.id} cannot be found.`),
    GetAccountSummary: (call) => {
      const facts = { AccountMFAEnabled: 1, AccountAccessKeysPresent: 0, AccountSigningCertificatesPresent: 0 }
      const counts = { Users: call.account.users.length, Groups: call.account.groups.length, Roles: call.account.roles.length }
      const entries = Object.entries({ ...counts, ...facts }).map(([key, value]) => ({ key, value }))
      return { result: { SummaryMap: { 'entry[]': entries } } }
    },
    ListAccountAliases: (call) => paged(call, 'AccountAliases', [call.account.name]),
  },
}

function onUser(call: Call, answer: (user: User) => Answer): Answer {
  const found = call.account.users.find((each) => each.UserName === text(call, 'UserName'))
  return found === undefined ? noSuchEntity(`The user with name ${text(call, 'UserName')} cannot be found.`) : answer(found)
}

function onRole(call: Call, answer: (role: Role) => Answer): Answer {
  const found = call.account.roles.find((each) => each.RoleName === text(call, 'RoleName'))
  return found === undefined ? noSuchEntity(`The role with name ${text(call, 'RoleName')} cannot be found.`) : answer(found)
}

function onGroup(call: Call, answer: (group: Group) => Answer): Answer {
  const found = call.account.groups.find((each) => each.GroupName === text(call, 'GroupName'))
  return found === undefined ? noSuchEntity(`The group with name ${text(call, 'GroupName')} cannot be found.`) : answer(found)
}

function user(call: Call, { UserName, UserId, Path, CreateDate, PasswordLastUsed }: User): Readonly<Record<string, Wire>> {
  return { Path, UserName, UserId, Arn: `arn:aws:iam::${call.account.id}:user${Path}${UserName}`, CreateDate, PasswordLastUsed }
}

function group(call: Call, { GroupName, GroupId, Path, CreateDate }: Group): Wire {
  return { Path, GroupName, GroupId, Arn: `arn:aws:iam::${call.account.id}:group${Path}${GroupName}`, CreateDate }
}

function role(
  call: Call,
  { RoleName, RoleId, Path, CreateDate, Description, MaxSessionDuration, AssumeRolePolicyDocument }: Role,
): Readonly<Record<string, Wire>> {
  const trust = encodeURIComponent(JSON.stringify(AssumeRolePolicyDocument))
  const Arn = `arn:aws:iam::${call.account.id}:role${Path}${RoleName}`
  return { Path, RoleName, RoleId, Arn, CreateDate, AssumeRolePolicyDocument: trust, Description, MaxSessionDuration }
}

function attached(arn: string): Readonly<Record<string, Wire>> {
  return { PolicyName: arn.slice(arn.lastIndexOf('/') + 1), PolicyArn: arn }
}

function inline(call: Call, of: User | Role | Group, nameField: string, name: string): Answer {
  const wanted = text(call, 'PolicyName')
  const found = of.inline[wanted]
  if (found === undefined) return noSuchEntity(`The policy with name ${wanted} cannot be found.`)
  return { result: { [nameField]: name, PolicyName: wanted, PolicyDocument: encodeURIComponent(JSON.stringify(found)) } }
}

function paged(call: Call, name: string, all: readonly Wire[]): Answer {
  const { items, next } = page(all, text(call, 'Marker'), text(call, 'MaxItems'), 100)
  return { result: { [name]: items, IsTruncated: next !== undefined, Marker: next } }
}

function noSuchEntity(message: string): Answer {
  return fault('NoSuchEntity', message, 404)
}
