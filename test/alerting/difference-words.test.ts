import { describe, expect, test } from 'vitest'
import { differencesInWords } from '#alerting'
import type { Difference, Json, JsonObject } from '#model'

const words = (path: string, before: Json, after: Json, inside?: JsonObject): string => {
  const difference: Difference = inside === undefined ? { path, before, after } : { path, before, after, inside }
  return differencesInWords([difference])
    .map((each) => `${each.what}: ${each.before} → ${each.after}`)
    .join(' | ')
}

describe('values read as people say them', () => {
  test.each<readonly [string, Json, Json, string]>([
    ['KeyRotationEnabled', true, false, 'Key rotation enabled: on → off'],
    ['PubliclyAccessible', false, true, 'Publicly accessible: no → yes'],
    ['KMSMasterKeyID', 'alias/a', null, 'KMS master key ID: alias/a → not set'],
    ['MessageRetentionPeriod', 60, '345600', 'Message retention period: 60 s → 345600 s'],
    ['RetentionInDays', 1, null, 'Retention in days: 1 day → not set'],
    ['MemorySize', 128, 256, 'Memory size: 128 MB → 256 MB'],
    ['DeletionDate', null, '2026-12-05T09:00:00Z', 'Deletion date: not set → 2026-12-05 09:00:00 UTC'],
    ['SqsManagedSseEnabled', 'true', 'false', 'SQS managed sse enabled: on → off'],
    ['Tags.Cost Center', '12', null, 'Tag Cost Center: 12 → not set'],
    ['ManagedPolicyNames', null, 'AdministratorAccess', 'Managed policies: nothing → AdministratorAccess'],
    [
      'ObjectLockConfiguration',
      { ObjectLockEnabled: 'Enabled', Rule: null },
      null,
      'Object lock configuration: Object lock enabled Enabled → not set',
    ],
  ])('%s from %j to %j', (path, before, after, said) => {
    expect(words(path, before, after)).toBe(said)
  })

  test('members of one list that came stand together', () => {
    const came = ['a', 'b'].map((after): Difference => ({ path: 'ManagedPolicyNames', before: null, after }))
    expect(differencesInWords(came)).toEqual([{ what: 'Managed policies', before: 'nothing', after: 'a, b' }])
  })

  test('members of other things do not', () => {
    const change = (id: string): Difference => ({ path: 'Listeners[].Port', before: 443, after: 80, inside: { ListenerArn: id } })
    expect(differencesInWords([change('a'), change('b')])).toHaveLength(2)
  })

  test('of another resource, which a policy looked up, its id is said first', () => {
    expect(words('arn:aws:s3:::logs PublicAccessBlockConfiguration.BlockPublicAcls', true, false)).toBe(
      'arn:aws:s3:::logs: Public access block, Block public ACLs: on → off',
    )
    // A key of a map may hold anything.
    expect(words('Tags.arn:aws:s3 x', 'a', 'b')).toBe('Tag arn:aws:s3 x: a → b')
  })

  test('Lambda’s document is one', () => {
    const statement = { Sid: 'x', Effect: 'Allow', Principal: '*', Action: 'lambda:InvokeFunction' }
    expect(words('Policy.Policy.Statement', null, statement)).toBe('Policy: nothing → Allow lambda:InvokeFunction to everyone')
  })

  test('a statement that denies says who may not', () => {
    expect(words('Policy.Statement[].Principal', '*', { AWS: ['111122223333'] }, { Effect: 'Deny', Action: ['s3:*'] })).toBe(
      'Policy: who may not s3:*: everyone → account 111122223333',
    )
    expect(words('Policy.Statement[].Effect', 'Deny', 'Allow', { Sid: 'S', Action: 's3:*', Principal: '*' })).toBe(
      'Policy: s3:* by everyone (S), Effect: Deny → Allow',
    )
  })
})

test('whatever stands in paths and values, words are short, on one line, and hide nothing', () => {
  const hostile = [
    '<!channel>',
    '\u202Eabc',
    '\u001B[31m',
    'a\nb',
    '\uD83D',
    '__proto__',
    'constructor',
    '😀'.repeat(500),
    'x'.repeat(9_000),
    '',
    '{',
    '[].',
    '..',
    'arn:aws: ',
  ]
  const heads = [
    'IpPermissions',
    'IpPermissions[].IpRanges',
    'Policy.Statement[].Condition.StringEquals',
    'Policy.Statement',
    'InlinePolicies',
    'Grants[]',
    'Tags',
    'toString',
    'Entries[].PortRange',
    'A',
  ]
  let seed = 1
  const next = (most: number): number => {
    seed = (Math.imul(seed ^ (seed >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0
    return seed % most
  }
  const text = (): string => hostile[next(hostile.length)] ?? ''
  const value = (depth = 0): Json => {
    const kind = next(depth > 3 ? 4 : 7)
    if (kind < 2) return text()
    if (kind === 2) return null
    if (kind === 3) return next(1_000)
    if (kind === 4) return Array.from({ length: next(8) }, () => value(depth + 1))
    const known = [
      'Effect',
      'Principal',
      'IpProtocol',
      'Statement',
      'Permission',
      'Grantee',
      'Condition',
      'CidrIp',
      'IpRanges',
      text(),
    ]
    return Object.fromEntries(Array.from({ length: next(4) }, () => [known[next(known.length)] ?? '', value(depth + 1)] as const))
  }
  for (let round = 0; round < 5_000; round += 1) {
    const inside =
      next(2) === 0 ? {} : { inside: { [text()]: value(3), Effect: value(3), Principal: value(2), IpProtocol: value(3) } }
    const difference: Difference = {
      path: `${heads[next(heads.length)] ?? ''}.${text()}`,
      before: value(),
      after: value(),
      ...inside,
    }
    for (const { what, before, after } of differencesInWords([difference])) {
      expect(what.length).toBeLessThanOrEqual(200)
      expect(Math.max(before.length, after.length)).toBeLessThanOrEqual(400)
      expect(`${what}${before}${after}`).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202E]/u)
    }
  }
})
