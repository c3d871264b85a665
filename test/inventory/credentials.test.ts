import { describe, expect, test } from 'vitest'
import type { ReportEntry } from '../../services/inventory/credential-report.ts'
import { freshEntry, freshRootEntry, type Credential, type LiveCredentials } from '../../services/inventory/credentials.ts'

const never = '0001-01-01T00:00:00Z'
const key = (id: string, created: string, isActive = true): Credential => ({ id, isActive, createdAt: new Date(created) })
const old = key('AKIAOLD', '2024-01-01T00:00:00Z')
const young = key('AKIAYOUNG', '2024-06-01T00:00:00Z')

function ann(more: Partial<LiveCredentials>): LiveCredentials {
  return {
    arn: 'arn:aws:iam::111111111111:user/ann',
    name: 'ann',
    createdAt: new Date('2023-05-06T07:08:09.500Z'),
    accessKeys: [],
    certificates: [],
    passwordSince: null,
    passwordLastUsed: null,
    hasMfa: false,
    ...more,
  }
}
const reported = (more: Partial<NonNullable<ReportEntry>>): ReportEntry => ({
  AccessKey1LastRotated: never,
  AccessKey2LastRotated: never,
  PasswordLastChanged: never,
  PasswordNextRotation: never,
  ...more,
})
const [atOld, atYoung] = ['2024-01-01T00:00:00Z', '2024-06-01T00:00:00Z']

describe('the credential report made fresh', () => {
  test('a user without a line has one from what calls tell', () => {
    const live = ann({ accessKeys: [young], hasMfa: true, passwordSince: new Date('2024-02-03T04:05:06Z') })
    expect(freshEntry(live, null)).toEqual({
      ARN: live.arn,
      UserName: 'ann',
      UserCreationTime: '2023-05-06T07:08:09Z',
      AccessKey1Active: true,
      AccessKey1LastRotated: atYoung,
      AccessKey1LastUsedDate: never,
      AccessKey1LastUsedRegion: 'N/A',
      AccessKey1LastUsedService: 'N/A',
      AccessKey2Active: false,
      AccessKey2LastRotated: never,
      AccessKey2LastUsedDate: never,
      AccessKey2LastUsedRegion: 'N/A',
      AccessKey2LastUsedService: 'N/A',
      Cert1Active: false,
      Cert1LastRotated: never,
      Cert2Active: false,
      Cert2LastRotated: never,
      MfaActive: true,
      PasswordEnabled: true,
      PasswordLastChanged: '2024-02-03T04:05:06Z',
      PasswordLastUsed: never,
      PasswordNextRotation: never,
    })
  })

  test('a key that is older than the other is the first, whatever the order of the answer', () => {
    expect(freshEntry(ann({ accessKeys: [young, old] }), null)).toMatchObject({
      AccessKey1LastRotated: atOld,
      AccessKey2LastRotated: atYoung,
    })
  })

  test('keys stay where the report has them', () => {
    const line = reported({ AccessKey1LastRotated: atYoung, AccessKey2LastRotated: atOld })
    expect(freshEntry(ann({ accessKeys: [old, young] }), line)).toMatchObject({
      AccessKey1LastRotated: atYoung,
      AccessKey2LastRotated: atOld,
    })
    expect(freshEntry(ann({ accessKeys: [old] }), line)).toMatchObject({
      AccessKey1Active: false,
      AccessKey1LastRotated: never,
      AccessKey2Active: true,
      AccessKey2LastRotated: atOld,
    })
  })

  test('a key that came after the report takes the free place, and no one else’s last use', () => {
    const line = reported({
      AccessKey1LastRotated: '2023-09-09T00:00:00Z',
      AccessKey1LastUsedDate: '2024-05-05T00:00:00Z',
      AccessKey1LastUsedService: 's3',
      AccessKey2LastRotated: atOld,
      AccessKey2LastUsedDate: '2024-05-06T00:00:00Z',
      AccessKey2LastUsedRegion: 'eu-west-1',
      AccessKey2LastUsedService: 'ec2',
    })
    expect(freshEntry(ann({ accessKeys: [young, old] }), line)).toMatchObject({
      AccessKey1LastRotated: atYoung,
      AccessKey1LastUsedDate: never,
      AccessKey1LastUsedService: 'N/A',
      AccessKey2LastUsedDate: '2024-05-06T00:00:00Z',
      AccessKey2LastUsedRegion: 'eu-west-1',
      AccessKey2LastUsedService: 'ec2',
    })
  })

  test('a key that was switched off, a password and a device that were taken away show at once', () => {
    const line = reported({
      AccessKey1Active: true,
      AccessKey1LastRotated: atOld,
      PasswordEnabled: true,
      PasswordLastChanged: atOld,
      PasswordNextRotation: atYoung,
      MfaActive: true,
    })
    expect(freshEntry(ann({ accessKeys: [key('AKIAOLD', atOld, false)] }), line)).toMatchObject({
      AccessKey1Active: false,
      PasswordEnabled: false,
      PasswordLastChanged: never,
      PasswordNextRotation: never,
      MfaActive: false,
    })
  })

  test("the password's last change is the report's, unless the password is newer than that", () => {
    const since = new Date('2024-03-01T00:00:00Z')
    expect(freshEntry(ann({ passwordSince: since }), reported({ PasswordLastChanged: atYoung }))).toMatchObject({
      PasswordLastChanged: atYoung,
    })
    expect(freshEntry(ann({ passwordSince: since }), reported({ PasswordLastChanged: atOld }))).toMatchObject({
      PasswordLastChanged: '2024-03-01T00:00:00Z',
    })
  })

  test('certificates are live too', () => {
    const live = ann({ certificates: [young, key('CERT', atOld, false)] })
    expect(freshEntry(live, reported({ Cert1Active: true }))).toMatchObject({
      Cert1Active: false,
      Cert1LastRotated: atOld,
      Cert2Active: true,
      Cert2LastRotated: atYoung,
    })
  })
})

describe("the root user's line made fresh", () => {
  const arn = 'arn:aws:iam::111111111111:root'
  const none = { hasMfa: false, hasPassword: null, hasKeys: false, hasCertificates: false }

  test('a key that the report does not know yet is active', () => {
    const line = reported({ PasswordLastUsed: atYoung })
    expect(freshRootEntry(arn, { ...none, hasKeys: true, hasMfa: true }, line)).toMatchObject({
      ARN: arn,
      UserName: '<root_account>',
      AccessKey1Active: true,
      AccessKey2Active: false,
      MfaActive: true,
      PasswordLastUsed: atYoung,
    })
  })

  test('a key that the report knows as switched off stays so', () => {
    const line = reported({ AccessKey2Active: false, AccessKey2LastRotated: atOld, AccessKey1Active: false })
    expect(freshRootEntry(arn, { ...none, hasKeys: true }, line)).toMatchObject({
      AccessKey1Active: false,
      AccessKey2LastRotated: atOld,
    })
  })

  test('keys that were deleted since the report are gone', () => {
    const line = reported({ AccessKey1Active: true, AccessKey1LastRotated: atOld, Cert1Active: true, MfaActive: true })
    expect(freshRootEntry(arn, none, line)).toMatchObject({
      AccessKey1Active: false,
      AccessKey1LastRotated: never,
      Cert1Active: false,
      MfaActive: false,
    })
  })

  test('whether there is a password is told by the summary, where it tells', () => {
    expect(freshRootEntry(arn, { ...none, hasPassword: true }, null)).toMatchObject({ PasswordEnabled: true })
    expect(freshRootEntry(arn, none, reported({ PasswordEnabled: true }))).toMatchObject({ PasswordEnabled: true })
    expect(freshRootEntry(arn, none, null)).toMatchObject({ PasswordEnabled: false, UserCreationTime: never })
  })
})
