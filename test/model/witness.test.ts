import { describe, expect, test } from 'vitest'
import { isSeen, subjectOf, type JsonObject, type Witness } from '#model'

const group: JsonObject = {
  Name: 'web',
  Policy: '{"b":[2,1],"a":1}',
  Tags: { 'team.of': 'pay' },
  IpPermissions: [
    {
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 22,
      IpRanges: [{ CidrIp: '10.0.0.0/8', Description: null }, { CidrIp: '0.0.0.0/0' }],
    },
  ],
}
const port = { FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }

describe('a state shows what an event did', () => {
  test.each<[string, Witness, boolean]>([
    ['a resource that is there is not gone', { kind: 'gone' }, false],
    ['a resource that is there is present', { kind: 'present' }, true],
    ['an unchanged state shows no change', { kind: 'change' }, false],
    ['an event that changes nothing kept is always seen', { kind: 'nothing' }, true],
    ['a value is seen', { kind: 'is', path: ['Name'], value: 'web' }, true],
    ['another value is not', { kind: 'is', path: ['Name'], value: 'api' }, false],
    ['tag keys may hold dots', { kind: 'is', path: ['Tags', 'team.of'], value: 'pay' }, true],
    ['a removed tag is null', { kind: 'is', path: ['Tags', 'old'], value: null }, true],
    ['documents are compared as JSON', { kind: 'is', path: ['Policy'], value: { a: 1, b: [1, 2] } }, true],
    ['a member that agrees in every given field is there', { kind: 'has', path: ['IpPermissions'], value: port }, true],
    [
      'a member is not there when one field differs',
      { kind: 'has', path: ['IpPermissions'], value: { ...port, ToPort: 23 } },
      false,
    ],
    ['a removed member that is still there is not seen', { kind: 'lacks', path: ['IpPermissions'], value: port }, false],
    ['a list that is not there lacks everything', { kind: 'lacks', path: ['Nothing'], value: port }, true],
  ])('%s', (_, witness, seen) => {
    expect(isSeen(witness, group, false)).toBe(seen)
  })

  test('what is gone shows only that', () => {
    expect(isSeen({ kind: 'gone' }, null, true)).toBe(true)
    for (const kind of ['present', 'change', 'nothing'] as const) expect(isSeen({ kind }, null, true)).toBe(false)
  })

  test('later news of one subject replaces earlier ones', () => {
    expect(subjectOf({ kind: 'present' })).toBe(subjectOf({ kind: 'gone' }))
    expect(subjectOf({ kind: 'has', path: ['A'], value: 1 })).toBe(subjectOf({ kind: 'lacks', path: ['A'], value: 1 }))
    expect(subjectOf({ kind: 'is', path: ['A'], value: 1 })).not.toBe(subjectOf({ kind: 'is', path: ['B'], value: 1 }))
  })
})
