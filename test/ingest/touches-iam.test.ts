import { describe, expect, test } from 'vitest'
import type { Witness } from '#model'
import { inShort, touched, type Call } from '../support/touched.ts'

const account = '111111111111'
const id = (word: string, name: string): string => `global arn:aws:iam::${account}:${word}/${name}`
const root = `global arn:aws:iam::${account}:root`
const policyArn = `arn:aws:iam::${account}:policy/shop/read`
const managed = 'arn:aws:iam::aws:policy/AdministratorAccess'
const tags = [{ key: 'team', value: 'shop' }]
const is = (path: readonly string[], value: boolean | number | string | null): Witness => ({ kind: 'is', path, value })
const has = (path: string, value: string | Record<string, string>): Witness => ({ kind: 'has', path: path.split('.'), value })
const lacks = (path: string, value: string | Record<string, string>): Witness => ({ kind: 'lacks', path: path.split('.'), value })
const [present, gone, change, nothing]: readonly Witness[] = [
  { kind: 'present' },
  { kind: 'gone' },
  { kind: 'change' },
  { kind: 'nothing' },
]
/** Touches and, beside each, what its state must show. */
type Expected = readonly (readonly [string, ...(Witness | undefined)[]])[]
const byRoot = { userIdentity: { type: 'Root', accountId: account, arn: `arn:aws:iam::${account}:root` } }

function expectTouches(call: Call, expected: Expected): void {
  const found = touched('iam', call)
  expect(inShort(found)).toEqual(expected.map(([touch]) => touch))
  expect(found.map(({ witnesses }) => witnesses)).toEqual(expected.map(([, ...witnesses]) => witnesses))
}

const [ann, ci, staff, policy] = [id('user', 'ann'), id('role', 'ci'), id('group', 'staff'), `global ${policyArn}`]
const ofAnn = { userName: 'ann' }
const ofCi = { roleName: 'ci' }
const ofStaff = { groupName: 'staff' }

describe('users', () => {
  test.each<[Call, Expected]>([
    [
      { name: 'CreateUser', request: { ...ofAnn, path: '/staff/', tags } },
      [[`create ${ann}`, present, is(['Tags', 'team'], 'shop')]],
    ],
    [
      { name: 'CreateUser', request: { ...ofAnn, permissionsBoundary: policyArn } },
      [
        [`create ${ann}`, present],
        [`update ${policy}`, change],
      ],
    ],
    [
      { name: 'UpdateUser', request: { ...ofAnn, newUserName: 'eve' } },
      [
        [`delete ${ann}`, gone],
        [`create ${id('user', 'eve')}`, present],
      ],
    ],
    [{ name: 'UpdateUser', request: { ...ofAnn, newPath: '/x/' } }, [[`update ${ann}`, is(['Path'], '/x/')]]],
    [{ name: 'TagUser', request: { ...ofAnn, tags } }, [[`update ${ann}`, is(['Tags', 'team'], 'shop')]]],
    [{ name: 'UntagUser', request: { ...ofAnn, tagKeys: ['team'] } }, [[`update ${ann}`, is(['Tags', 'team'], null)]]],
    [{ name: 'PutUserPolicy', request: { ...ofAnn, policyName: 'in', policyDocument: '{}' } }, [[`update ${ann}`, change]]],
    [
      { name: 'DeleteUserPolicy', request: { ...ofAnn, policyName: 'read.all' } },
      [[`update ${ann}`, is(['InlinePolicies', 'read.all'], null)]],
    ],
    [
      { name: 'AttachUserPolicy', request: { ...ofAnn, policyArn: managed } },
      [[`update ${ann}`, has('ManagedPolicyNames', 'AdministratorAccess')]],
    ],
    [
      { name: 'AttachUserPolicy', request: { ...ofAnn, policyArn } },
      [
        [`update ${ann}`, has('ManagedPolicyNames', 'read')],
        [`update ${policy}`, has('Entities.PolicyUsers', { UserName: 'ann' })],
      ],
    ],
    [
      { name: 'DetachUserPolicy', request: { ...ofAnn, policyArn } },
      [
        [`update ${ann}`, lacks('ManagedPolicyNames', 'read')],
        [`update ${policy}`, lacks('Entities.PolicyUsers', { UserName: 'ann' })],
      ],
    ],
    [
      { name: 'PutUserPermissionsBoundary', request: { ...ofAnn, permissionsBoundary: policyArn } },
      [
        [`update ${ann}`, is(['PermissionsBoundary', 'PermissionsBoundaryArn'], policyArn)],
        [`update ${policy}`, change],
      ],
    ],
    [{ name: 'DeleteUserPermissionsBoundary', request: ofAnn }, [[`update ${ann}`, is(['PermissionsBoundary'], null)]]],
    [
      { name: 'AddUserToGroup', request: { ...ofAnn, ...ofStaff } },
      [
        [`update ${ann}`, has('Groups', { GroupName: 'staff' })],
        [`update ${staff}`, has('Users', { UserName: 'ann' })],
      ],
    ],
    [
      { name: 'RemoveUserFromGroup', request: { ...ofAnn, ...ofStaff } },
      [
        [`update ${ann}`, lacks('Groups', { GroupName: 'staff' })],
        [`update ${staff}`, lacks('Users', { UserName: 'ann' })],
      ],
    ],
    [{ name: 'DeleteUser', request: ofAnn }, [[`delete ${ann}`, gone]]],
  ])('%o', expectTouches)
})

describe('credentials', () => {
  const key = { userName: 'ann', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }
  const AccessKeyId = key.accessKeyId
  const device = `arn:aws:iam::${account}:mfa/ann`

  test.each<[Call, Expected]>([
    [
      { name: 'CreateAccessKey', request: ofAnn, response: { accessKey: { ...key, status: 'Active' } } },
      [[`update ${ann}`, has('AccessKeys', { AccessKeyId, Status: 'Active' })]],
    ],
    [
      { name: 'CreateAccessKey', request: null, response: { accessKey: { ...key, userName: 'mallory', status: 'Active' } } },
      [[`update ${id('user', 'mallory')}`, has('AccessKeys', { AccessKeyId, Status: 'Active' })]],
    ],
    [
      { name: 'UpdateAccessKey', request: { ...key, status: 'Inactive' } },
      [[`update ${ann}`, has('AccessKeys', { AccessKeyId, Status: 'Inactive' })]],
    ],
    [{ name: 'DeleteAccessKey', request: key }, [[`update ${ann}`, lacks('AccessKeys', { AccessKeyId })]]],
    [{ name: 'CreateLoginProfile', request: ofAnn }, [[`update ${ann}`, is(['CredentialReport', 'PasswordEnabled'], true)]]],
    [{ name: 'DeleteLoginProfile', request: ofAnn }, [[`update ${ann}`, is(['CredentialReport', 'PasswordEnabled'], false)]]],
    [{ name: 'UpdateLoginProfile', request: { ...ofAnn, passwordResetRequired: true } }, [[`update ${ann}`, nothing]]],
    [{ name: 'ChangePassword', request: null }, [[`update ${id('user', 'mallory')}`, nothing]]],
    [
      { name: 'EnableMFADevice', request: { ...ofAnn, serialNumber: device } },
      [[`update ${ann}`, has('MFADevices', { SerialNumber: device })]],
    ],
    [
      { name: 'DeactivateMFADevice', request: { ...ofAnn, serialNumber: device } },
      [[`update ${ann}`, lacks('MFADevices', { SerialNumber: device })]],
    ],
    [{ name: 'UploadSigningCertificate', request: ofAnn }, [[`update ${ann}`, change]]],
    [{ name: 'UploadSSHPublicKey', request: ofAnn }, [[`update ${ann}`, nothing]]],
    [{ name: 'ResetServiceSpecificCredential', request: ofAnn }, [[`update ${ann}`, nothing]]],
  ])('of a user: %o', expectTouches)

  test.each<[Call, Expected]>([
    [{ name: 'CreateAccessKey', request: null, extra: byRoot }, [[`update ${root}`, change]]],
    [{ name: 'DeleteAccessKey', request: { accessKeyId: AccessKeyId }, extra: byRoot }, [[`update ${root}`, change]]],
    [
      { name: 'EnableMFADevice', request: { userName: 'AWS ROOT USER', serialNumber: device }, extra: byRoot },
      [[`update ${root}`, is(['CredentialReport', 'MfaActive'], true)]],
    ],
    [{ name: 'DeactivateMFADevice', request: { serialNumber: device }, extra: byRoot }, [[`update ${root}`, change]]],
    // Named by the root user, a user is meant.
    [{ name: 'DeleteAccessKey', request: key, extra: byRoot }, [[`update ${ann}`, lacks('AccessKeys', { AccessKeyId })]]],
    [
      { name: 'DeleteAccessKey', request: { ...key, userName: 'Root' } },
      [[`update ${id('user', 'Root')}`, lacks('AccessKeys', { AccessKeyId })]],
    ],
  ])('of the root user: %o', expectTouches)
})

describe('roles', () => {
  test.each<[Call, Expected]>([
    [{ name: 'CreateRole', request: { ...ofCi, path: '/x/', tags } }, [[`create ${ci}`, present, is(['Tags', 'team'], 'shop')]]],
    [
      { name: 'CreateServiceLinkedRole', response: { role: { roleName: 'AWSServiceRoleForX', path: '/aws-service-role/x/' } } },
      [[`create ${id('role', 'AWSServiceRoleForX')}`, present]],
    ],
    [
      { name: 'UpdateRole', request: { ...ofCi, description: 'builds', maxSessionDuration: 7200 } },
      [[`update ${ci}`, is(['Description'], 'builds'), is(['MaxSessionDuration'], 7200)]],
    ],
    [{ name: 'UpdateRoleDescription', request: { ...ofCi, description: '' } }, [[`update ${ci}`, change]]],
    [{ name: 'UpdateAssumeRolePolicy', request: { ...ofCi, policyDocument: '{}' } }, [[`update ${ci}`, change]]],
    [{ name: 'PutRolePolicy', request: { ...ofCi, policyName: 'in' } }, [[`update ${ci}`, change]]],
    [{ name: 'DeleteRolePolicy', request: { ...ofCi, policyName: 'in' } }, [[`update ${ci}`, is(['InlinePolicies', 'in'], null)]]],
    [
      { name: 'AttachRolePolicy', request: { ...ofCi, policyArn } },
      [
        [`update ${ci}`, has('ManagedPolicyNames', 'read')],
        [`update ${policy}`, has('Entities.PolicyRoles', { RoleName: 'ci' })],
      ],
    ],
    [
      { name: 'DetachRolePolicy', request: { ...ofCi, policyArn: managed } },
      [[`update ${ci}`, lacks('ManagedPolicyNames', 'AdministratorAccess')]],
    ],
    [{ name: 'DeleteRolePermissionsBoundary', request: ofCi }, [[`update ${ci}`, is(['PermissionsBoundary'], null)]]],
    [{ name: 'TagRole', request: { ...ofCi, tags } }, [[`update ${ci}`, is(['Tags', 'team'], 'shop')]]],
    [{ name: 'UntagRole', request: { ...ofCi, tagKeys: ['team'] } }, [[`update ${ci}`, is(['Tags', 'team'], null)]]],
    [{ name: 'AddRoleToInstanceProfile', request: { ...ofCi, instanceProfileName: 'ci' } }, [[`update ${ci}`, nothing]]],
    [{ name: 'DeleteRole', request: ofCi }, [[`delete ${ci}`, gone]]],
    [{ name: 'DeleteServiceLinkedRole', request: ofCi }, [[`delete ${ci}`, gone]]],
  ])('%o', expectTouches)
})

describe('groups: what they may do is no attribute of their users', () => {
  test.each<[Call, Expected]>([
    [{ name: 'CreateGroup', request: { ...ofStaff, path: '/x/' } }, [[`create ${staff}`, present]]],
    [
      { name: 'UpdateGroup', request: { ...ofStaff, newGroupName: 'all' } },
      [
        [`delete ${staff}`, gone],
        [`create ${id('group', 'all')}`, present],
      ],
    ],
    [{ name: 'UpdateGroup', request: { ...ofStaff, newPath: '/y/' } }, [[`update ${staff}`, is(['Path'], '/y/')]]],
    [{ name: 'PutGroupPolicy', request: { ...ofStaff, policyName: 'in' } }, [[`update ${staff}`, change]]],
    [
      { name: 'DeleteGroupPolicy', request: { ...ofStaff, policyName: 'in' } },
      [[`update ${staff}`, is(['InlinePolicies', 'in'], null)]],
    ],
    [
      { name: 'AttachGroupPolicy', request: { ...ofStaff, policyArn } },
      [
        [`update ${staff}`, has('ManagedPolicyNames', 'read')],
        [`update ${policy}`, has('Entities.PolicyGroups', { GroupName: 'staff' })],
      ],
    ],
    [
      { name: 'DetachGroupPolicy', request: { ...ofStaff, policyArn: managed } },
      [[`update ${staff}`, lacks('ManagedPolicyNames', 'AdministratorAccess')]],
    ],
    [{ name: 'DeleteGroup', request: ofStaff }, [[`delete ${staff}`, gone]]],
  ])('%o', expectTouches)
})

describe('policies', () => {
  const version = { policyVersion: { versionId: 'v2', isDefaultVersion: true } }
  test.each<[Call, Expected]>([
    [
      { name: 'CreatePolicy', request: { policyName: 'read', path: '/shop/', tags }, response: { policy: { arn: policyArn } } },
      [[`create ${policy}`, present, is(['Tags', 'team'], 'shop')]],
    ],
    [
      { name: 'CreatePolicyVersion', request: { policyArn, setAsDefault: true }, response: version },
      [[`update ${policy}`, is(['DefaultVersionId'], 'v2')]],
    ],
    [
      { name: 'CreatePolicyVersion', request: { policyArn, setAsDefault: false }, response: version },
      [[`update ${policy}`, change]],
    ],
    [
      { name: 'SetDefaultPolicyVersion', request: { policyArn, versionId: 'v1' } },
      [[`update ${policy}`, is(['DefaultVersionId'], 'v1')]],
    ],
    [{ name: 'DeletePolicyVersion', request: { policyArn, versionId: 'v1' } }, [[`update ${policy}`, nothing]]],
    [{ name: 'TagPolicy', request: { policyArn, tags } }, [[`update ${policy}`, is(['Tags', 'team'], 'shop')]]],
    [{ name: 'UntagPolicy', request: { policyArn, tagKeys: ['team'] } }, [[`update ${policy}`, is(['Tags', 'team'], null)]]],
    [{ name: 'DeletePolicy', request: { policyArn } }, [[`delete ${policy}`, gone]]],
    [{ name: 'TagPolicy', request: { policyArn: policyArn.replace(account, '222222222222'), tags } }, []],
  ])('%o', expectTouches)
})

describe('the password policy', () => {
  const rules = `global ${account}::AWS.PasswordPolicy`
  test.each<[Call, Expected]>([
    [
      { name: 'UpdateAccountPasswordPolicy', request: { minimumPasswordLength: 8, requireSymbols: false } },
      [[`update ${rules}`, is(['AnyExist'], true), is(['MinimumPasswordLength'], 8), is(['RequireSymbols'], false)]],
    ],
    [{ name: 'DeleteAccountPasswordPolicy', request: null }, [[`update ${rules}`, is(['AnyExist'], false)]]],
  ])('%o', expectTouches)
})

test('ids are those of the partition', () => {
  const [touch] = touched('iam', { name: 'DeleteRole', region: 'us-gov-west-1', request: ofCi })
  expect(touch?.ref).toMatchObject({ region: 'global', id: `arn:aws-us-gov:iam::${account}:role/ci` })
})
