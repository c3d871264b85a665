import type { AuditEvent, ResourceRef } from '#model'
import { partitionOf } from '../region.ts'
import { each, type Effect, type Named, type ServiceTable, type TouchKind } from './table.ts'

const user = namedByName('AWS.IAM.User', 'user')
const role = namedByName('AWS.IAM.Role', 'role')

/**
 * IAM names are unique in an account whatever their path, and most events tell only the name: so references leave the path out,
 * always, and one user is one reference. The fetched attributes have the full ARN.
 */
function namedByName(type: string, word: string): Named {
  return {
    type,
    ref({ accountId, region }: AuditEvent, name: string): ResourceRef | null {
      if (!/^[\w+=,.@-]{1,128}$/.test(name)) return null
      return { accountId, region: 'global', type, id: `arn:${partitionOf(region)}:iam::${accountId}:${word}/${name}` }
    },
  }
}

const ofUser = (kind: TouchKind, ...from: readonly string[]): Effect => ({ kind, named: user, from })
const ofRole = (kind: TouchKind, ...from: readonly string[]): Effect => ({ kind, named: role, from })

/**
 * What is attached to a group or written into a managed policy (`AttachGroupPolicy`, `PutGroupPolicy`, `CreatePolicyVersion`, …)
 * changes users and roles that the event does not name: the next scan sees those.
 */
export const iam: ServiceTable = {
  source: 'iam.amazonaws.com',
  events: {
    CreateUser: [ofUser('create', 'requestParameters.userName', 'responseElements.user.userName')],
    DeleteUser: [ofUser('delete', 'requestParameters.userName')],
    // A rename ends one name and begins another.
    UpdateUser: [ofUser('update', 'requestParameters.userName'), ofUser('create', 'requestParameters.newUserName')],
    ...each(
      [
        'PutUserPolicy',
        'DeleteUserPolicy',
        'AttachUserPolicy',
        'DetachUserPolicy',
        'PutUserPermissionsBoundary',
        'DeleteUserPermissionsBoundary',
        'TagUser',
        'UntagUser',
        'AddUserToGroup',
        'RemoveUserFromGroup',
      ],
      ofUser('update', 'requestParameters.userName'),
    ),
    ...each(
      [
        'CreateAccessKey',
        'UpdateAccessKey',
        'DeleteAccessKey',
        'CreateLoginProfile',
        'UpdateLoginProfile',
        'DeleteLoginProfile',
        'ChangePassword',
        'EnableMFADevice',
        'DeactivateMFADevice',
        'CreateServiceSpecificCredential',
        'UpdateServiceSpecificCredential',
        'ResetServiceSpecificCredential',
        'DeleteServiceSpecificCredential',
        'UploadSSHPublicKey',
        'UpdateSSHPublicKey',
        'DeleteSSHPublicKey',
        'UploadSigningCertificate',
        'UpdateSigningCertificate',
        'DeleteSigningCertificate',
      ],
      ofUser('update', 'requestParameters.userName', 'responseElements.accessKey.userName', '@caller'),
    ),
    CreateRole: [ofRole('create', 'requestParameters.roleName', 'responseElements.role.roleName')],
    CreateServiceLinkedRole: [ofRole('create', 'responseElements.role.roleName')],
    ...each(['DeleteRole', 'DeleteServiceLinkedRole'], ofRole('delete', 'requestParameters.roleName')),
    ...each(
      [
        'UpdateRole',
        'UpdateRoleDescription',
        'UpdateAssumeRolePolicy',
        'PutRolePolicy',
        'DeleteRolePolicy',
        'AttachRolePolicy',
        'DetachRolePolicy',
        'PutRolePermissionsBoundary',
        'DeleteRolePermissionsBoundary',
        'TagRole',
        'UntagRole',
      ],
      ofRole('update', 'requestParameters.roleName'),
    ),
  },
}
