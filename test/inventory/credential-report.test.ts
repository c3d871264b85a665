import { expect, test } from 'vitest'
import { parseReport } from '../../services/inventory/credential-report.ts'

const head =
  'user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated'
const rest =
  '2024-01-02T03:04:05+00:00,true,no_information,2024-01-02T03:04:06+00:00,N/A,true,true,2024-01-03T00:00:00+00:00,N/A,eu-west-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A'
const born = new Date('2024-01-02T03:04:05Z')

test("a user's line has Panther's words, with the zero time where there is none", () => {
  const report = parseReport(`${head}\nann,arn:aws:iam::1:user/ann,${rest}\n`)
  expect(report.entry('arn:aws:iam::1:user/ann', born)).toMatchObject({
    UserName: 'ann',
    ARN: 'arn:aws:iam::1:user/ann',
    PasswordEnabled: true,
    PasswordLastUsed: '0001-01-01T00:00:00Z',
    PasswordLastChanged: '2024-01-02T03:04:06Z',
    AccessKey1Active: true,
    AccessKey1LastUsedService: 's3',
    AccessKey2Active: false,
  })
})

test('a user that came after the report, or again under an old name, has no line', () => {
  const report = parseReport(`${head}\nann,arn:aws:iam::1:user/ann,${rest}`)
  expect(report.entry('arn:aws:iam::1:user/bob', born)).toBeNull()
  expect(report.entry('arn:aws:iam::1:user/ann', new Date('2025-01-01T00:00:00Z'))).toBeNull()
})

test('a comma in a name does not shift the line', () => {
  const report = parseReport(`${head}\na,b,arn:aws:iam::1:user/a,b,${rest}`)
  expect(report.entry('arn:aws:iam::1:user/a,b', born)).toMatchObject({ UserName: 'a,b', MfaActive: true })
})

test('an empty report knows nobody', () => {
  expect(parseReport('').entry('arn:aws:iam::1:user/ann', born)).toBeNull()
})
