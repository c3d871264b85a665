import { expect, test } from 'vitest'
import { exactText, mayBeInexact, parseExactly } from '../../services/detection/exact-numbers.ts'

const inexact = [
  '{"a":9007199254740993}',
  '{"a":[1, -12345678901234567890]}',
  '{"Records":[{"a":9007199254740992},{"a":9007199254740993}]}',
  '{"share":1.0}',
  '[1e5]',
]
test.each(inexact)('%s is written again as it was', (json) => {
  expect(mayBeInexact(json)).toBe(true)
  expect(exactText(parseExactly(json))).toBe(json.replace(', ', ','))
  expect(parseExactly(json)).toEqual(JSON.parse(json))
})

test('a part of what was read is written as it was, too', () => {
  const { detail } = parseExactly('{"id":9007199254740993,"detail":{"id":9007199254740995}}') as { readonly detail: object }
  expect(exactText(detail)).toBe('{"id":9007199254740995}')
})

test('what JavaScript reads exactly is not looked at twice, and what is too long for Python stays what it was', () => {
  for (const json of ['{"a":123456789012,"b":1.5,"ip":"10.0.0.1","at":"12:00:00.000Z"}', '{"a":"9007199254740993"}'])
    expect(mayBeInexact(json)).toBe(false)
  expect(exactText(parseExactly(`[${'9'.repeat(400)}]`))).toBe('[null]')
})
