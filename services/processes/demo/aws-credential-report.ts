import type { Account, User } from './account.ts'

const columns = [
  'user',
  'arn',
  'user_creation_time',
  'password_enabled',
  'password_last_used',
  'password_last_changed',
  'password_next_rotation',
  'mfa_active',
  'access_key_1_active',
  'access_key_1_last_rotated',
  'access_key_1_last_used_date',
  'access_key_1_last_used_region',
  'access_key_1_last_used_service',
  'access_key_2_active',
  'access_key_2_last_rotated',
  'access_key_2_last_used_date',
  'access_key_2_last_used_region',
  'access_key_2_last_used_service',
  'cert_1_active',
  'cert_1_last_rotated',
  'cert_2_active',
  'cert_2_last_rotated',
] as const

/** The account's credential report, as IAM writes it: CSV with one line a user, the root user first. */
export function credentialReport(account: Account): string {
  return [columns.join(','), rootLine(account), ...account.users.map((each) => userLine(account, each))].join('\n')
}

function rootLine(account: Account): string {
  const created = '2019-03-11T08:04:51+00:00'
  return [
    '<root_account>',
    `arn:aws:iam::${account.id}:root`,
    created,
    'not_supported',
    '2024-01-09T10:00:00+00:00',
    'not_supported',
    'not_supported',
    'true',
    ...keyCells(undefined),
    ...keyCells(undefined),
    'false',
    'N/A',
    'false',
    'N/A',
  ].join(',')
}

function userLine(account: Account, user: User): string {
  const password = user.PasswordLastUsed
  const cells = password === undefined ? ['false', 'N/A', 'N/A', 'N/A'] : ['true', stamp(password), stamp(user.CreateDate), 'N/A']
  return [
    user.UserName,
    `arn:aws:iam::${account.id}:user${user.Path}${user.UserName}`,
    stamp(user.CreateDate),
    ...cells,
    String(user.mfa !== null),
    ...keyCells(user.accessKeys[0]),
    ...keyCells(user.accessKeys[1]),
    'false',
    'N/A',
    'false',
    'N/A',
  ].join(',')
}

function keyCells(key: User['accessKeys'][number] | undefined): readonly string[] {
  if (key === undefined) return ['false', 'N/A', 'N/A', 'N/A', 'N/A']
  return [String(key.Status === 'Active'), stamp(key.CreateDate), 'N/A', 'N/A', 'N/A']
}

/** The report writes `+00:00` where IAM's other answers write `Z`. */
function stamp(time: string): string {
  return time.replace('Z', '+00:00')
}
