import { describe, expect, test } from 'vitest'
import { createSplitter } from '../../services/ingest/split-records.ts'

/** The records of a text, the same however it is cut into pieces. */
function recordsOf(text: string, byLine = false, maxLetters = 1_000): readonly string[] {
  const found = [1, 2, 7, text.length || 1].map((size) => {
    const splitter = createSplitter({ byLine, maxLetters })
    const records: string[] = []
    for (let at = 0; at < text.length; at += size) records.push(...splitter.push(text.slice(at, at + size)))
    records.push(...splitter.end())
    return records
  })
  for (const each of found) expect(each).toEqual(found[0])
  return found[0] ?? []
}

describe('every form of file is cut into its records', () => {
  test.each<[string, string, readonly string[]]>([
    ['a CloudTrail file', '{"Records":[{"a":1},{"b":[{"c":2}]}]}', ['{"a":1}', '{"b":[{"c":2}]}']],
    ['a CloudTrail file with more in it', '{"x":"1","Records" : [ {"a":1} ],"y":{"Records":[3]}}\n', ['{"a":1}']],
    ['two CloudTrail files behind each other', '{"Records":[{"a":1}]}\n{"Records":[{"b":2}]}', ['{"a":1}', '{"b":2}']],
    ['an empty CloudTrail file', '{"Records":[]}', []],
    ['a single record', '{\n  "a": {\n "Records": [1]\n}\n}\n', ['{\n  "a": {\n "Records": [1]\n}\n}']],
    ['a record with lists', '{"resources":[{"ARN":"x"}],"z":[]}', ['{"resources":[{"ARN":"x"}],"z":[]}']],
    ['records over several lines', '{\n"a":1}\n{\n"b":2}', ['{\n"a":1}', '{\n"b":2}']],
    ['NDJSON', '{"a":1}\n{"b":2}\r\n\n{"c":3}', ['{"a":1}', '{"b":2}', '{"c":3}']],
    ['a list', '[{"a":1}, {"b":"]}"},3 ]', ['{"a":1}', '{"b":"]}"}', '3']],
    ['brackets and quotes in texts', '[{"a":"\\"}]{[","b":"\\\\"},{"c":"{"}]', ['{"a":"\\"}]{[","b":"\\\\"}', '{"c":"{"}']],
    ['a text that looks like a list of records', '{"a":"\\"Records\\":[","b":[1]}', ['{"a":"\\"Records\\":[","b":[1]}']],
    ['letters that are no JSON', 'hello\nworld', ['hello', 'world']],
    ['a record that is cut off', '{"Records":[{"a":1},{"b":', ['{"a":1}', '{"b":']],
    ['nothing', '', []],
    ['closing brackets only', ']]', [']', ']']],
  ])('%s', (_, text, expected) => {
    expect(recordsOf(text)).toEqual(expected)
  })

  test('a broken line of NDJSON spoils no other', () => {
    expect(recordsOf('{"a":1}\n{"b":"\n{"c":[\n{"d":4}')).toEqual(['{"a":1}', '{"b":"', '{"c":[', '{"d":4}'])
    expect(recordsOf('{"b":"\n{"d":4}\n', true)).toEqual(['{"b":"', '{"d":4}'])
  })

  test('of a record that is too long only a letter more than allowed is kept, and the next is whole', () => {
    const [first, second] = recordsOf(`{"Records":[{"a":"${'x'.repeat(500)}"},{"b":2}]}`, false, 100)
    expect(first).toHaveLength(101)
    expect(second).toBe('{"b":2}')
  })
})
