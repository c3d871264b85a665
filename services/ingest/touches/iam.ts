import { at, textAt, type AuditEvent, type Json } from '#model'
import { group, kept, passwordPolicy, policy, renamed, role, root, user } from './iam-named.ts'
import { all, becomes, has, is, lacks, nothing, tagged, untagged } from './shows.ts'
import { each, effect, type Effect, type ServiceTable, type TouchKind } from './table.ts'

type Shows = NonNullable<Effect['shows']>

const userName = 'requestParameters.userName'
const roleName = 'requestParameters.roleName'
const groupName = 'requestParameters.groupName'
const ofUser = (kind: TouchKind, shows?: Shows, ...from: readonly string[]): Effect =>
  effect(kind, user, from.length > 0 ? from : [userName], shows)
const ofRole = (kind: TouchKind, shows?: Shows, ...from: readonly string[]): Effect =>
  effect(kind, role, from.length > 0 ? from : [roleName], shows)
const ofGroup = (kind: TouchKind, shows?: Shows): Effect => effect(kind, group, [groupName], shows)
const ofPolicy = (kind: TouchKind, shows?: Shows, from = 'requestParameters.policyArn'): Effect =>
  effect(kind, policy, [from], shows)
/** Who uses a policy as a boundary is counted in it. */
const ofBoundary = ofPolicy('update', undefined, 'requestParameters.permissionsBoundary')
/** Credentials are those of a user, who may be the caller, or of the root user. */
const ofCredentials = (shows?: Shows, ofRoot?: Shows): readonly Effect[] => [
  ofUser('update', shows, userName, 'responseElements.accessKey.userName', '@caller'),
  effect('update', root, [userName, 'userIdentity.type'], ofRoot),
]

const tags = tagged('requestParameters.tags')
const untags = untagged('requestParameters.tagKeys')
const inlineGone: Shows = (event) =>
  requestedAll(event, 'policyName').map((name) => ({ kind: 'is', path: ['InlinePolicies', name], value: null }))
const attachedName = (event: AuditEvent): readonly Json[] =>
  requestedAll(event, 'policyArn').map((arn) => arn.slice(arn.lastIndexOf('/') + 1))
const isAttached = has('ManagedPolicyNames', attachedName)
const isDetached = lacks('ManagedPolicyNames', attachedName)
const key = { AccessKeyId: 'requestParameters.accessKeyId' }
const device = { SerialNumber: 'requestParameters.serialNumber' }
const boundary = is('PermissionsBoundary.PermissionsBoundaryArn', 'requestParameters.permissionsBoundary')
const noBoundary = becomes('PermissionsBoundary', null)
const path = is('Path', 'requestParameters.newPath')
const description = is('Description', 'requestParameters.description', (value) => (value === '' ? undefined : value))
/** Of a new version only that it is in force now; else AWS keeps just the time of it. */
const defaultVersion: Shows = (event) =>
  at(event.record, 'requestParameters', 'setAsDefault') === true
    ? is('DefaultVersionId', 'responseElements.policyVersion.versionId')(event)
    : []

const passwordRules = [
  'AllowUsersToChangePassword',
  'MaxPasswordAge',
  'MinimumPasswordLength',
  'PasswordReusePrevention',
  'RequireLowercaseCharacters',
  'RequireNumbers',
  'RequireSymbols',
  'RequireUppercaseCharacters',
]

/**
 * What is attached to a group or written into a managed policy changes what users and roles may do, but none of their attributes:
 * those hold names. So it touches the group and the policy alone. Renaming a group is seen in its users at the next scan.
 */
export const iam: ServiceTable = {
  source: 'iam.amazonaws.com',
  events: {
    CreateUser: [ofUser('create', tags, userName, 'responseElements.user.userName'), ofBoundary],
    DeleteUser: [ofUser('delete')],
    UpdateUser: [
      effect('delete', renamed(user, 'newUserName'), [userName]),
      effect('update', kept(user, 'newUserName'), [userName], path),
      ofUser('create', undefined, 'requestParameters.newUserName'),
    ],
    PutUserPolicy: [ofUser('update')],
    DeleteUserPolicy: [ofUser('update', inlineGone)],
    AttachUserPolicy: [ofUser('update', isAttached), ofPolicy('update', has('Entities.PolicyUsers', made({ UserName: userName })))],
    DetachUserPolicy: [
      ofUser('update', isDetached),
      ofPolicy('update', lacks('Entities.PolicyUsers', made({ UserName: userName }))),
    ],
    PutUserPermissionsBoundary: [ofUser('update', boundary), ofBoundary],
    DeleteUserPermissionsBoundary: [ofUser('update', noBoundary)],
    TagUser: [ofUser('update', tags)],
    UntagUser: [ofUser('update', untags)],
    AddUserToGroup: [
      ofUser('update', has('Groups', made({ GroupName: groupName }))),
      ofGroup('update', has('Users', made({ UserName: userName }))),
    ],
    RemoveUserFromGroup: [
      ofUser('update', lacks('Groups', made({ GroupName: groupName }))),
      ofGroup('update', lacks('Users', made({ UserName: userName }))),
    ],

    CreateAccessKey: ofCredentials(
      has(
        'AccessKeys',
        made({ AccessKeyId: 'responseElements.accessKey.accessKeyId', Status: 'responseElements.accessKey.status' }),
      ),
    ),
    UpdateAccessKey: ofCredentials(has('AccessKeys', made({ ...key, Status: 'requestParameters.status' })), nothing),
    DeleteAccessKey: ofCredentials(lacks('AccessKeys', made(key))),
    CreateLoginProfile: ofCredentials(becomes('CredentialReport.PasswordEnabled', true)),
    DeleteLoginProfile: ofCredentials(becomes('CredentialReport.PasswordEnabled', false)),
    EnableMFADevice: ofCredentials(has('MFADevices', made(device)), becomes('CredentialReport.MfaActive', true)),
    DeactivateMFADevice: ofCredentials(lacks('MFADevices', made(device))),
    ...each(['UploadSigningCertificate', 'UpdateSigningCertificate', 'DeleteSigningCertificate'], ...ofCredentials()),
    // The age of a password stands in the credential report alone, hours later; keys for other protocols stand nowhere.
    ...each(
      [
        'UpdateLoginProfile',
        'ChangePassword',
        'CreateServiceSpecificCredential',
        'UpdateServiceSpecificCredential',
        'ResetServiceSpecificCredential',
        'DeleteServiceSpecificCredential',
        'UploadSSHPublicKey',
        'UpdateSSHPublicKey',
        'DeleteSSHPublicKey',
      ],
      ...ofCredentials(nothing, nothing),
    ),

    CreateRole: [ofRole('create', tags, roleName, 'responseElements.role.roleName'), ofBoundary],
    CreateServiceLinkedRole: [ofRole('create', undefined, 'responseElements.role.roleName')],
    ...each(['DeleteRole', 'DeleteServiceLinkedRole'], ofRole('delete')),
    UpdateRole: [ofRole('update', all(description, is('MaxSessionDuration', 'requestParameters.maxSessionDuration')))],
    UpdateRoleDescription: [ofRole('update', description)],
    UpdateAssumeRolePolicy: [ofRole('update')],
    PutRolePolicy: [ofRole('update')],
    DeleteRolePolicy: [ofRole('update', inlineGone)],
    AttachRolePolicy: [ofRole('update', isAttached), ofPolicy('update', has('Entities.PolicyRoles', made({ RoleName: roleName })))],
    DetachRolePolicy: [
      ofRole('update', isDetached),
      ofPolicy('update', lacks('Entities.PolicyRoles', made({ RoleName: roleName }))),
    ],
    PutRolePermissionsBoundary: [ofRole('update', boundary), ofBoundary],
    DeleteRolePermissionsBoundary: [ofRole('update', noBoundary)],
    TagRole: [ofRole('update', tags)],
    UntagRole: [ofRole('update', untags)],
    ...each(['AddRoleToInstanceProfile', 'RemoveRoleFromInstanceProfile'], ofRole('update', nothing)),

    CreateGroup: [ofGroup('create')],
    DeleteGroup: [ofGroup('delete')],
    UpdateGroup: [
      effect('delete', renamed(group, 'newGroupName'), [groupName]),
      effect('update', kept(group, 'newGroupName'), [groupName], path),
      effect('create', group, ['requestParameters.newGroupName']),
    ],
    PutGroupPolicy: [ofGroup('update')],
    DeleteGroupPolicy: [ofGroup('update', inlineGone)],
    AttachGroupPolicy: [
      ofGroup('update', isAttached),
      ofPolicy('update', has('Entities.PolicyGroups', made({ GroupName: groupName }))),
    ],
    DetachGroupPolicy: [
      ofGroup('update', isDetached),
      ofPolicy('update', lacks('Entities.PolicyGroups', made({ GroupName: groupName }))),
    ],

    CreatePolicy: [ofPolicy('create', tags, 'responseElements.policy.arn')],
    DeletePolicy: [ofPolicy('delete')],
    CreatePolicyVersion: [ofPolicy('update', defaultVersion)],
    SetDefaultPolicyVersion: [ofPolicy('update', is('DefaultVersionId', 'requestParameters.versionId'))],
    // The version in force cannot be deleted.
    DeletePolicyVersion: [ofPolicy('update', nothing)],
    TagPolicy: [ofPolicy('update', tags)],
    UntagPolicy: [ofPolicy('update', untags)],

    UpdateAccountPasswordPolicy: [
      effect(
        'update',
        passwordPolicy,
        ['eventSource'],
        all(becomes('AnyExist', true), ...passwordRules.map((name) => is(name, `requestParameters.${lowerFirst(name)}`))),
      ),
    ],
    // AWS's own policy is in force then.
    DeleteAccountPasswordPolicy: [effect('update', passwordPolicy, ['eventSource'], becomes('AnyExist', false))],
  },
}

/** A member of a list with these values of the event; none when one of them is missing. */
function made(fields: Readonly<Record<string, string>>): (event: AuditEvent) => readonly Json[] {
  return (event) => {
    const entries = Object.entries(fields).map(([name, from]) => [name, textAt(event.record, ...from.split('.'))] as const)
    return entries.every(([, value]) => value !== null) ? [Object.fromEntries(entries)] : []
  }
}

function lowerFirst(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1)
}

function requested(event: AuditEvent, name: string): string | null {
  return textAt(event.record, 'requestParameters', name)
}

function requestedAll(event: AuditEvent, name: string): readonly string[] {
  const value = requested(event, name)
  return value === null ? [] : [value]
}
