import * as iam from '@aws-sdk/client-iam'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { diff, type JsonObject } from '#model'
import { needMoto } from '../support/moto.ts'
import { deviations, gaps, shapes } from './conforms.ts'
import { readExample } from './examples.ts'
import { one, openStand, two, type Stand } from './stand.ts'
import { policy, trust } from './world.ts'

/** Of nobody, and valid for a hundred years. */
const CertificateBody = `-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIUTp6f85RaGn4TRnjxwBOFAu3mmQQwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBdDAgFw0yNjExMjExNzAxMzJaGA8yMTI2MTAyODE3MDEzMlow
DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCpbOGIAxZYs
rJvZ+4C5g+TGyzU94jFhvgcawAaekUhE/tx0gwMp3H77eVtfuQluTY78wF3Buukr
NvYzbKxHDdijUzBRMB0GA1UdDgQWBBQn+sLb0VqQyTms1hlUuI933p4azTAfBgNV
HSMEGDAWgBQn+sLb0VqQyTms1hlUuI933p4azTAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0gAMEUCIQDV8EMPtBjEh/NA0shZTpOCNMFppOArpTrV1HDpzj2T
4AIgU+T9n0cuJvPjDLFznqHrNV5Ex+ZIa/na3eV6Jprfl0E=
-----END CERTIFICATE-----`
const denied = { kind: 'error', code: 'AccessDenied', status: 403 } as const

test.each(['AWS.IAM.User', 'AWS.IAM.RootUser', 'AWS.IAM.Role', 'AWS.IAM.Group', 'AWS.IAM.Policy', 'AWS.PasswordPolicy'])(
  'the example of %s has every field',
  (type) => {
    const example = readExample(type)
    expect(deviations(shapes[type], example)).toEqual([])
    expect(gaps(example)).toEqual(type === 'AWS.PasswordPolicy' ? ['Tags', 'TimeCreated'] : [])
  },
)

describe.runIf(needMoto('IAM against moto'))('IAM against moto', { timeout: 30_000 }, () => {
  let stand: Stand
  let client: iam.IAMClient

  beforeAll(async () => {
    stand = await openStand()
    client = new iam.IAMClient(await stand.options(one))
    // Moto's first answer in an account takes seconds: it reads AWS's own policies.
    const other = new iam.IAMClient(await stand.options(two))
    await Promise.all([client, other].map((each) => each.send(new iam.ListUsersCommand({}))))
  }, 120_000)
  afterEach(() => stand.proxy.clear())
  afterAll(() => stand[Symbol.asyncDispose]())

  async function made(type: 'user' | 'role' | 'group' | 'policy', name: string, Path = '/'): Promise<string> {
    if (type === 'user') return (await client.send(new iam.CreateUserCommand({ UserName: name, Path }))).User?.Arn ?? ''
    if (type === 'group') return (await client.send(new iam.CreateGroupCommand({ GroupName: name, Path }))).Group?.Arn ?? ''
    if (type === 'policy') {
      const Tags = [{ Key: 'team', Value: 'shop' }]
      const command = new iam.CreatePolicyCommand({ PolicyName: name, Path, PolicyDocument: policy, Description: 'a test', Tags })
      return (await client.send(command)).Policy?.Arn ?? ''
    }
    const command = new iam.CreateRoleCommand({ RoleName: name, Path, AssumeRolePolicyDocument: trust })
    return (await client.send(command)).Role?.Arn ?? ''
  }
  /** The attributes of what there is once, which has no ARN. */
  async function singleton(type: string, id: string): Promise<JsonObject> {
    const fetched = await stand.fetch(type, id)
    if (fetched.status === 'gone') throw new Error(`${id} is gone`)
    expect(deviations(shapes[type], fetched.attributes)).toEqual([])
    expect(fetched.attributes).toMatchObject({ AccountId: one, Region: 'global', ResourceId: id, ResourceType: type, Name: type })
    return fetched.attributes
  }
  const called = (): readonly string[] => stand.proxy.seen.map(({ operation }) => operation)

  describe.each([
    ['AWS.IAM.User', 'user', (by: iam.IAMClient, UserName: string) => by.send(new iam.DeleteUserCommand({ UserName }))],
    ['AWS.IAM.Role', 'role', (by: iam.IAMClient, RoleName: string) => by.send(new iam.DeleteRoleCommand({ RoleName }))],
    ['AWS.IAM.Group', 'group', (by: iam.IAMClient, GroupName: string) => by.send(new iam.DeleteGroupCommand({ GroupName }))],
  ] as const)('%s', (type, word, deletion) => {
    test('is found by the id of an event, which has no path, before and after its deletion', async () => {
      const id = await made(word, `deep-${word}`, '/a/b/')
      const eventId = stand.inventory.eventId({ accountId: one, region: 'global', type, id })
      expect(id).toBe(`arn:aws:iam::${one}:${word}/a/b/deep-${word}`)
      expect(eventId).toBe(`arn:aws:iam::${one}:${word}/deep-${word}`)
      expect(stand.inventory.eventId({ accountId: one, region: 'global', type, id: eventId })).toBe(eventId)
      for (const each of [id, eventId]) {
        expect(await stand.fetch(type, each)).toMatchObject({ status: 'present', attributes: { ResourceId: id } })
      }
      await deletion(client, `deep-${word}`)
      for (const each of [id, eventId]) expect(await stand.fetch(type, each)).toEqual({ status: 'gone' })
    })

    test('is never looked for in a listing', async () => {
      await stand.fetch(type, await made(word, `direct-${word}`))
      expect(called().filter((name) => /^(?:ListUsers|ListRoles|ListGroups|GetAccountAuthorizationDetails)$/.test(name))).toEqual(
        [],
      )
    })

    test('of another account, or with an id that is none, is gone', async () => {
      const id = await made(word, `own-${word}`)
      expect(await stand.fetch(type, id, two)).toEqual({ status: 'gone' })
      for (const bad of [id.replace(one, two), `arn:aws:iam::${one}:${word}/`, `arn:aws:iam::${one}`, 'own', '']) {
        expect(await stand.fetch(type, bad)).toEqual({ status: 'gone' })
      }
      expect(await stand.list(type, two)).toEqual([])
      expect(await stand.list(type)).toContain(id)
    })
  })

  describe('AWS.IAM.User', () => {
    const type = 'AWS.IAM.User'

    test('shows a key, a password and a device that are newer than the credential report', async () => {
      const [UserName, id] = ['fresh', await made('user', 'fresh')]
      const before = await stand.attributes(type, id)
      expect(before).toMatchObject({ CredentialReport: { UserName, AccessKey1Active: false, PasswordEnabled: false } })
      // From here on the report is an old one: it is downloaded once a minute, and AWS makes one every four hours.
      const { AccessKey } = await client.send(new iam.CreateAccessKeyCommand({ UserName }))
      await client.send(new iam.CreateLoginProfileCommand({ UserName, Password: 'correct-Horse-7' }))
      const { VirtualMFADevice } = await client.send(new iam.CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: UserName }))
      const SerialNumber = VirtualMFADevice?.SerialNumber
      const codes = { AuthenticationCode1: '123456', AuthenticationCode2: '654321' }
      await client.send(new iam.EnableMFADeviceCommand({ UserName, SerialNumber, ...codes }))
      const after = await stand.attributes(type, id)
      const { AccessKeyId } = AccessKey ?? {}
      expect(after).toMatchObject({
        AccessKeys: [{ AccessKeyId, Status: 'Active' }],
        MFADevices: [{ SerialNumber }],
        VirtualMFA: { SerialNumber },
        CredentialReport: {
          AccessKey1Active: true,
          AccessKey1LastRotated: expect.stringMatching(/^20/),
          AccessKey2Active: false,
          PasswordEnabled: true,
          PasswordLastChanged: expect.stringMatching(/^20/),
          MfaActive: true,
        },
      })
      expect(diff(before, after).map(({ path }) => path)).toContain('CredentialReport.AccessKey1Active')

      await client.send(new iam.UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Inactive' }))
      await client.send(new iam.DeleteLoginProfileCommand({ UserName }))
      await client.send(new iam.DeactivateMFADeviceCommand({ UserName, SerialNumber }))
      expect(await stand.attributes(type, id)).toMatchObject({
        AccessKeys: [{ AccessKeyId, Status: 'Inactive' }],
        MFADevices: null,
        CredentialReport: { AccessKey1Active: false, PasswordEnabled: false, MfaActive: false },
      })
      expect(called()).not.toContain('GenerateCredentialReport')
    })

    test('shows signing certificates, in raw and in the report', async () => {
      const id = await made('user', 'signer')
      await client.send(new iam.UploadSigningCertificateCommand({ UserName: 'signer', CertificateBody }))
      expect(await stand.attributes(type, id)).toMatchObject({ CredentialReport: { Cert1Active: true, Cert2Active: false } })
    })

    test.each([
      'GetLoginProfile',
      'ListAccessKeys',
      'ListSigningCertificates',
      'ListMFADevices',
      'ListGroupsForUser',
      'ListAttachedUserPolicies',
    ])('whose %s is refused is unknown, and not without it', async (operation) => {
      stand.proxy.inject({ operation }, denied)
      await expect(stand.fetch(type, `arn:aws:iam::${one}:user/fresh`)).rejects.toMatchObject({ code: 'access-denied' })
    })

    test('does not change by being used', () => {
      expect(stand.inventory.volatile(type)).toEqual(
        expect.arrayContaining([
          'PasswordLastUsed',
          'CredentialReport.AccessKey1LastUsedDate',
          'CredentialReport.PasswordLastUsed',
        ]),
      )
    })
  })

  describe('AWS.IAM.RootUser', () => {
    const type = 'AWS.IAM.RootUser'
    const id = `arn:aws:iam::${one}:root`
    const summary = (name: string, value: number) => {
      const change = (body: string): string =>
        body.replace(new RegExp(`(<key>${name}</key>\\s*<value>)\\d+`), (_, before: string) => `${before}${value}`)
      stand.proxy.inject({ operation: 'GetAccountSummary' }, { kind: 'rewrite', change })
    }

    test('is there once in each account, without keys and MFA', async () => {
      expect(await stand.list(type)).toEqual([id])
      expect(await stand.attributes(type, id)).toMatchObject({
        Id: one,
        Name: '<root_account>',
        Region: 'global',
        VirtualMFA: null,
        CredentialReport: { ARN: id, UserName: '<root_account>', AccessKey1Active: false, MfaActive: false },
      })
      expect(called()).not.toContain('ListVirtualMFADevices')
    })

    test('shows a key of a minute ago', async () => {
      summary('AccountAccessKeysPresent', 1)
      expect(await stand.attributes(type, id)).toMatchObject({ CredentialReport: { AccessKey1Active: true } })
    })

    test('shows MFA at once, and its device when that is a virtual one', async () => {
      summary('AccountMFAEnabled', 1)
      expect(await stand.attributes(type, id)).toMatchObject({ VirtualMFA: null, CredentialReport: { MfaActive: true } })
      // Moto's root has no devices: a user's is made its own.
      const { VirtualMFADevice } = await client.send(new iam.CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'root-phone' }))
      await made('user', 'stand-in')
      const codes = { AuthenticationCode1: '123456', AuthenticationCode2: '654321' }
      const { SerialNumber } = VirtualMFADevice ?? {}
      await client.send(new iam.EnableMFADeviceCommand({ UserName: 'stand-in', SerialNumber, ...codes }))
      const change = (body: string): string => body.replace(`arn:aws:iam::${one}:user/stand-in`, id)
      stand.proxy.inject({ operation: 'ListVirtualMFADevices' }, { kind: 'rewrite', change })
      expect(await stand.attributes(type, id)).toMatchObject({ VirtualMFA: { SerialNumber, EnableDate: expect.any(String) } })
    })

    test.each(['GetAccountSummary', 'ListVirtualMFADevices'])('whose %s is refused is unknown', async (operation) => {
      summary('AccountMFAEnabled', 1)
      stand.proxy.inject({ operation }, denied)
      await expect(stand.fetch(type, id)).rejects.toMatchObject({ code: 'access-denied' })
    })

    test('of another account is gone', async () => {
      expect(await stand.fetch(type, id, two)).toEqual({ status: 'gone' })
    })
  })

  describe('AWS.IAM.Group', () => {
    const type = 'AWS.IAM.Group'

    test('shows policies by name and ARN, and its users', async () => {
      const GroupName = 'engineers'
      const id = await made('group', GroupName, '/staff/')
      const bare = await stand.attributes(type, id)
      // Other than everywhere else, none is an empty map.
      expect(bare).toMatchObject({ Name: GroupName, Path: '/staff/', InlinePolicies: {}, ManagedPolicyARNs: null, Users: null })
      const user = await made('user', 'bob')
      await client.send(new iam.AddUserToGroupCommand({ GroupName, UserName: 'bob' }))
      await client.send(new iam.PutGroupPolicyCommand({ GroupName, PolicyName: 'inline', PolicyDocument: policy }))
      const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
      await client.send(new iam.AttachGroupPolicyCommand({ GroupName, PolicyArn }))
      const after = await stand.attributes(type, id)
      expect(after).toMatchObject({
        InlinePolicies: { inline: policy },
        InlinePolicyNames: ['inline'],
        ManagedPolicyARNs: [PolicyArn],
        ManagedPolicyNames: ['ReadOnlyAccess'],
        Users: [{ Arn: user, UserName: 'bob', Tags: null }],
      })
      const changed = diff(bare, after).map(({ path }) => path)
      expect(changed).toEqual(['InlinePolicies', 'InlinePolicyNames', 'ManagedPolicyARNs', 'ManagedPolicyNames', 'Users'])
    })

    test.each(['GetGroup', 'ListGroupPolicies', 'GetGroupPolicy', 'ListAttachedGroupPolicies'])(
      'whose %s is refused is unknown',
      async (operation) => {
        stand.proxy.inject({ operation }, denied)
        await expect(stand.fetch(type, `arn:aws:iam::${one}:group/staff/engineers`)).rejects.toMatchObject({
          code: 'access-denied',
        })
      },
    )
  })

  describe('AWS.IAM.Policy', () => {
    const type = 'AWS.IAM.Policy'

    test('shows the document in force and who has it', async () => {
      const id = await made('policy', 'read', '/shop/')
      await made('user', 'reader')
      await made('role', 'reader')
      await client.send(new iam.AttachUserPolicyCommand({ UserName: 'reader', PolicyArn: id }))
      await client.send(new iam.AttachRolePolicyCommand({ RoleName: 'reader', PolicyArn: id }))
      const before = await stand.attributes(type, id)
      expect(before).toMatchObject({
        Name: 'read',
        PolicyName: 'read',
        Path: '/shop/',
        AttachmentCount: 2,
        DefaultVersionId: 'v1',
        Description: 'a test',
        Entities: { PolicyGroups: null, PolicyRoles: [{ RoleName: 'reader' }], PolicyUsers: [{ UserName: 'reader' }] },
        IsAttachable: true,
        PolicyDocument: policy,
        Tags: { team: 'shop' },
      })
      const PolicyDocument = policy.replace('s3:GetObject', 's3:*')
      await client.send(new iam.CreatePolicyVersionCommand({ PolicyArn: id, PolicyDocument, SetAsDefault: true }))
      const after = await stand.attributes(type, id)
      expect(after).toMatchObject({ DefaultVersionId: 'v2', PolicyDocument })
      expect(diff(before, after).map(({ path }) => path)).toContain('PolicyDocument.Statement[].Action')
    })

    test('lists what the account made, and not what AWS did', async () => {
      const id = await made('policy', 'listed')
      const ids = await stand.list(type)
      expect(ids).toContain(id)
      expect(ids.filter((each) => each.includes('::aws:'))).toEqual([])
      expect(await stand.fetch(type, 'arn:aws:iam::aws:policy/ReadOnlyAccess')).toEqual({ status: 'gone' })
      stand.proxy.clear()
      await stand.fetch(type, id)
      expect(called()).not.toContain('ListPolicies')
    })

    test('is gone once it is deleted, and in another account', async () => {
      const id = await made('policy', 'short-lived')
      expect(await stand.fetch(type, id, two)).toEqual({ status: 'gone' })
      await client.send(new iam.DeletePolicyCommand({ PolicyArn: id }))
      for (const each of [id, `arn:aws:iam::${two}:policy/read`, 'nonsense']) {
        expect(await stand.fetch(type, each)).toEqual({ status: 'gone' })
      }
    })

    test.each(['GetPolicy', 'GetPolicyVersion', 'ListEntitiesForPolicy'])('whose %s is refused is unknown', async (operation) => {
      stand.proxy.inject({ operation }, denied)
      await expect(stand.fetch(type, `arn:aws:iam::${one}:policy/shop/read`)).rejects.toMatchObject({ code: 'access-denied' })
    })
  })

  describe('AWS.PasswordPolicy', () => {
    const type = 'AWS.PasswordPolicy'
    const id = `${one}::${type}`

    test('is there once in each account, also while none is set', async () => {
      expect(await stand.list(type)).toEqual([id])
      expect(await singleton(type, id)).toMatchObject({ AnyExist: false, MinimumPasswordLength: null, RequireSymbols: null })
      await client.send(
        new iam.UpdateAccountPasswordPolicyCommand({ MinimumPasswordLength: 14, RequireSymbols: true, MaxPasswordAge: 90 }),
      )
      expect(await singleton(type, id)).toMatchObject({
        AnyExist: true,
        MinimumPasswordLength: 14,
        RequireSymbols: true,
        RequireNumbers: false,
        MaxPasswordAge: 90,
      })
      await client.send(new iam.DeleteAccountPasswordPolicyCommand({}))
      expect(await singleton(type, id)).toMatchObject({ AnyExist: false })
    })

    test('that may not be read is unknown, and not unset', async () => {
      stand.proxy.inject({ operation: 'GetAccountPasswordPolicy' }, denied)
      await expect(stand.fetch(type, id)).rejects.toMatchObject({ code: 'access-denied' })
      expect(await stand.fetch(type, `${two}::${type}`)).toEqual({ status: 'gone' })
    })
  })
})
