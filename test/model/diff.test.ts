import { expect, test } from 'vitest'
import { diff } from '#model'

test('the order of lists and empty against null are no difference', () => {
  expect(diff({ A: [1, 2], B: null, C: { D: [] } }, { A: [2, 1], B: [], C: null })).toEqual([])
})

test('a list shows what came and what went, not whole lists', () => {
  const before = { Ports: [{ From: 22 }, { From: 80 }] }
  const after = { Ports: [{ From: 80 }, { From: 443 }] }
  expect(diff(before, after)).toEqual([
    { path: 'Ports', before: { From: 22 }, after: null },
    { path: 'Ports', before: null, after: { From: 443 } },
  ])
})

test('repeats in a list count', () => {
  expect(diff({ A: ['x'] }, { A: ['x', 'x'] })).toEqual([{ path: 'A', before: null, after: 'x' }])
})

test('policy documents kept as text are compared as JSON', () => {
  const one = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["a","b"]}]}'
  const other = '{ "Statement": [{"Action":["b","a"], "Effect":"Allow"}], "Version":"2012-10-17" }'
  expect(diff({ Policy: one }, { Policy: other })).toEqual([])
  expect(diff({ Policy: one }, { Policy: one.replace('Allow', 'Deny') })).toHaveLength(2)
})

test('hostile keys are compared as any other', () => {
  const hostile = JSON.parse('{"__proto__":{"x":1}}') as { [key: string]: null }
  expect(diff({}, hostile)).toEqual([{ path: '__proto__', before: null, after: { x: 1 } }])
})
