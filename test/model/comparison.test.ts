import { describe, expect, test } from 'vitest'
import { canonical, compareStates, diff, isObject, type Json, type JsonObject } from '#model'

const rule = (port: number, ...ranges: readonly string[]): Json => ({
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  IpRanges: ranges.map((CidrIp) => ({ CidrIp, Description: null })),
  Ipv6Ranges: null,
})
const document = (...statements: readonly Json[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements })
const statement = (own: JsonObject = {}): Json => ({
  Sid: 'Read',
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::111122223333:root' },
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::ledger/*',
  ...own,
})
const paths = (before: JsonObject, after: JsonObject): readonly string[] => diff(before, after).map(({ path }) => path)

describe('a member of a list that is the same thing with something changed is a difference inside it', () => {
  test('a rule of the same port', () => {
    const [before, after] = [
      { IpPermissions: [rule(22, '10.0.0.0/8')] },
      { IpPermissions: [rule(443, '0.0.0.0/0'), rule(22, '0.0.0.0/0')] },
    ]
    expect(diff(before, after)).toEqual([
      {
        path: 'IpPermissions[].IpRanges',
        before: { CidrIp: '10.0.0.0/8', Description: null },
        after: { CidrIp: '0.0.0.0/0', Description: null },
        inside: { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 },
      },
      { path: 'IpPermissions', before: null, after: rule(443, '0.0.0.0/0') },
    ])
  })

  test('an address that joins others came', () => {
    const found = diff({ IpPermissions: [rule(22, '10.0.0.0/8')] }, { IpPermissions: [rule(22, '10.0.0.0/8', '0.0.0.0/0')] })
    expect(found).toMatchObject([{ path: 'IpPermissions[].IpRanges', before: null, after: { CidrIp: '0.0.0.0/0' } }])
  })

  test('a rule that moved to other ports was replaced', () => {
    const found = diff({ IpPermissions: [rule(443, '0.0.0.0/0')] }, { IpPermissions: [rule(22, '0.0.0.0/0')] })
    expect(found).toEqual([{ path: 'IpPermissions', before: rule(443, '0.0.0.0/0'), after: rule(22, '0.0.0.0/0') }])
  })

  test('a statement with another principal, in a document kept as text', () => {
    const found = diff(
      { Policy: document(statement(), statement({ Sid: 'Write', Action: 's3:PutObject' })) },
      { Policy: document(statement({ Sid: 'Write', Action: 's3:PutObject' }), statement({ Principal: '*' })) },
    )
    expect(found).toMatchObject([
      {
        path: 'Policy.Statement[].Principal',
        before: { AWS: 'arn:aws:iam::111122223333:root' },
        after: '*',
        inside: { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject' },
      },
    ])
  })

  test('an action that joins a lone one came', () => {
    const after = statement({ Action: ['s3:GetObject', 's3:*'] })
    expect(diff({ Policy: document(statement()) }, { Policy: document(after) })).toMatchObject([
      { path: 'Policy.Statement[].Action', before: null, after: 's3:*' },
    ])
  })

  test('a tag in a list of pairs', () => {
    const tags = (owner: string): Json => [
      { Key: 'Owner', Value: owner },
      { Key: 'Env', Value: 'prod' },
    ]
    expect(diff({ TagSet: tags('a') }, { TagSet: tags('b') })).toEqual([
      { path: 'TagSet[].Value', before: 'a', after: 'b', inside: { Key: 'Owner' } },
    ])
  })
})

test('names in a list of an attribute come and go each for itself: one event may have taken one and another given one', () => {
  const found = diff({ ManagedPolicyNames: ['ReadOnlyAccess'] }, { ManagedPolicyNames: ['AdministratorAccess'] })
  expect(found).toEqual([
    { path: 'ManagedPolicyNames', before: 'ReadOnlyAccess', after: null },
    { path: 'ManagedPolicyNames', before: null, after: 'AdministratorAccess' },
  ])
})

test('things with other names are never one thing', () => {
  const volume = (id: string): Json => ({ VolumeId: id, State: 'in-use', Encrypted: true, Size: 8 })
  expect(paths({ Volumes: [volume('vol-1')] }, { Volumes: [volume('vol-2')] })).toEqual(['Volumes', 'Volumes'])
})

test('where tags, lists or documents of several statements go, each part of them goes', () => {
  const policy = document(statement(), statement({ Sid: 'Write' }))
  const found = diff({ Tags: { a: '1', b: '2' }, Ports: [1, 2], Policy: policy }, { Tags: null, Ports: null, Policy: null })
  expect(found.map(({ path }) => path)).toEqual(['Policy.Statement', 'Policy.Statement', 'Ports', 'Ports', 'Tags.a', 'Tags.b'])
})

describe('putting back', () => {
  test('one difference inside a document leaves the rest as it is, and the document is text again', () => {
    const before = { Name: 'a', Policy: document(statement(), statement({ Sid: 'Gone' })) }
    const after = { Name: 'b', Policy: document(statement({ Principal: '*', Action: 's3:*' })) }
    const { differences, revert } = compareStates(before, after)
    const principal = differences.find(({ path }) => path.endsWith('.Principal'))
    const reverted = revert(new Set(principal === undefined ? [] : [principal]))
    expect(reverted['Name']).toBe('b')
    expect(parsed(reverted['Policy'])).toEqual({ Version: '2012-10-17', Statement: [statement({ Action: 's3:*' })] })
  })

  test('a field that was not there is not there again', () => {
    const { differences, revert } = compareStates({ A: 1 }, { A: 1, B: null, C: 2 })
    expect(revert(new Set(differences))).toEqual({ A: 1 })
    expect(revert(new Set())).toEqual({ A: 1, B: null, C: 2 })
  })

  test('one statement of a document that came whole', () => {
    const after = { Policy: document(statement(), statement({ Sid: 'Open', Principal: '*' })) }
    const { differences, revert } = compareStates({ Policy: null }, after)
    const open = differences.filter(({ after: came }) => isObject(came) && came['Sid'] === 'Open')
    expect(parsed(revert(new Set(open))['Policy'])).toEqual(JSON.parse(document(statement())))
    expect(revert(new Set(differences))).toEqual({ Policy: null })
  })

  test('what does not count stays as it is after', () => {
    const before = { State: 'old', Items: [{ Id: '1', State: 'old', Size: 1 }] }
    const after = { State: 'new', Items: [{ Id: '1', State: 'new', Size: 2 }] }
    const { differences, revert } = compareStates(before, after, ['State', 'Items[].State'])
    expect(differences.map(({ path }) => path)).toEqual(['Items[].Size'])
    expect(revert(new Set(differences))).toEqual({ State: 'new', Items: [{ Id: '1', State: 'new', Size: 1 }] })
  })

  test('hostile names are put back as any other', () => {
    const before = JSON.parse('{"__proto__":{"x":1},"constructor":"a"}') as JsonObject
    const { differences, revert } = compareStates(before, {})
    expect(canonical(revert(new Set(differences)))).toBe(canonical(before))
  })
})

describe('for any two states', () => {
  const cases = Array.from({ length: 400 }, (_, index) => states(index + 1))

  test('putting back nothing gives the state after', () => {
    for (const [before, after] of cases) expect(canonical(compareStates(before, after).revert(new Set()))).toBe(canonical(after))
  })

  test('putting back everything gives the state before', () => {
    for (const [before, after] of cases) {
      const { differences, revert } = compareStates(before, after)
      expect(diff(before, revert(new Set(differences)))).toEqual([])
    }
  })

  test('putting back some differences leaves as many as were not put back, or fewer, and none that was not there', () => {
    for (const [before, after] of cases) {
      const { differences, revert } = compareStates(before, after)
      const some = new Set(differences.filter((_, index) => index % 2 === 0))
      const left = diff(before, revert(some))
      expect(left.length).toBeLessThanOrEqual(differences.length - some.size)
      // Each by itself changes the state towards what it was.
      for (const each of differences) expect(diff(after, revert(new Set([each])))).not.toEqual([])
    }
  })

  test('a state compared with itself shows nothing, in whatever order its lists are', () => {
    for (const [before] of cases) expect(diff(before, reversed(before) as JsonObject)).toEqual([])
  })
})

test('a thousand rules that all changed are compared in a moment', () => {
  const group = (address: number): JsonObject => ({
    IpPermissions: Array.from({ length: 1_000 }, (_, port) => rule(port, `10.${address}.0.0/16`)),
  })
  const startedAt = performance.now()
  expect(diff(group(1), group(2)).length).toBeGreaterThanOrEqual(1_000)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})

const parsed = (text: Json | undefined): unknown => (typeof text === 'string' ? JSON.parse(text) : text)

/** Two states of which the second is the first with a few changes, from a seed. */
function states(seed: number): readonly [JsonObject, JsonObject] {
  let at = seed * 2_654_435_761
  const next = (most: number): number => {
    at = (Math.imul(at ^ (at >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0
    return ((at ^ (at >>> 13)) >>> 0) % most
  }
  const word = (): string => ['Id', 'Name', 'Sid', 'Action', 'Value', 'Port', 'Tags', 'Statement'][next(8)] ?? 'Id'
  const value = (depth: number): Json => {
    const kind = next(depth > 3 ? 5 : 9)
    if (kind === 0) return null
    if (kind === 1) return next(3)
    if (kind === 2) return next(2) === 0
    if (kind < 5) return `text ${next(4)}`
    if (kind === 5) return JSON.stringify(fields(depth + 1))
    if (kind < 8) return Array.from({ length: next(4) }, () => value(depth + 1))
    return fields(depth + 1)
  }
  const fields = (depth: number): JsonObject => Object.fromEntries(Array.from({ length: next(5) }, () => [word(), value(depth)]))
  const change = (given: Json): Json => {
    if (next(6) === 0) return value(2)
    if (Array.isArray(given))
      return [...(given as readonly Json[]).filter(() => next(5) > 0).map(change), ...(next(4) === 0 ? [value(2)] : [])]
    if (!isObject(given)) return given
    return Object.fromEntries(
      Object.entries(given).flatMap(([name, each]) => (next(8) === 0 ? [] : [[name, change(each)] as const])),
    )
  }
  const before: JsonObject = Object.fromEntries(Array.from({ length: 6 }, () => [word(), value(0)] as const))
  const after = change(before)
  return [before, isObject(after) ? after : {}]
}

function reversed(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(reversed).toReversed()
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, reversed(each)]))
}
