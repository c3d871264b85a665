import { flag, part, text } from './parts.ts'

/** A user's line of the credential report. Its times are texts: the year 1 stands for never. */
export const credentialReport = part({
  ARN: text,
  AccessKey1Active: flag,
  AccessKey1LastRotated: text,
  AccessKey1LastUsedDate: text,
  AccessKey1LastUsedRegion: text,
  AccessKey1LastUsedService: text,
  AccessKey2Active: flag,
  AccessKey2LastRotated: text,
  AccessKey2LastUsedDate: text,
  AccessKey2LastUsedRegion: text,
  AccessKey2LastUsedService: text,
  Cert1Active: flag,
  Cert1LastRotated: text,
  Cert2Active: flag,
  Cert2LastRotated: text,
  MfaActive: flag,
  PasswordEnabled: flag,
  PasswordLastChanged: text,
  PasswordLastUsed: text,
  PasswordNextRotation: text,
  UserCreationTime: text,
  UserName: text,
})

/** What of it changes by use alone, or as AWS reckons it anew. */
export const volatileReport: readonly string[] = [
  'AccessKey1LastUsedDate',
  'AccessKey1LastUsedRegion',
  'AccessKey1LastUsedService',
  'AccessKey2LastUsedDate',
  'AccessKey2LastUsedRegion',
  'AccessKey2LastUsedService',
  'PasswordLastUsed',
  'PasswordNextRotation',
].map((key) => `CredentialReport.${key}`)
