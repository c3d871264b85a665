import { definePolicy, type AttributesOf } from 'tripline'

const dayMs = 86_400_000
const oldestDays = 90

export default definePolicy({
  id: 'AWS.IAM.User.AccessKeyAge',
  displayName: `IAM access key is older than ${oldestDays} days`,
  severity: 'MEDIUM',
  description:
    'The longer a key is used, the more places it lies in: laptops, pipelines, old backups. One that leaks unseen works until it is replaced.',
  runbook:
    'Make the user a new key (`aws iam create-access-key`), move what uses the old one, then deactivate and delete the old one. Better: replace the user by a role.',
  reference: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html',
  tags: ['AWS', 'IAM', 'Credentials'],
  reports: { CIS: ['1.14'], PCI: ['8.2.4'] },
  resourceTypes: ['AWS.IAM.User'],
  evaluate: (user) => {
    const now = Date.now()
    const keys = activeKeys(user)
    const next = Math.min(...keys.map(({ oldAt }) => oldAt).filter((time) => time > now))
    return {
      result: keys
        .filter(({ oldAt }) => oldAt <= now)
        .map(({ key }) => ({ key, title: `${key} of IAM user ${user.Name} is older than ${oldestDays} days` })),
      validUntil: next === Infinity ? null : new Date(next).toISOString(),
    }
  },
  tests: [
    {
      name: 'a key of 91 days fails',
      expected: ['Access key 1'],
      resource: user({ AccessKey1Active: true, AccessKey1LastRotated: daysAgo(91) }),
    },
    {
      name: 'each key is a violation of its own',
      expected: ['Access key 1', 'Access key 2'],
      resource: user({
        AccessKey1Active: true,
        AccessKey1LastRotated: daysAgo(400),
        AccessKey2Active: true,
        AccessKey2LastRotated: daysAgo(90),
      }),
    },
    {
      name: 'a new key beside an old one does not help',
      expected: ['Access key 2'],
      resource: user({
        AccessKey1Active: true,
        AccessKey1LastRotated: daysAgo(1),
        AccessKey2Active: true,
        AccessKey2LastRotated: daysAgo(120),
      }),
    },
    {
      name: 'a key of 89 days passes',
      expected: true,
      resource: user({ AccessKey1Active: true, AccessKey1LastRotated: daysAgo(89) }),
    },
    { name: 'an old key that is inactive passes', expected: true, resource: user({ AccessKey1LastRotated: daysAgo(400) }) },
    {
      name: 'a user that is newer than the credential report passes',
      expected: true,
      resource: { Name: 'ci', CredentialReport: null },
    },
  ],
})

interface Key {
  readonly key: string
  /** When it turns too old. */
  readonly oldAt: number
}

function activeKeys({ CredentialReport: report }: AttributesOf<'AWS.IAM.User'>): readonly Key[] {
  // The report comes every four hours: it may know nothing of a new user yet.
  if (report === null) return []
  const keys = [
    { key: 'Access key 1', active: report.AccessKey1Active, rotated: report.AccessKey1LastRotated },
    { key: 'Access key 2', active: report.AccessKey2Active, rotated: report.AccessKey2LastRotated },
  ]
  return keys
    .filter(({ active }) => active === true)
    .map(({ key, rotated }) => {
      // The year 1 stands for no date. Without one nobody can say that the key is young.
      if (rotated === null || rotated.startsWith('0001-')) throw new Error(`${key} is active and has no date`)
      return { key, oldAt: Date.parse(rotated) + oldestDays * dayMs }
    })
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * dayMs).toISOString()
}

function user(report: object): Readonly<Record<string, unknown>> {
  const keys = { AccessKey1Active: false, AccessKey1LastRotated: null, AccessKey2Active: false, AccessKey2LastRotated: null }
  return { Name: 'ci', CredentialReport: { ...keys, ...report } }
}
